//! [`Refusal`]: what happened. Statuses and codes are decided here, for every adapter.

use std::borrow::Cow;

use l402_core::header::{Challenge, CredentialError};
use l402_core::ports::{BackendErrorKind, StoreError};
use l402_core::{Msat, PaymentHash, Rejection, UnixTime};

/// Why a request is not let in, not yet in any format.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// A stable word for programs.
    pub(crate) code: &'static str,
    /// A sentence for people, without secrets.
    pub(crate) text: Cow<'static, str>,
    /// Seconds.
    pub(crate) retry_after: Option<u64>,
    pub(crate) offer: Option<Box<Offer>>,
}

/// A challenge and what it is about.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) challenge: Challenge,
    pub(crate) price: Msat,
    pub(crate) payment_hash: PaymentHash,
    /// What the invoice says is sold.
    pub(crate) description: String,
    pub(crate) issued_at: UnixTime,
    /// When the invoice can no longer be paid.
    pub(crate) expires_at: UnixTime,
    /// Whether a browser may ask, with the macaroon in `L402-Settlement`, if the invoice is paid.
    pub(crate) poll: bool,
}

/// Why a request does not get in as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason {
    NoCredential,
    Malformed(CredentialError),
    Rejected(Rejection),
}

impl Reason {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NoCredential => "payment_required",
            Self::Malformed(error) => error.code(),
            Self::Rejected(rejection) => rejection.code(),
        }
    }

    pub(crate) fn text(self) -> Cow<'static, str> {
        match self {
            Self::NoCredential => Cow::Borrowed("Payment Required"),
            Self::Malformed(error) => Cow::Owned(error.to_string()),
            Self::Rejected(rejection) => Cow::Owned(rejection.to_string()),
        }
    }
}

impl Refusal {
    /// 402 with a fresh challenge: pay and come back.
    pub(crate) fn challenge(reason: Reason, offer: Offer) -> Self {
        Self { offer: Some(Box::new(offer)), ..Self::new(402, reason.code(), reason.text()) }
    }

    /// 402 without a challenge, for methods that never cost the node an invoice.
    pub(crate) fn payment_required_without_invoice(reason: Reason) -> Self {
        let text = reason.text() + "; HEAD and OPTIONS get no invoice, ask with the method you mean";
        Self::new(402, reason.code(), text)
    }

    /// 401: what was sent is no credential, not ours, not paid, or by the profile not worth a challenge.
    pub(crate) fn unauthorized(reason: Reason) -> Self {
        Self::new(401, reason.code(), reason.text())
    }

    /// 409: every use that is left is being served right now.
    pub(crate) fn in_use() -> Self {
        let text = "the token is being used by another request; try again when that one has ended";
        Self::new(409, "token_in_use", text).retry_after(1)
    }

    /// 414: a token for this path could not be written.
    pub(crate) fn path_too_long() -> Self {
        Self::new(414, "path_too_long", "the path is too long to be sold")
    }

    /// 501, as RFC 9112 section 3 wants it: a token for this method could not be written.
    pub(crate) fn method_too_long() -> Self {
        Self::new(501, "method_too_long", "the method is too long to be sold")
    }

    /// 503: the backend that makes invoices failed or lied.
    pub(crate) fn provider_unavailable(kind: Option<BackendErrorKind>) -> Self {
        let wait = match kind {
            Some(BackendErrorKind::RateLimited { retry_after: Some(wait) }) => wait.as_secs().max(1),
            _ => 5,
        };
        let text = "no invoice can be made right now; try again later";
        Self::new(503, "provider_unavailable", text).retry_after(wait)
    }

    /// 503: uses or keys cannot be looked up, so nobody is let in.
    pub(crate) fn store_unavailable(error: &StoreError) -> Self {
        let code = if error.is_full() { "store_full" } else { "store_unavailable" };
        let text = "the token cannot be checked right now; it stays valid, try again later";
        Self::new(503, code, text).retry_after(5)
    }

    /// 503: the handler took so long that its use was given back meanwhile.
    pub(crate) fn lease_lost() -> Self {
        let text = "the request took too long to be charged; the token may be used again";
        Self::new(503, "lease_lost", text)
    }

    /// 503: no random bytes, no tokens.
    pub(crate) fn no_entropy() -> Self {
        Self::new(503, "internal", "the server cannot issue tokens right now")
    }

    /// A refusal of one's own kind. `text` is shown to the client.
    pub(crate) fn new(status: u16, code: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, text: text.into(), retry_after: None, offer: None }
    }

    /// Says when to try again.
    pub(crate) fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}
