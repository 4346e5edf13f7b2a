//! [OpenNode](https://www.opennode.com), a custodial service, over its REST API. For receiving alone: its withdrawals
//! return no preimage.
//!
//! **Set up.** In the dashboard under *Developers*, make an API key with the permission *Invoices*, and not *Withdrawals*.
//!
//! ```no_run
//! use l402_providers::opennode::OpenNodeProvider;
//!
//! # fn main() -> Result<(), l402_providers::ConfigError> {
//! let provider = OpenNodeProvider::new(std::env::var("OPENNODE_API_KEY").unwrap_or_default())?;
//! # Ok(())
//! # }
//! ```
//!
//! The test service is at `https://dev-api.opennode.com`, on testnet: see [`OpenNodeProvider::at`].
//!
//! **Proof.** The preimage proves payment: OpenNode shows it to nobody but the payer.
//!
//! **Units and limits.** Whole satoshi; descriptions of up to 639 bytes (longer ones are cut); expiry in whole minutes from 10
//! to 1440, rounded up. OpenNode tells no payment hash, so it is read from the invoice, and charges are looked up by
//! OpenNode's own id. A charge has an on-chain address, too; a paywall shows it to nobody, and what is paid there is
//! settled without a preimage.

#[doc(hidden)]
pub mod api;

use l402_core::ports::{BackendError, Invoice, NewInvoice, ProviderCapabilities, Settlement};

use crate::http::{ConfigError, Endpoint, Secret};
use crate::invoice::{MAX_BOLT11_DESCRIPTION, Order, cut_bytes, is_id, unknown_status};
use crate::port::provider;
use api::{Api, Charge};

/// Makes charges of an OpenNode account. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct OpenNodeProvider {
    api: Api,
}

impl OpenNodeProvider {
    /// The account with this API key.
    ///
    /// # Errors
    /// [`ConfigError`] when the key is empty or cannot stand in a header.
    pub fn new(api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::at(Endpoint::new(Api::URL)?, api_key)
    }

    /// The account with this API key, at another service that speaks OpenNode's API.
    ///
    /// # Errors
    /// As for [`OpenNodeProvider::new`].
    pub fn at(endpoint: Endpoint, api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, api_key.into()).map(|api| Self { api })
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        let description = cut_bytes(&wanted.description, MAX_BOLT11_DESCRIPTION);
        let ttl = wanted.expires_in.as_secs().div_ceil(60).clamp(10, 1440);
        let created = self.api.create(order.whole_sats()?, description, ttl).await?;
        order.by_id(created.lightning_invoice.payreq, None, created.id)
    }

    async fn look_up(&self, lookup_id: &str) -> Result<Settlement, BackendError> {
        if !is_id(lookup_id) {
            return Ok(Settlement::NotFound);
        }
        match self.api.charge(lookup_id).await? {
            Some(charge) => settlement(&charge),
            None => Ok(Settlement::NotFound),
        }
    }
}

provider!(OpenNodeProvider, ProviderCapabilities::FULL.with_msat_precision(false));

fn settlement(charge: &Charge) -> Result<Settlement, BackendError> {
    match charge.status.as_str() {
        "paid" => Ok(Settlement::Settled { preimage: None, settled_at: None }),
        // The latter two are those of on-chain payments.
        "unpaid" | "processing" | "underpaid" => Ok(Settlement::Open),
        "expired" => Ok(Settlement::Expired),
        "refunded" => Ok(Settlement::Canceled),
        _ => Err(unknown_status(Api::NAME)),
    }
}
