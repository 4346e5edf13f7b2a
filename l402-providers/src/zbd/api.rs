//! The REST API of ZBD, as far as charges and payments need it. Amounts are msat in text.

use l402_core::ports::BackendErrorKind;
use l402_core::{Msat, Network};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::http::{Answer, CallError, ConfigError, Endpoint, Http, Secret};

/// A ZBD project, reached with its API key.
#[derive(Clone, Debug)]
pub struct Api {
    http: Http,
    /// The network of its invoices.
    pub network: Network,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewCharge<'a> {
    amount: String,
    description: &'a str,
    expires_in: u64,
}

#[derive(Deserialize)]
pub(super) struct Created {
    pub(super) id: String,
    pub(super) invoice: Bolt11,
}

#[derive(Deserialize)]
pub(super) struct Bolt11 {
    pub(super) request: String,
}

#[derive(Deserialize)]
pub(super) struct Charge {
    pub(super) status: String,
}

/// Every answer is wrapped.
#[derive(Deserialize)]
struct Wrapped<T> {
    success: bool,
    data: T,
}

impl Api {
    /// The short name in errors.
    pub const NAME: &'static str = "zbd";

    /// Where ZBD is.
    pub const URL: &'static str = "https://api.zebedee.io";

    /// # Errors
    /// [`ConfigError`] when the key cannot stand in a header.
    pub fn new(endpoint: Endpoint, key: Secret) -> Result<Self, ConfigError> {
        let http = Http::new(Self::NAME, endpoint, Some(("apikey", key)))?;
        Ok(Self { http, network: Network::Bitcoin })
    }

    /// The connection.
    #[must_use]
    pub const fn http(&self) -> &Http {
        &self.http
    }

    pub(super) async fn create(
        &self,
        amount: Msat,
        description: &str,
        expiry: u64,
    ) -> Result<Created, CallError> {
        let charge = NewCharge { amount: amount.as_msat().to_string(), description, expires_in: expiry };
        read(self.http.post(&["v0", "charges"]).json(&charge).send().await?)
    }

    pub(super) async fn charge(&self, id: &str) -> Result<Option<Charge>, CallError> {
        match read(self.http.get(&["v0", "charges", id]).read().await?) {
            Ok(charge) => Ok(Some(charge)),
            Err(error) if error.kind() == BackendErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Unwraps a good answer.
///
/// # Errors
/// [`CallError`]; also for an answer that says that it is none.
pub fn read<T: DeserializeOwned>(answer: Answer) -> Result<T, CallError> {
    let answer = answer.success()?;
    let wrapped: Wrapped<T> = answer.json()?;
    if wrapped.success { Ok(wrapped.data) } else { Err(answer.error_as(BackendErrorKind::Unavailable)) }
}
