//! What the gate answers itself: [`Reply`]. Statuses and codes are decided here, for every adapter.

use l402_core::header::{Challenge, CredentialError};
use l402_core::ports::{BackendErrorKind, StoreError};
use l402_core::{Msat, PaymentHash, Rejection, UnixTime};
use serde::Serialize;
use std::time::Duration;

use crate::unpaid::Throttled;

/// A complete HTTP answer, in no framework's types.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Header fields, names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body, JSON.
    pub body: String,
    code: &'static str,
}

/// Why a challenge is sent.
#[derive(Clone, Copy)]
pub(crate) enum Reason {
    NoCredential,
    Rejected(Rejection),
    InvoiceGone,
}

impl Reason {
    fn code(self) -> &'static str {
        match self {
            Self::NoCredential => "payment_required",
            Self::InvoiceGone => "invoice_expired",
            Self::Rejected(rejection) => rejection.code(),
        }
    }

    fn text(self) -> String {
        match self {
            Self::NoCredential => "Payment Required".to_owned(),
            Self::InvoiceGone => "the invoice was not paid in time".to_owned(),
            Self::Rejected(rejection) => rejection.to_string(),
        }
    }
}

/// What a challenge is about, next to its token and invoice.
pub(crate) struct Offer {
    pub(crate) price: Msat,
    pub(crate) payment_hash: PaymentHash,
    pub(crate) expires_at: UnixTime,
}

/// The body of every answer. The first four fields of a challenge are what deployed JSON clients read.
#[derive(Default, Serialize)]
struct Body<'a> {
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_sats: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    macaroon: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price_msat: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<u64>,
    code: &'static str,
}

impl Reply {
    /// 402 with a fresh challenge: pay and come back.
    pub(crate) fn challenge(reason: Reason, challenge: &Challenge, offer: &Offer) -> Self {
        let body = Body {
            error: &reason.text(),
            price_sats: Some(offer.price.to_sat_ceil()),
            invoice: Some(challenge.invoice()),
            macaroon: Some(challenge.macaroon().to_base64()),
            price_msat: Some(offer.price.as_msat()),
            payment_hash: Some(offer.payment_hash.to_string()),
            expires_at: Some(offer.expires_at.as_secs()),
            code: reason.code(),
        };
        Self::new(402, &body).with_header("www-authenticate", challenge.to_header_value())
    }

    /// 402 without a challenge, for methods that never cost the node an invoice.
    pub(crate) fn payment_required_without_invoice(reason: Reason) -> Self {
        let error =
            format!("{}; HEAD and OPTIONS get no invoice, ask with the method you mean", reason.text());
        Self::plain(402, reason.code(), &error)
    }

    /// 401: what was sent is not a credential at all.
    pub(crate) fn malformed(error: CredentialError) -> Self {
        Self::unauthorized(error.code(), &error.to_string())
    }

    /// 401: the credential is not ours or not paid.
    pub(crate) fn rejected(rejection: Rejection) -> Self {
        Self::unauthorized(rejection.code(), &rejection.to_string())
    }

    /// 402, and nothing new to pay: the invoice waits for its payment.
    pub(crate) fn payment_pending() -> Self {
        let error = "the invoice is not paid yet; pay it, or try again when the payment has arrived";
        Self::plain(402, "payment_pending", error).with_header("retry-after", "2".to_owned())
    }

    /// 404: there is no price, and nothing is given away without being told so.
    pub(crate) fn not_for_sale() -> Self {
        Self::plain(404, "not_for_sale", "nothing is for sale at this method and path")
    }

    /// 409: every use that is left is being served right now.
    pub(crate) fn in_use() -> Self {
        let error = "the token is being used by another request; try again when that one has ended";
        Self::plain(409, "token_in_use", error).with_header("retry-after", "1".to_owned())
    }

    /// 414: a token for this path could not be written.
    pub(crate) fn path_too_long() -> Self {
        Self::plain(414, "path_too_long", "the path is too long to be sold")
    }

