//! [LND](https://github.com/lightningnetwork/lnd), over its REST API. Hosted nodes (Voltage) speak it, too.
//!
//! **Set up.** Bake a macaroon that can do these two things and nothing else, and take the node's certificate:
//!
//! ```text
//! lncli bakemacaroon --save_to l402.macaroon uri:/lnrpc.Lightning/AddInvoice uri:/lnrpc.Lightning/LookupInvoice
//! cp ~/.lnd/tls.cert .
//! ```
//!
//! The node's own `invoice.macaroon` works as well. REST listens on port 8080 (`restlisten` in `lnd.conf`).
//!
//! ```no_run
//! use l402_providers::{Endpoint, lnd::LndProvider};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = Endpoint::new("https://10.0.0.7:8080")?.pinned_certificate(&std::fs::read("tls.cert")?)?;
//! let provider = LndProvider::new(endpoint, std::fs::read("l402.macaroon")?)?;
//! # Ok(())
//! # }
//! ```
//!
//! The certificate is pinned rather than verified by name because LND signs its own, mostly for `localhost` alone. It makes
//! a new one when the old one expires (14 months): start again with the new file then. A hosted node with a certificate of
//! a public authority needs no file.
//!
//! **Proof.** The preimage proves payment: before payment only holders of a macaroon with `invoices:read` can read it.
//!
//! **Units and limits.** Millisatoshi; descriptions of up to 639 bytes (longer ones are cut); expiry in seconds, at most a
//! year (longer ones are shortened). LND shows expired invoices as canceled.

#[doc(hidden)]
pub mod api;

use l402_core::ports::{BackendError, Invoice, NewInvoice, ProviderCapabilities, Settlement};
use l402_core::{PaymentHash, UnixTime};

use crate::http::{ConfigError, Endpoint};
use crate::invoice::{MAX_BOLT11_DESCRIPTION, Order, cut_bytes, proof, unknown_status};
use crate::port::provider;
use api::Api;

/// In seconds.
const LONGEST_EXPIRY: u64 = 365 * 24 * 60 * 60;

/// Creates invoices of an LND. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct LndProvider {
    api: Api,
    private: bool,
}

impl LndProvider {
    /// The LND with this macaroon: the bytes of its file, or the same in hex.
    ///
    /// # Errors
    /// [`ConfigError`] when the macaroon is empty.
    pub fn new(endpoint: Endpoint, macaroon: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        Ok(Self { api: Api::new(endpoint, macaroon.as_ref())?, private: false })
    }

    /// Puts hints for private channels into invoices, which a node without public channels needs to be paid.
    #[must_use]
    pub const fn with_private_route_hints(mut self) -> Self {
        self.private = true;
        self
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        let invoice = api::NewInvoice {
            value_msat: wanted.amount.as_msat().to_string(),
            memo: cut_bytes(&wanted.description, MAX_BOLT11_DESCRIPTION),
            expiry: wanted.expires_in.as_secs().min(LONGEST_EXPIRY).to_string(),
            private: self.private,
        };
        let created = self.api.create(&invoice).await?;
        order.by_hash(created.payment_request, Some(created.r_hash))
    }

    async fn look_up(&self, lookup_id: &str) -> Result<Settlement, BackendError> {
        let Ok(hash) = lookup_id.parse() else { return Ok(Settlement::NotFound) };
        match self.api.invoice(hash).await? {
            Some(invoice) => settlement(invoice, hash),
            None => Ok(Settlement::NotFound),
        }
    }
}

provider!(LndProvider, ProviderCapabilities::FULL);

fn settlement(invoice: api::Invoice, hash: PaymentHash) -> Result<Settlement, BackendError> {
    Ok(match invoice.state.as_str() {
        "OPEN" => Settlement::Open,
        "ACCEPTED" => Settlement::Held,
        "CANCELED" => Settlement::Canceled,
        "SETTLED" => {
            let settled_at = invoice.settle_date.map(UnixTime::from_secs);
            Settlement::Settled { preimage: proof(invoice.r_preimage, hash), settled_at }
        }
        _ => return Err(unknown_status(Api::NAME)),
    })
}
