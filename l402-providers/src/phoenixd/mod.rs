//! [phoenixd](https://phoenix.acinq.co/server), a Lightning node that manages its own channels, over its HTTP API.
//!
//! **Set up.** Start phoenixd and read `~/.phoenix/phoenix.conf`: `http-password-limited-access` can create and read
//! invoices and cannot spend. Use that one; `http-password` works as well. It listens on `http://127.0.0.1:9740`; from
//! another machine, put TLS in front of it.
//!
//! ```no_run
//! use l402_providers::{Endpoint, phoenixd::PhoenixdProvider};
//!
//! # fn main() -> Result<(), l402_providers::ConfigError> {
//! let password = std::env::var("PHOENIXD_PASSWORD").unwrap_or_default();
//! let provider = PhoenixdProvider::new(Endpoint::new("http://127.0.0.1:9740")?, password)?;
//! # Ok(())
//! # }
//! ```
//!
//! **Proof.** The preimage proves payment: before payment only holders of a password can read it.
//!
//! **Units and limits.** Whole satoshi; descriptions of up to 128 characters (longer ones are cut); expiry in seconds. Fees
//! for liquidity are taken from what arrives, and the first small receipts may become fee credit; an invoice counts as
//! paid all the same.

#[doc(hidden)]
pub mod api;

use l402_core::ports::{BackendError, Invoice, NewInvoice, ProviderCapabilities, Settlement};
use l402_core::{PaymentHash, UnixTime};

use crate::http::{ConfigError, Endpoint, Secret};
use crate::invoice::{Order, cut_chars, proof};
use crate::port::provider;
use api::{Api, Incoming};

/// The longest description, in characters.
const MAX_DESCRIPTION: usize = 128;

/// Creates invoices of a phoenixd. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct PhoenixdProvider {
    api: Api,
}

impl PhoenixdProvider {
    /// The phoenixd with this password, preferably the limited one.
    ///
    /// # Errors
    /// [`ConfigError`] when the password is empty.
    pub fn new(endpoint: Endpoint, password: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, &password.into()).map(|api| Self { api })
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        let description = cut_chars(&wanted.description, MAX_DESCRIPTION);
        let created = self.api.create(order.whole_sats()?, description, wanted.expires_in.as_secs()).await?;
        order.by_hash(created.serialized, created.payment_hash)
    }

    async fn look_up(&self, lookup_id: &str) -> Result<Settlement, BackendError> {
        let Ok(hash) = lookup_id.parse() else { return Ok(Settlement::NotFound) };
        let incoming = self.api.incoming(hash).await?;
        Ok(incoming.map_or(Settlement::NotFound, |incoming| settlement(incoming, hash)))
    }
}

provider!(PhoenixdProvider, ProviderCapabilities::FULL.with_msat_precision(false));

fn settlement(incoming: Incoming, hash: PaymentHash) -> Settlement {
    if incoming.is_paid {
        let settled_at = incoming.completed_at.map(|millis| UnixTime::from_secs(millis / 1000));
        Settlement::Settled { preimage: proof(incoming.preimage, hash), settled_at }
    } else if incoming.is_expired {
        Settlement::Expired
    } else {
        Settlement::Open
    }
}