    /// 501, as RFC 9112 section 3 wants it: a token for this method could not be written.
    pub(crate) fn method_too_long() -> Self {
        Self::plain(501, "method_too_long", "the method is too long to be sold")
    }

    /// 503: the backend that makes invoices failed or lied.
    pub(crate) fn provider_unavailable(kind: Option<BackendErrorKind>) -> Self {
        let wait = match kind {
            Some(BackendErrorKind::RateLimited { retry_after: Some(wait) }) => wait.as_secs().max(1),
            _ => 5,
        };
        Self::plain(503, "provider_unavailable", "no invoice can be made right now; try again later")
            .with_header("retry-after", wait.to_string())
    }

    /// 503: the backend cannot say whether an invoice is settled.
    pub(crate) fn settlement_unknown() -> Self {
        let error = "it cannot be checked right now whether the invoice is paid; the token stays valid, try again later";
        Self::plain(503, "settlement_unknown", error).with_header("retry-after", "5".to_owned())
    }

    /// 503: the price function failed.
    pub(crate) fn price_unavailable() -> Self {
        Self::plain(503, "price_unavailable", "the price cannot be told right now; try again later")
            .with_header("retry-after", "5".to_owned())
    }

    /// 503: the provider failed so often that it is left alone for a while.
    pub(crate) fn provider_resting(wait: Duration) -> Self {
        Self::plain(503, "provider_unavailable", "no invoice can be made right now; try again later")
            .with_header("retry-after", whole_seconds(wait).to_string())
    }

    /// 429: enough invoices for now.
    pub(crate) fn throttled(throttled: Throttled) -> Self {
        let (code, error) = if throttled.is_for_unpaid {
            ("too_many_unpaid", "too many invoices wait to be paid; pay one, or wait until they expire")
        } else {
            (
                "too_many_requests",
                "too many requests without payment; pay for what was offered, or try again later",
            )
        };
        Self::plain(429, code, error)
            .with_header("retry-after", whole_seconds(throttled.retry_after).to_string())
    }

    /// 503: uses or keys cannot be looked up, so nobody is let in.
    pub(crate) fn store_unavailable(error: &StoreError) -> Self {
        let code = if error.is_full() { "store_full" } else { "store_unavailable" };
        Self::plain(503, code, "the token cannot be checked right now; it stays valid, try again later")
            .with_header("retry-after", "5".to_owned())
    }

    /// 503: the handler took so long that its use was given back meanwhile.
    pub(crate) fn lease_lost() -> Self {
        Self::plain(503, "lease_lost", "the request took too long to be charged; the token may be used again")
    }

    /// 503: no random bytes, no tokens.
    pub(crate) fn no_entropy() -> Self {
        Self::plain(503, "internal", "the server cannot issue tokens right now")
    }

    /// RFC 9110 section 15.5.2 wants a challenge on every 401; the bare scheme is one, and costs no invoice.
    fn unauthorized(code: &'static str, error: &str) -> Self {
        Self::plain(401, code, error).with_header("www-authenticate", "L402".to_owned())
    }

    fn plain(status: u16, code: &'static str, error: &str) -> Self {
        Self::new(status, &Body { error, code, ..Body::default() })
    }

    fn new(status: u16, body: &Body<'_>) -> Self {
        let headers =
            vec![("content-type", "application/json".to_owned()), ("cache-control", "no-store".to_owned())];
        let code = body.code;
        // Strings and numbers always serialise; an empty body would still carry the right status.
        let body = serde_json::to_string(body).unwrap_or_default() + "\n";
        Self { status, headers, body, code }
    }

    fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Why: the `code` of the body.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// The first value of a header field, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str())
    }
}

/// Rounded up, since earlier would be in vain.
const fn whole_seconds(wait: Duration) -> u64 {
    let seconds = wait.as_secs() + (wait.subsec_nanos() > 0) as u64;
    if seconds == 0 { 1 } else { seconds }
}
