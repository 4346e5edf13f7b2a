//! The HTTP API of Alby Hub's own front end.

use l402_core::ports::BackendErrorKind;
use l402_core::{Msat, Network, PaymentHash, Preimage};
use serde::{Deserialize, Serialize};

use crate::http::{CallError, ConfigError, Endpoint, Http, Secret, fields};

/// An Alby Hub, reached with a token.
#[derive(Clone, Debug)]
pub struct Api {
    http: Http,
    /// The network of its invoices.
    pub network: Network,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewInvoice<'a> {
    amount_msat: u64,
    description: &'a str,
}

/// A payment in either direction, or an invoice.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Transaction {
    /// `incoming` or `outgoing`.
    #[serde(default, rename = "type")]
    pub direction: String,
    /// `pending`, `settled`, `accepted` or `failed`.
    pub state: String,
    #[serde(default)]
    pub(super) invoice: String,
    #[serde(default, deserialize_with = "fields::hash")]
    pub(super) payment_hash: Option<PaymentHash>,
    /// The proof, once it is settled.
    #[serde(default, deserialize_with = "fields::preimage")]
    pub preimage: Option<Preimage>,
    /// The fee.
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    pub fees_paid_msat: Option<Msat>,
}

impl Api {
    /// The short name in errors.
    pub const NAME: &'static str = "alby";

    /// # Errors
    /// [`ConfigError`] when the token is empty or cannot stand in a header.
    pub fn new(endpoint: Endpoint, token: &Secret) -> Result<Self, ConfigError> {
        if token.expose().is_empty() {
            return Err(ConfigError::EmptyCredential);
        }
        let http = Http::new(Self::NAME, endpoint, Some(("authorization", token.after("Bearer "))))?;
        Ok(Self { http: http.hiding(token), network: Network::Bitcoin })
    }

    /// The connection.
    #[must_use]
    pub const fn http(&self) -> &Http {
        &self.http
    }

    pub(super) async fn create(&self, amount: Msat, description: &str) -> Result<Transaction, CallError> {
        let invoice = NewInvoice { amount_msat: amount.as_msat(), description };
        self.http.post(&["api", "invoices"]).json(&invoice).send().await?.success()?.json()
    }

    /// The transaction of this hash; `None` when there is none.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn transaction(&self, hash: PaymentHash) -> Result<Option<Transaction>, CallError> {
        let answer = self.http.get(&["api", "transactions", &hash.to_string()]).read().await?;
        // Nearly every error comes with status 500.
        if answer.status() == 500 && answer.text().contains("not found") {
            return Ok(None);
        }
        match answer.success() {
            Ok(answer) => answer.json().map(Some),
            Err(error) if error.kind() == BackendErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
