//! The REST API of LNbits 1.x, and what 0.x answered differently.

use l402_core::ports::BackendErrorKind;
use l402_core::{Msat, Network, PaymentHash, Preimage};
use serde::{Deserialize, Serialize};

use crate::http::{Answer, Call, CallError, ConfigError, Endpoint, Http, Secret, fields};

/// A wallet of an LNbits instance, reached with one of its keys.
#[derive(Clone, Debug)]
pub struct Api {
    http: Http,
    /// The network of its invoices.
    pub network: Network,
}

/// A payment in either direction.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Payment {
    /// Whether it is settled. The paying call does not say.
    #[serde(default)]
    pub paid: bool,
    /// `pending`, `success` or `failed`; only with the key of the wallet.
    #[serde(default)]
    pub status: Option<String>,
    /// # Security
    /// Present before payment with most funding sources: it means something only together with success.
    #[serde(default, deserialize_with = "fields::preimage")]
    pub preimage: Option<Preimage>,
    /// Only where the payment itself is the answer.
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    pub fee: Option<Msat>,
    #[serde(default)]
    details: Option<Details>,
}

#[derive(Debug, Deserialize)]
struct Details {
    /// Negative for money that went out.
    #[serde(default)]
    amount: f64,
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    fee: Option<Msat>,
}

impl Payment {
    /// The fee, wherever it stands.
    #[must_use]
    pub fn fee(&self) -> Option<Msat> {
        self.fee.or_else(|| self.details.as_ref().and_then(|details| details.fee))
    }

    /// Whether it came in, as far as the answer tells. One hash names both ends of a payment within an instance.
    #[must_use]
    pub fn is_incoming(&self) -> bool {
        self.details.as_ref().is_some_and(|details| details.amount > 0.0)
    }
}

#[derive(Serialize)]
struct NewPayment<'a> {
    /// The server's default is `true`: an invoice would be taken for a payment.
    out: bool,
    amount: u64,
    unit: &'a str,
    memo: &'a str,
    expiry: u64,
}

/// Versions before 1.0 have `payment_request` alone.
#[derive(Deserialize)]
pub(super) struct Created {
    #[serde(default)]
    bolt11: Option<String>,
    #[serde(default)]
    payment_request: Option<String>,
    #[serde(default, deserialize_with = "fields::hash")]
    pub(super) payment_hash: Option<PaymentHash>,
}

impl Created {
    pub(super) fn into_parts(self) -> (String, Option<PaymentHash>) {
        (self.bolt11.or(self.payment_request).unwrap_or_default(), self.payment_hash)
    }
}

impl Api {
    /// The short name in errors.
    pub const NAME: &'static str = "lnbits";

    /// # Errors
    /// [`ConfigError`] when the key cannot stand in a header.
    pub fn new(endpoint: Endpoint, key: Secret) -> Result<Self, ConfigError> {
        let http = Http::new(Self::NAME, endpoint, Some(("x-api-key", key)))?;
        Ok(Self { http, network: Network::Bitcoin })
    }

    /// The connection.
    #[must_use]
    pub const fn http(&self) -> &Http {
        &self.http
    }

    pub(super) async fn create(&self, sats: u64, memo: &str, expiry: u64) -> Result<Created, CallError> {
        let body = NewPayment { out: false, amount: sats, unit: "sat", memo, expiry };
        let answer = self.payments().json(&body).send().await?;
        if answer.is_success() { answer.json() } else { Err(failure(&answer)) }
    }

    /// The call that creates invoices and pays them.
    pub fn payments(&self) -> Call {
        self.http.post(&["api", "v1", "payments"])
    }

    /// What became of a payment in either direction; `None` for one that this instance does not know.
    ///
    /// # Errors
    /// [`CallError`]; a wrong key is [`BackendErrorKind::Auth`], although the server says 404.
    pub async fn payment(&self, hash: PaymentHash) -> Result<Option<Payment>, CallError> {
        let answer = self.http.get(&["api", "v1", "payments", &hash.to_string()]).read().await?;
        if answer.is_success() {
            return answer.json().map(Some);
        }
        let error = failure(&answer);
        if error.kind() == BackendErrorKind::NotFound { Ok(None) } else { Err(error) }
    }
}

/// What an answer that is no success means: the status does not say it all.
#[must_use]
pub fn failure(answer: &Answer) -> CallError {
    match answer.status() {
        404 if answer.text().contains("Wallet not found") => answer.error_as(BackendErrorKind::Auth),
        // Payment and invoice errors. What the instance did is not clear from them.
        520 => answer.error_as(payment_error(answer.text())),
        _ => answer.error(),
    }
}

fn payment_error(text: &str) -> BackendErrorKind {
    const TEXTS: [(&str, BackendErrorKind); 7] = [
        ("Insufficient balance", BackendErrorKind::InsufficientBalance),
        ("You must reserve at least", BackendErrorKind::InsufficientBalance),
        ("already paid", BackendErrorKind::AlreadyPaid),
        ("still pending", BackendErrorKind::InFlight),
        ("decoding failed", BackendErrorKind::InvalidInvoice),
        ("expired", BackendErrorKind::Expired),
        ("oute", BackendErrorKind::NoRoute), // "No route found.", "Route not found"
    ];
    let known = TEXTS.into_iter().find(|(part, _)| text.contains(part));
    known.map_or(BackendErrorKind::Unavailable, |(_, kind)| kind)
}
