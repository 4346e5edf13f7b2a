//! [ZBD](https://zbd.dev) (formerly ZEBEDEE), a custodial service, over its REST API.
//!
//! **Set up.** In the ZBD developer dashboard make a project and copy its API key. A key has no lesser permissions: it can
//! pay, too.
//!
//! ```no_run
//! use l402_providers::zbd::ZbdProvider;
//!
//! # fn main() -> Result<(), l402_providers::ConfigError> {
//! let provider = ZbdProvider::new(std::env::var("ZBD_API_KEY").unwrap_or_default())?;
//! # Ok(())
//! # }
//! ```
//!
//! **Proof.** The preimage proves payment: ZBD shows it to nobody but the payer.
//!
//! **Units and limits.** Whole satoshi (amounts travel in msat; whether finer ones are taken is not documented, so they are
//! refused); descriptions of up to 639 bytes (longer ones are cut, empty ones become `L402`); expiry in seconds. ZBD tells no
//! payment hash, so it is read from the invoice, and charges are looked up by ZBD's own id.

#[doc(hidden)]
pub mod api;

use l402_core::ports::{BackendError, Invoice, NewInvoice, ProviderCapabilities, Settlement};

use crate::http::{ConfigError, Endpoint, Secret};
use crate::invoice::{MAX_BOLT11_DESCRIPTION, Order, cut_bytes, is_id, unknown_status};
use crate::port::provider;
use api::{Api, Charge};

/// Makes charges of a ZBD project. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct ZbdProvider {
    api: Api,
}

impl ZbdProvider {
    /// The project with this API key.
    ///
    /// # Errors
    /// [`ConfigError`] when the key is empty or cannot stand in a header.
    pub fn new(api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::at(Endpoint::new(Api::URL)?, api_key)
    }

    /// The project with this API key, at another service that speaks ZBD's API.
    ///
    /// # Errors
    /// As for [`ZbdProvider::new`].
    pub fn at(endpoint: Endpoint, api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, api_key.into()).map(|api| Self { api })
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        order.whole_sats()?;
        let description = match cut_bytes(&wanted.description, MAX_BOLT11_DESCRIPTION) {
            "" => "L402",
            description => description,
        };
        let created = self.api.create(wanted.amount, description, wanted.expires_in.as_secs()).await?;
        order.by_id(created.invoice.request, None, created.id)
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

provider!(ZbdProvider, ProviderCapabilities::FULL.with_msat_precision(false));

fn settlement(charge: &Charge) -> Result<Settlement, BackendError> {
    match charge.status.as_str() {
        "completed" | "paid" => Ok(Settlement::Settled { preimage: None, settled_at: None }),
        "pending" | "unpaid" => Ok(Settlement::Open),
        "expired" => Ok(Settlement::Expired),
        "error" => Ok(Settlement::Canceled),
        _ => Err(unknown_status(Api::NAME)),
    }
}
