//! [`Refusal`]: what happened. Statuses and codes are decided here, for every adapter.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use l402_core::header::{Challenge, CredentialError};
use l402_core::ports::{BackendErrorKind, StoreError};
use l402_core::{Msat, PaymentHash, Rejection, UnixTime};

use crate::unpaid::Throttled;

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
    pub(crate) offer: Option<Offer>,
}

/// A challenge and what it is about.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) challenge: Challenge,
    pub(crate) price: Msat,
    pub(crate) payment_hash: PaymentHash,
    /// What the invoice says is sold.
    pub(crate) description: Arc<str>,
    pub(crate) issued_at: UnixTime,
    /// When the invoice can no longer be paid.
    pub(crate) expires_at: UnixTime,
    /// Whether a browser may ask, with the macaroon alone, if the invoice is paid.
    pub(crate) poll: bool,
}

/// Why a request does not get in as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Reason {
    NoCredential,
    Malformed(CredentialError),
    Rejected(Rejection),
    /// The invoice of a credential without preimage can no longer be paid.
    InvoiceGone,
}

impl Reason {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::NoCredential => "payment_required",
            Self::Malformed(error) => error.code(),
            Self::Rejected(rejection) => rejection.code(),
            Self::InvoiceGone => "invoice_expired",
        }
    }

    pub(crate) fn text(self) -> Cow<'static, str> {
        match self {
            Self::NoCredential => Cow::Borrowed("Payment Required"),
            Self::Malformed(error) => Cow::Owned(error.to_string()),
            Self::Rejected(rejection) => Cow::Owned(rejection.to_string()),
            Self::InvoiceGone => Cow::Borrowed("the invoice was not paid in time"),
        }
    }
}

impl Refusal {
    /// 402 with a fresh challenge: pay and come back.
    pub(crate) fn challenge(reason: Reason, offer: Offer) -> Self {
        Self { offer: Some(offer), ..Self::new(402, reason.code(), reason.text()) }
    }

    /// 402 without a challenge, for requests that are not to cost the node an invoice.
    pub(crate) fn without_offer(reason: Reason) -> Self {
        let text = reason.text()
            + "; for an invoice, ask with the method you mean (not HEAD or OPTIONS) and with Accept-Authenticate: L402";
        Self::new(402, reason.code(), text)
    }

    /// 402, and nothing new to pay: the invoice waits for its payment.
    pub(crate) fn payment_pending() -> Self {
        let text = "the invoice is not paid yet; pay it, or try again when the payment has arrived";
        Self::new(402, "payment_pending", text).retry_after(2)
    }

    /// 404: there is no price, and nothing is given away without being told so.
    pub(crate) fn not_for_sale() -> Self {
        Self::new(404, "not_for_sale", "nothing is for sale at this method and path")
    }

    /// 429: enough invoices for now.
    pub(crate) fn throttled(throttled: Throttled) -> Self {
        let (code, text) = if throttled.is_for_unpaid {
            ("too_many_unpaid", "too many invoices wait to be paid; pay one, or wait until they expire")
        } else {
            (
                "too_many_requests",
                "too many requests without payment; pay for what was offered, or try again later",
            )
        };
        Self::new(429, code, text).retry_after(whole_seconds(throttled.retry_after))
    }

    /// 429: enough lookups for now. The invoice may well be paid.
    pub(crate) fn asked_too_often(wait: Duration) -> Self {
        let text =
            "the node was asked too often whether invoices are paid; the token stays valid, try again later";
        Self::new(429, "too_many_requests", text).retry_after(whole_seconds(wait))
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

    /// 409: the first request with this `Idempotency-Key` has no answer yet.
    pub(crate) fn still_running() -> Self {
        let text = "a request with this Idempotency-Key is still running; ask again for its answer";
        Self::new(409, "idempotency_key_in_use", text).retry_after(1)
    }

    /// 409: the `Idempotency-Key` belongs to another request.
    pub(crate) fn key_mismatch() -> Self {
        let text = "this Idempotency-Key was used for another method, path, query or body; use a new one";
        Self::new(409, "idempotency_key_mismatch", text)
    }

    /// 400: no `Idempotency-Key`.
    pub(crate) fn malformed_key() -> Self {
        Self::new(400, "malformed_idempotency_key", "send one Idempotency-Key of 1 to 255 bytes")
    }

    /// 413: the body is too large to be told from another.
    pub(crate) fn body_too_large() -> Self {
        let text = "the body is too large for an Idempotency-Key; send it without one";
        Self::new(413, "body_too_large", text)
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

    /// 503: the provider failed so often that it is left alone for a while.
    pub(crate) fn provider_resting(wait: Duration) -> Self {
        Self::provider_unavailable(None).retry_after(whole_seconds(wait))
    }

    /// 503: the backend cannot say whether an invoice is settled.
    pub(crate) fn settlement_unknown() -> Self {
        let text = "it cannot be checked right now whether the invoice is paid; the token stays valid, try again later";
        Self::new(503, "settlement_unknown", text).retry_after(5)
    }

    /// 503: the price function failed.
    pub(crate) fn price_unavailable() -> Self {
        Self::new(503, "price_unavailable", "the price cannot be told right now; try again later")
            .retry_after(5)
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

/// Rounded up, since earlier would be in vain.
const fn whole_seconds(wait: Duration) -> u64 {
    let seconds = wait.as_secs() + (wait.subsec_nanos() > 0) as u64;
    if seconds == 0 { 1 } else { seconds }
}
