//! [Core Lightning](https://corelightning.org) 23.08 and later, over clnrest or on the same machine over its Unix socket.
//!
//! **Set up, over clnrest.** Start `lightningd` with `clnrest-port=3010` and make a rune that can do these two things and
//! nothing else; the certificate of its authority is `ca.pem` in lightningd's folder of the network:
//!
//! ```text
//! lightning-cli createrune restrictions='[["method=invoice","method=listinvoices"]]'
//! ```
//!
//! ```no_run
//! use l402_providers::{Endpoint, cln::{ClnProvider, Rune}};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rune = std::env::var("CLN_RUNE")?;
//! let endpoint = Endpoint::new("https://node.example.com:3010")?.root_certificate(&std::fs::read("ca.pem")?)?;
//! let provider = ClnProvider::rest(endpoint, Rune::new(rune))?;
//! # Ok(())
//! # }
//! ```
//!
//! When the certificate is for another name, take `server.pem` and
//! [`pinned_certificate`](crate::Endpoint::pinned_certificate).
//!
//! **Set up, over the socket.** Nothing but the right to open `~/.lightning/bitcoin/lightning-rpc`. Whoever has it can do
//! everything with the node, so prefer a rune where paywall and node are not the same person's.
//!
//! ```no_run
//! # #[cfg(unix)]
//! # fn main() -> Result<(), l402_providers::ConfigError> {
//! use l402_providers::cln::ClnProvider;
//!
//! let provider = ClnProvider::socket("/home/bitcoin/.lightning/bitcoin/lightning-rpc")?;
//! # Ok(())
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! ```
//!
//! **Proof.** The preimage proves payment: lightningd shows it for paid invoices only.
//!
//! **Units and limits.** Millisatoshi; descriptions of up to 639 bytes (longer ones are cut, control characters become
//! spaces); expiry in seconds. Each invoice gets a random label that begins with `l402-`.

#[doc(hidden)]
pub mod api;
#[cfg(unix)]
mod socket;

use l402_core::ports::{
    BackendError, BackendErrorKind, Invoice, NewInvoice, ProviderCapabilities, Settlement,
};
use l402_core::{PaymentHash, UnixTime};

use crate::http::{ConfigError, Endpoint, Secret};
use crate::invoice::{MAX_BOLT11_DESCRIPTION, Order, cut_bytes, proof, unknown_status};
use crate::port::provider;
use api::Api;

/// What clnrest lets in, and for which commands. It redacts itself.
#[derive(Clone, Debug)]
pub struct Rune(Secret);

impl Rune {
    /// The text that `createrune` gave.
    pub fn new(text: impl Into<Secret>) -> Self {
        Self(text.into())
    }
}

/// Creates invoices of a lightningd. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct ClnProvider {
    api: Api,
}

impl ClnProvider {
    /// The lightningd behind this clnrest.
    ///
    /// # Errors
    /// [`ConfigError`] when the rune is empty.
    pub fn rest(endpoint: Endpoint, rune: Rune) -> Result<Self, ConfigError> {
        Api::rest(endpoint, rune).map(|api| Self { api })
    }

    /// The lightningd of this socket, a file called `lightning-rpc`.
    ///
    /// # Errors
    /// [`ConfigError`] when the path is too long for a socket.
    #[cfg(unix)]
    pub fn socket(path: impl AsRef<std::path::Path>) -> Result<Self, ConfigError> {
        Api::socket(path.as_ref()).map(|api| Self { api })
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        // Control characters would be escaped, and lightningd refuses escapes in descriptions.
        let description = wanted.description.replace(char::is_control, " ");
        let label = label()?;
        let invoice = api::NewInvoice {
            amount_msat: wanted.amount.as_msat(),
            label: &label,
            description: cut_bytes(&description, MAX_BOLT11_DESCRIPTION),
            expiry: wanted.expires_in.as_secs(),
        };
        let created = self.api.create(&invoice).await?;
        order.by_hash(created.bolt11, created.payment_hash)
    }

    async fn look_up(&self, lookup_id: &str) -> Result<Settlement, BackendError> {
        let Ok(hash) = lookup_id.parse() else { return Ok(Settlement::NotFound) };
        match self.api.invoice(hash).await? {
            Some(invoice) => settlement(invoice, hash),
            None => Ok(Settlement::NotFound),
        }
    }
}

provider!(ClnProvider, ProviderCapabilities::FULL);

fn settlement(invoice: api::Invoice, hash: PaymentHash) -> Result<Settlement, BackendError> {
    match invoice.status.as_str() {
        "unpaid" => Ok(Settlement::Open),
        "expired" => Ok(Settlement::Expired),
        "paid" => Ok(Settlement::Settled {
            preimage: proof(invoice.payment_preimage, hash),
            settled_at: invoice.paid_at.map(UnixTime::from_secs),
        }),
        _ => Err(unknown_status(Api::NAME)),
    }
}

/// A label must be new, and says whose invoice it is.
fn label() -> Result<String, BackendError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| BackendError::new(Api::NAME, BackendErrorKind::Unavailable).with_source(error))?;
    Ok(format!("l402-{}", hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower)))
}
