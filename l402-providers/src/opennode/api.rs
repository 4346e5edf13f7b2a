//! The REST API of OpenNode, as far as charges need it.

use l402_core::Network;
use l402_core::ports::BackendErrorKind;
use serde::{Deserialize, Serialize};

use crate::http::{CallError, ConfigError, Endpoint, Http, Secret};

/// An OpenNode account, reached with an API key.
#[derive(Clone, Debug)]
pub struct Api {
    http: Http,
    /// The network of its invoices.
    pub network: Network,
}

/// Without a currency, the amount is in satoshi.
#[derive(Serialize)]
struct NewCharge<'a> {
    amount: u64,
    description: &'a str,
    /// In minutes.
    ttl: u64,
}

/// Every answer is wrapped.
#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Deserialize)]
pub(super) struct Created {
    pub(super) id: String,
    pub(super) lightning_invoice: LightningInvoice,
}

#[derive(Deserialize)]
pub(super) struct LightningInvoice {
    pub(super) payreq: String,
}

#[derive(Deserialize)]
pub(super) struct Charge {
    pub(super) status: String,
}

impl Api {
    /// The short name in errors.
    pub const NAME: &'static str = "opennode";

    /// Where OpenNode is.
    pub const URL: &'static str = "https://api.opennode.com";

    /// # Errors
    /// [`ConfigError`] when the key cannot stand in a header.
    pub fn new(endpoint: Endpoint, key: Secret) -> Result<Self, ConfigError> {
        // The bare key, not a bearer token.
        let http = Http::new(Self::NAME, endpoint, Some(("authorization", key)))?;
        Ok(Self { http, network: Network::Bitcoin })
    }

    pub(super) async fn create(&self, sats: u64, description: &str, ttl: u64) -> Result<Created, CallError> {
        let charge = NewCharge { amount: sats, description, ttl };
        let answer = self.http.post(&["v1", "charges"]).json(&charge).send().await?.success()?;
        answer.json::<Data<_>>().map(|answer| answer.data)
    }

    pub(super) async fn charge(&self, id: &str) -> Result<Option<Charge>, CallError> {
        let answer = self.http.get(&["v1", "charge", id]).read().await?;
        match answer.success() {
            Ok(answer) => answer.json::<Data<_>>().map(|answer| Some(answer.data)),
            Err(error) if error.kind() == BackendErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
