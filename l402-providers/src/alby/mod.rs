//! [Alby Hub](https://albyhub.com), a self-custodial node, over the HTTP API of its own front end.
//!
//! **Set up.** Ask the hub for a token, with its unlock password and as many days as suit you. For receiving, too, it must be
//! a `full` one: keep it as you keep the password.
//!
//! ```text
//! curl https://hub.example.com/api/unlock -H 'content-type: application/json' \
//!     -d '{"unlockPassword": "...", "permission": "full", "tokenExpiryDays": 365}'
//! ```
//!
//! ```no_run
//! use l402_providers::{Endpoint, alby::AlbyProvider};
//!
//! # fn main() -> Result<(), l402_providers::ConfigError> {
//! let token = std::env::var("ALBY_HUB_TOKEN").unwrap_or_default();
//! let provider = AlbyProvider::new(Endpoint::new("https://hub.example.com")?, token)?;
//! # Ok(())
//! # }
//! ```
//!
//! The API is the hub's internal one and may change with any version; a connection over NWC is what Alby supports.
//!
//! **Proof.** The preimage proves payment: the hub shows it for settled invoices only.
//!
//! **Units and limits.** Whole satoshi; descriptions of up to 639 bytes (longer ones are cut). The hub chooses the expiry.

#[doc(hidden)]
pub mod api;

use l402_core::PaymentHash;
use l402_core::ports::{BackendError, Invoice, NewInvoice, ProviderCapabilities, Settlement};

use crate::http::{ConfigError, Endpoint, Secret};
use crate::invoice::{MAX_BOLT11_DESCRIPTION, Order, cut_bytes, proof, unknown_status};
use crate::port::provider;
use api::{Api, Transaction};

/// Creates invoices of an Alby Hub. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct AlbyProvider {
    api: Api,
}

impl AlbyProvider {
    /// The hub with this token. `endpoint` is the hub, without `/api`.
    ///
    /// # Errors
    /// [`ConfigError`] when the token is empty or cannot stand in a header.
    pub fn new(endpoint: Endpoint, token: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, &token.into()).map(|api| Self { api })
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        order.whole_sats()?;
        let description = cut_bytes(&wanted.description, MAX_BOLT11_DESCRIPTION);
        let created = self.api.create(wanted.amount, description).await?;
        order.by_hash(created.invoice, created.payment_hash)
    }

    async fn look_up(&self, lookup_id: &str) -> Result<Settlement, BackendError> {
        let Ok(hash) = lookup_id.parse() else { return Ok(Settlement::NotFound) };
        match self.api.transaction(hash).await? {
            Some(transaction) => settlement(transaction, hash),
            None => Ok(Settlement::NotFound),
        }
    }
}

provider!(AlbyProvider, ProviderCapabilities::FULL.with_msat_precision(false));

fn settlement(transaction: Transaction, hash: PaymentHash) -> Result<Settlement, BackendError> {
    if transaction.direction == "outgoing" {
        return Ok(Settlement::NotFound);
    }
    match transaction.state.as_str() {
        "pending" => Ok(Settlement::Open),
        "accepted" => Ok(Settlement::Held),
        "failed" => Ok(Settlement::Canceled),
        "settled" => {
            Ok(Settlement::Settled { preimage: proof(transaction.preimage, hash), settled_at: None })
        }
        _ => Err(unknown_status(Api::NAME)),
    }
}
