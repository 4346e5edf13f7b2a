//! The managed mode of [l402kit.com](https://l402kit.com): it receives for you and pays out to your Lightning Address. For
//! receiving alone.
//!
//! **Set up.** Nothing but the address. [`ManagedProvider::register_directory`] lists the API in the service's directory.
//!
//! ```no_run
//! use l402_providers::managed::ManagedProvider;
//!
//! # fn main() -> Result<(), l402_providers::ConfigError> {
//! let provider = ManagedProvider::from_address("you@example.com")?;
//! # Ok(())
//! # }
//! ```
//!
//! **Custody.** The money is the service's until it is paid out, less 0.3 % (1 sat at least). What its published source
//! shows of the pay-out may not work: try it with small amounts first. An address can also be charged without anybody between:
//! see the feature `lnurl`.
//!
//! **Proof.** The preimage proves payment to the service. There are no lookups. The token that the service sends along is not
//! signed and is not used.
//!
//! **Units and limits.** Whole satoshi, 10 sat at least: below that the service pays nothing out. It chooses description and
//! expiry, and makes 20 invoices a minute for one IP address.

mod api;
mod directory;

use l402_core::ports::{
    BackendError, BackendErrorKind, Invoice, NewInvoice, ProviderCapabilities, Settlement,
};

use crate::http::{ConfigError, Endpoint};
use crate::invoice::Order;
use crate::port::provider;
use api::Api;

pub use directory::{Category, Listing, Registered};

/// Below this the owner receives nothing, in satoshi.
const SMALLEST: u64 = 10;

/// Has l402kit.com make invoices. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct ManagedProvider {
    api: Api,
}

impl ManagedProvider {
    /// Pays out to this Lightning Address.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] when it is none.
    pub fn from_address(address: &str) -> Result<Self, ConfigError> {
        Self::at(Endpoint::new(Api::URL)?, address)
    }

    /// As [`ManagedProvider::from_address`], at another service that speaks the same API.
    ///
    /// # Errors
    /// As for [`ManagedProvider::from_address`].
    pub fn at(endpoint: Endpoint, address: &str) -> Result<Self, ConfigError> {
        let address = address.trim();
        let (name, host) = address.split_once('@').unwrap_or_default();
        if name.is_empty() || !host.contains('.') || address.contains(char::is_whitespace) {
            let problem = "this is no Lightning Address; give one like you@example.com";
            return Err(ConfigError::Invalid(problem));
        }
        Api::new(endpoint, address).map(|api| Self { api })
    }

    /// Lists an API in the service's public directory, or changes its entry: there is one for each URL. To be listed as
    /// verified, serve a text with the Lightning Address at `/.well-known/l402.txt` of the API's host first.
    ///
    /// ```no_run
    /// use l402_core::Msat;
    /// use l402_providers::managed::{Category, Listing, ManagedProvider};
    ///
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// let provider = ManagedProvider::from_address("you@example.com")?;
    /// let url = "https://api.example.com/report";
    /// let listing = Listing::new(url, "Reports", Msat::from_sat(10), Category::Data)?;
    /// let registered = provider.register_directory(&listing).await?;
    /// println!("listed as {}, verified: {}", registered.id, registered.verified);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`BackendErrorKind::RateLimited`] after ten an hour from one IP address; the others of a provider.
    pub async fn register_directory(&self, listing: &Listing) -> Result<Registered, BackendError> {
        Ok(self.api.register(listing).await?)
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        let sats = order.whole_sats()?;
        if sats < SMALLEST {
            return Err(order.unsupported("below 10 sat this service pays nothing out"));
        }
        let created = self.api.create(sats).await?;
        order.by_hash(created.payment_request, created.payment_hash)
    }

    #[allow(clippy::unused_async, clippy::unused_self, reason = "the port's form; there are no lookups")]
    async fn look_up(&self, _: &str) -> Result<Settlement, BackendError> {
        let error = BackendError::new(Api::NAME, BackendErrorKind::Unsupported);
        Err(error.with_source("this service has no lookups"))
    }
}

provider!(ManagedProvider, ProviderCapabilities::FULL.with_msat_precision(false).with_lookup(false));
