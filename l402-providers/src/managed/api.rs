//! The HTTP API of l402kit.com, as far as invoices need it.

use l402_core::ports::BackendErrorKind;
use l402_core::{Network, PaymentHash};
use serde::{Deserialize, Serialize};

use super::directory::{Listing, Registered};
use crate::http::{CallError, ConfigError, Endpoint, Http, fields};

#[derive(Clone, Debug)]
pub(super) struct Api {
    http: Http,
    address: String,
    pub(super) network: Network,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewInvoice<'a> {
    amount_sats: u64,
    owner_address: &'a str,
}

/// Its macaroon is not read: it is not signed.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub(super) payment_request: String,
    #[serde(default, deserialize_with = "fields::hash")]
    pub(super) payment_hash: Option<PaymentHash>,
}

#[derive(Serialize)]
struct NewEntry<'a> {
    #[serde(flatten)]
    listing: &'a Listing,
    lightning_address: &'a str,
}

#[derive(Deserialize)]
struct Entry {
    ok: bool,
    id: String,
    #[serde(default)]
    verified: bool,
}

impl Api {
    pub(super) const NAME: &'static str = "managed";

    pub(super) const URL: &'static str = "https://l402kit.com";

    pub(super) fn new(endpoint: Endpoint, address: &str) -> Result<Self, ConfigError> {
        let http = Http::new(Self::NAME, endpoint, None)?;
        Ok(Self { http, address: address.to_owned(), network: Network::Bitcoin })
    }

    pub(super) async fn create(&self, amount_sats: u64) -> Result<Created, CallError> {
        let body = NewInvoice { amount_sats, owner_address: &self.address };
        self.http.post(&["api", "invoice"]).json(&body).send().await?.success()?.json()
    }

    pub(super) async fn register(&self, listing: &Listing) -> Result<Registered, CallError> {
        let body = NewEntry { listing, lightning_address: &self.address };
        let answer = self.http.post(&["api", "register"]).json(&body).send().await?.success()?;
        let Entry { ok, id, verified } = answer.json()?;
        if ok { Ok(Registered { id, verified }) } else { Err(answer.error_as(BackendErrorKind::Protocol)) }
    }
}
