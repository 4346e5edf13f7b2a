//! The Lightning node of a [BTCPay Server](https://btcpayserver.org) store, over the Greenfield API.
//!
//! **Set up.** Under *Account → API Keys* make a key with the permissions *Create invoices in the Lightning node of a store*
//! (`btcpay.store.cancreatelightninginvoice`) and *View invoices of the Lightning node* (`btcpay.store.canviewlightninginvoice`)
//! for that store alone. The store's id stands in its general settings.
//!
//! ```no_run
//! use l402_providers::{Endpoint, btcpay::BtcPayProvider};
//!
//! # fn main() -> Result<(), l402_providers::ConfigError> {
//! let key = std::env::var("BTCPAY_API_KEY").unwrap_or_default();
//! let provider = BtcPayProvider::new(Endpoint::new("https://pay.example.com")?, "store id", key)?;
//! # Ok(())
//! # }
//! ```
//!
//! **Proof.** The preimage proves payment: before payment only holders of an API key may read it, and only with some nodes.
//!
//! **Units and limits.** Millisatoshi, as far as the store's node has them; descriptions of up to 639 bytes (longer ones are
//! cut); expiry in seconds. Invoices are those of the node and not of the store, so the store's reports do not have them.
//! They are looked up by the node's own id.

#[doc(hidden)]
pub mod api;

use l402_core::UnixTime;
use l402_core::ports::{BackendError, NewInvoice, ProviderCapabilities, Settlement};

use crate::http::{ConfigError, Endpoint, Secret};
use crate::invoice::{MAX_BOLT11_DESCRIPTION, Order, cut_bytes, is_id, proof, unknown_status};
use crate::port::provider;
use api::{Api, Invoice};

/// Creates invoices of the Lightning node of a store. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct BtcPayProvider {
    api: Api,
}

impl BtcPayProvider {
    /// The store of this id, with this API key. `endpoint` is the server, without `/api`.
    ///
    /// # Errors
    /// [`ConfigError`] when the key is empty or the id is none.
    pub fn new(
        endpoint: Endpoint,
        store_id: impl Into<String>,
        api_key: impl Into<Secret>,
    ) -> Result<Self, ConfigError> {
        Api::new(endpoint, store_id.into(), &api_key.into()).map(|api| Self { api })
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<l402_core::ports::Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        let description = cut_bytes(&wanted.description, MAX_BOLT11_DESCRIPTION);
        let created =
            self.api.create(wanted.amount.as_msat(), description, wanted.expires_in.as_secs()).await?;
        order.by_id(created.bolt11, created.payment_hash, created.id)
    }

    async fn look_up(&self, lookup_id: &str) -> Result<Settlement, BackendError> {
        if !is_id(lookup_id) {
            return Ok(Settlement::NotFound);
        }
        match self.api.invoice(lookup_id).await? {
            Some(invoice) => settlement(invoice),
            None => Ok(Settlement::NotFound),
        }
    }
}

provider!(BtcPayProvider, ProviderCapabilities::FULL);

fn settlement(invoice: Invoice) -> Result<Settlement, BackendError> {
    match invoice.status.as_str() {
        "Unpaid" => Ok(Settlement::Open),
        "Expired" => Ok(Settlement::Expired),
        "Paid" => {
            let preimage = invoice.payment_hash.and_then(|hash| proof(invoice.preimage, hash));
            Ok(Settlement::Settled { preimage, settled_at: invoice.paid_at.map(UnixTime::from_secs) })
        }
        _ => Err(unknown_status(Api::NAME)),
    }
}
