//! The HTTP API of phoenixd 0.4 and later: forms go in, JSON or a line of text comes out.

use l402_core::{Network, PaymentHash, Preimage};
use serde::Deserialize;

use crate::http::{CallError, ConfigError, Endpoint, Http, Secret, fields};

/// A phoenixd, reached with one of its passwords.
#[derive(Clone, Debug)]
pub struct Api {
    http: Http,
    /// The network of its invoices.
    pub network: Network,
}

#[derive(Deserialize)]
pub(super) struct Created {
    pub(super) serialized: String,
    #[serde(default, rename = "paymentHash", deserialize_with = "fields::hash")]
    pub(super) payment_hash: Option<PaymentHash>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Incoming {
    pub(super) is_paid: bool,
    #[serde(default)]
    pub(super) is_expired: bool,
    /// Present before payment, too.
    #[serde(default, deserialize_with = "fields::preimage")]
    pub(super) preimage: Option<Preimage>,
    /// In milliseconds.
    #[serde(default)]
    pub(super) completed_at: Option<u64>,
}

impl Api {
    /// The short name in errors.
    pub const NAME: &'static str = "phoenixd";

    /// # Errors
    /// [`ConfigError`] when the password cannot stand in a header.
    pub fn new(endpoint: Endpoint, password: &Secret) -> Result<Self, ConfigError> {
        if password.expose().is_empty() {
            return Err(ConfigError::EmptyCredential);
        }
        // HTTP Basic with an empty user name.
        let http = Http::new(Self::NAME, endpoint, Some(("authorization", password.basic())))?;
        Ok(Self { http: http.hiding(password), network: Network::Bitcoin })
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
        let form = [
            ("description", description),
            ("amountSat", &sats.to_string()),
            ("expirySeconds", &expiry.to_string()),
        ];
        self.http.post(&["createinvoice"]).form(&form).send().await?.success()?.json()
    }

    pub(super) async fn incoming(&self, hash: PaymentHash) -> Result<Option<Incoming>, CallError> {
        self.find("incoming", hash).await
    }

    /// Reads a payment, in the list of this name; `None` for one that is not in it.
    ///
    /// # Errors
    /// [`CallError`]. A path that this version does not have is an error, and not an unknown payment.
    pub async fn find<T: serde::de::DeserializeOwned>(
        &self,
        list: &str,
        hash: PaymentHash,
    ) -> Result<Option<T>, CallError> {
        let answer = self.http.get(&["payments", list, &hash.to_string()]).read().await?;
        if answer.status() == 404 && !answer.text().contains("Unknown endpoint") {
            return Ok(None);
        }
        answer.success()?.json().map(Some)
    }
}
