//! [Blink](https://www.blink.sv), a custodial wallet, over its GraphQL API.
//!
//! **Set up.** At <https://dashboard.blink.sv> make an API key with the scopes *Read* and *Receive*, and no *Write*. The
//! account's BTC wallet receives; name another one with [`BlinkProvider::with_wallet_id`].
//!
//! ```no_run
//! use l402_providers::blink::BlinkProvider;
//!
//! # fn main() -> Result<(), l402_providers::ConfigError> {
//! let provider = BlinkProvider::new(std::env::var("BLINK_API_KEY").unwrap_or_default())?;
//! # Ok(())
//! # }
//! ```
//!
//! The staging service is at `https://api.staging.blink.sv/graphql`, on signet: see [`BlinkProvider::at`].
//!
//! **Proof.** The preimage proves payment. After payment anybody who knows the payment hash can ask Blink for it, which is no
//! harm to tokens, since those are useless without their signature.
//!
//! **Units and limits.** Whole satoshi; descriptions of up to 639 bytes (longer ones are cut); expiry in whole minutes from 1
//! to 1440, rounded up; Blink stops an account for five minutes after 60 new invoices within a minute.

#[doc(hidden)]
pub mod api;

use l402_core::PaymentHash;
use l402_core::ports::{BackendError, Invoice, NewInvoice, ProviderCapabilities, Settlement};

use crate::http::{ConfigError, Endpoint, Secret};
use crate::invoice::{MAX_BOLT11_DESCRIPTION, Order, cut_bytes, proof, unknown_status};
use crate::port::provider;
use api::{Api, Status};

/// What is outside of this would silently become four hours.
const LONGEST_EXPIRY: u64 = 1440;

/// Creates invoices in a Blink account. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct BlinkProvider {
    api: Api,
}

impl BlinkProvider {
    /// The account with this API key.
    ///
    /// # Errors
    /// [`ConfigError`] when the key is empty or cannot stand in a header.
    pub fn new(api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::at(Endpoint::new(Api::URL)?, api_key)
    }

    /// The account with this API key, at another service that speaks Blink's API. The URL has the path `/graphql`.
    ///
    /// # Errors
    /// As for [`BlinkProvider::new`].
    pub fn at(endpoint: Endpoint, api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, api_key.into()).map(|api| Self { api })
    }

    /// Receives in this BTC wallet, and saves asking for the account's wallets.
    #[must_use]
    pub fn with_wallet_id(mut self, id: impl Into<String>) -> Self {
        self.api = self.api.with_wallet_id(id.into());
        self
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        let memo = cut_bytes(&wanted.description, MAX_BOLT11_DESCRIPTION);
        let minutes = wanted.expires_in.as_secs().div_ceil(60).clamp(1, LONGEST_EXPIRY);
        let created = self.api.create(order.whole_sats()?, memo, minutes).await?;
        order.by_hash(created.payment_request, created.payment_hash)
    }

    async fn look_up(&self, lookup_id: &str) -> Result<Settlement, BackendError> {
        let Ok(hash) = lookup_id.parse() else { return Ok(Settlement::NotFound) };
        match self.api.status(hash).await? {
            Some(status) => settlement(status, hash),
            None => Ok(Settlement::NotFound),
        }
    }
}

provider!(BlinkProvider, ProviderCapabilities::FULL.with_msat_precision(false));

fn settlement(status: Status, hash: PaymentHash) -> Result<Settlement, BackendError> {
    match status.status.as_str() {
        "PENDING" => Ok(Settlement::Open),
        "EXPIRED" => Ok(Settlement::Expired),
        "PAID" => {
            Ok(Settlement::Settled { preimage: proof(status.payment_preimage, hash), settled_at: None })
        }
        _ => Err(unknown_status(Api::NAME)),
    }
}
