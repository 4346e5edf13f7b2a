//! The REST API of Strike, as far as receive requests need it.

use l402_core::ports::BackendErrorKind;
use l402_core::{Network, PaymentHash, Preimage};
use serde::{Deserialize, Serialize};

use super::btc;
use crate::http::{CallError, ConfigError, Endpoint, Http, Secret, fields};

/// A Strike account, reached with an API key.
#[derive(Clone, Debug)]
pub struct Api {
    http: Http,
    /// The network of its invoices.
    pub network: Network,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewRequest<'a> {
    bolt11: NewBolt11<'a>,
    target_currency: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewBolt11<'a> {
    amount: Money<'a>,
    description: &'a str,
    expiry_in_seconds: u64,
}

#[derive(Serialize)]
struct Money<'a> {
    amount: String,
    currency: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub(super) receive_request_id: String,
    pub(super) bolt11: Bolt11,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Bolt11 {
    pub(super) invoice: String,
    #[serde(default, deserialize_with = "fields::hash")]
    pub(super) payment_hash: Option<PaymentHash>,
}

#[derive(Deserialize)]
struct Receives {
    items: Vec<Receive>,
}

#[derive(Deserialize)]
pub(super) struct Receive {
    pub(super) state: String,
    #[serde(default)]
    pub(super) lightning: Option<Lightning>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lightning {
    #[serde(default, deserialize_with = "fields::preimage")]
    pub(super) preimage: Option<Preimage>,
    #[serde(default, deserialize_with = "fields::hash")]
    pub(super) payment_hash: Option<PaymentHash>,
}

impl Api {
    /// The short name in errors.
    pub const NAME: &'static str = "strike";

    /// Where Strike is.
    pub const URL: &'static str = "https://api.strike.me";

    /// # Errors
    /// [`ConfigError`] when the key is empty or cannot stand in a header.
    pub fn new(endpoint: Endpoint, key: &Secret) -> Result<Self, ConfigError> {
        if key.expose().is_empty() {
            return Err(ConfigError::EmptyCredential);
        }
        let http = Http::new(Self::NAME, endpoint, Some(("authorization", key.after("Bearer "))))?;
        Ok(Self { http: http.hiding(key), network: Network::Bitcoin })
    }

    /// The connection.
    #[must_use]
    pub const fn http(&self) -> &Http {
        &self.http
    }

    pub(super) async fn create(
        &self,
        sats: u64,
        description: &str,
        expiry: u64,
    ) -> Result<Created, CallError> {
        let amount = Money { amount: btc::from_sats(sats), currency: "BTC" };
        let bolt11 = NewBolt11 { amount, description, expiry_in_seconds: expiry };
        let body = NewRequest { bolt11, target_currency: "BTC" };
        self.http.post(&["v1", "receive-requests"]).json(&body).send().await?.success()?.json()
    }

    /// What has arrived for this request; `None` when there is no such request.
    pub(super) async fn receives(&self, id: &str) -> Result<Option<Vec<Receive>>, CallError> {
        let answer = self.http.get(&["v1", "receive-requests", id, "receives"]).read().await?;
        match answer.success() {
            Ok(answer) => answer.json::<Receives>().map(|receives| Some(receives.items)),
            Err(error) if error.kind() == BackendErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}
