//! [Strike](https://strike.me), a custodial service, over its REST API.
//!
//! **Set up.** At <https://dashboard.strike.me> make an API key with the scopes `partner.receive-request.create` and
//! `partner.receive-request.read`, and no scope that pays.
//!
//! ```no_run
//! use l402_providers::strike::StrikeProvider;
//!
//! # fn main() -> Result<(), l402_providers::ConfigError> {
//! let provider = StrikeProvider::new(std::env::var("STRIKE_API_KEY").unwrap_or_default())?;
//! # Ok(())
//! # }
//! ```
//!
//! The sandbox is at `https://api.dev.strike.me`: see [`StrikeProvider::at`].
//!
//! **Proof.** The preimage proves payment: Strike shows it for completed receives only.
//!
//! **Units and limits.** Whole satoshi; descriptions of 1 to 250 characters (longer ones are cut, empty ones become `L402`);
//! expiry in seconds; 1000 requests in ten minutes. Requests are looked up by Strike's own id. Whether one expired is not
//! told: it stays [`Open`](l402_core::ports::Settlement::Open).

#[doc(hidden)]
pub mod api;
#[doc(hidden)]
pub mod btc;

use l402_core::ports::{BackendError, Invoice, NewInvoice, ProviderCapabilities, Settlement};

use crate::http::{ConfigError, Endpoint, Secret};
use crate::invoice::{Order, cut_chars, is_id, proof};
use crate::port::provider;
use api::{Api, Receive};

/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 250;

/// Makes receive requests of a Strike account. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct StrikeProvider {
    api: Api,
}

impl StrikeProvider {
    /// The account with this API key.
    ///
    /// # Errors
    /// [`ConfigError`] when the key is empty or cannot stand in a header.
    pub fn new(api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::at(Endpoint::new(Api::URL)?, api_key)
    }

    /// The account with this API key, at another service that speaks Strike's API. The URL is without `/v1`.
    ///
    /// # Errors
    /// As for [`StrikeProvider::new`].
    pub fn at(endpoint: Endpoint, api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, &api_key.into()).map(|api| Self { api })
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        let description = match cut_chars(&wanted.description, MAX_DESCRIPTION) {
            "" => "L402",
            description => description,
        };
        let created = self.api.create(order.whole_sats()?, description, wanted.expires_in.as_secs()).await?;
        order.by_id(created.bolt11.invoice, created.bolt11.payment_hash, created.receive_request_id)
    }

    async fn look_up(&self, lookup_id: &str) -> Result<Settlement, BackendError> {
        if !is_id(lookup_id) {
            return Ok(Settlement::NotFound);
        }
        let receives = self.api.receives(lookup_id).await?;
        Ok(receives.map_or(Settlement::NotFound, settlement))
    }
}

provider!(StrikeProvider, ProviderCapabilities::FULL.with_msat_precision(false));

fn settlement(receives: Vec<Receive>) -> Settlement {
    match receives.into_iter().find(|receive| receive.state == "COMPLETED") {
        None => Settlement::Open,
        Some(receive) => {
            let preimage = receive.lightning.and_then(|it| proof(it.preimage, it.payment_hash?));
            Settlement::Settled { preimage, settled_at: None }
        }
    }
}
