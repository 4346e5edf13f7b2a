//! BTCPay Server's Greenfield API, as far as the Lightning node of a store needs it.

use l402_core::ports::BackendErrorKind;
use l402_core::{Network, PaymentHash, Preimage};
use serde::{Deserialize, Serialize};

use crate::http::{Answer, Call, CallError, ConfigError, Endpoint, Http, Secret, fields};

/// A store of a BTCPay Server, reached with an API key.
#[derive(Clone, Debug)]
pub struct Api {
    http: Http,
    store: String,
    /// The network of its invoices.
    pub network: Network,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewInvoice<'a> {
    amount: String,
    description: &'a str,
    expiry: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Invoice {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(rename = "BOLT11")]
    pub(super) bolt11: String,
    #[serde(default, deserialize_with = "fields::maybe_secs")]
    pub(super) paid_at: Option<u64>,
    #[serde(default, deserialize_with = "fields::hash")]
    pub(super) payment_hash: Option<PaymentHash>,
    /// Some nodes tell it before payment.
    #[serde(default, deserialize_with = "fields::preimage")]
    pub(super) preimage: Option<Preimage>,
}

/// What the server says instead of an answer.
#[derive(Debug, Default, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// Which error it is.
    #[serde(default)]
    pub code: String,
    /// Often the node's own text.
    #[serde(default)]
    pub message: String,
}

impl Api {
    /// The short name in errors.
    pub const NAME: &'static str = "btcpay";

    /// # Errors
    /// [`ConfigError`] when the key is empty or cannot stand in a header.
    pub fn new(endpoint: Endpoint, store: String, key: &Secret) -> Result<Self, ConfigError> {
        if key.expose().is_empty() {
            return Err(ConfigError::EmptyCredential);
        }
        if !crate::invoice::is_id(&store) {
            return Err(ConfigError::Invalid(
                "this is no store id; it stands in the store's general settings",
            ));
        }
        let http = Http::new(Self::NAME, endpoint, Some(("authorization", key.after("token "))))?;
        Ok(Self { http: http.hiding(key), store, network: Network::Bitcoin })
    }

    /// The connection.
    #[must_use]
    pub const fn http(&self) -> &Http {
        &self.http
    }

    /// A `GET` below the store's Lightning node.
    pub fn get(&self, path: &[&str]) -> Call {
        self.http.get(&self.path(path))
    }

    /// A `POST` below the store's Lightning node.
    pub fn post(&self, path: &[&str]) -> Call {
        self.http.post(&self.path(path))
    }

    fn path<'a>(&'a self, rest: &[&'a str]) -> Vec<&'a str> {
        let node = ["api", "v1", "stores", &self.store, "lightning", "BTC"];
        node.into_iter().chain(rest.iter().copied()).collect()
    }

    pub(super) async fn create(
        &self,
        msat: u64,
        description: &str,
        expiry: u64,
    ) -> Result<Invoice, CallError> {
        let invoice = NewInvoice { amount: msat.to_string(), description, expiry };
        success(self.post(&["invoices"]).json(&invoice).send().await?)?.json()
    }

    pub(super) async fn invoice(&self, id: &str) -> Result<Option<Invoice>, CallError> {
        match success(self.get(&["invoices", id]).read().await?) {
            Ok(answer) => answer.json().map(Some),
            Err(error) if error.kind() == BackendErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Goes on with a good answer.
///
/// # Errors
/// What the server says: a store without a node is not found, either, and something else.
pub fn success(answer: Answer) -> Result<Answer, CallError> {
    if answer.status() == 404 && answer.text().contains("lightning-not-configured") {
        return Err(answer.error_as(BackendErrorKind::Unsupported));
    }
    answer.success()
}
