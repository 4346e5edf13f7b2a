//! An [LDK node](https://docs.rs/ldk-node) inside the program: no account, no server, and the money is yours.
//!
//! **Set up.** Build a node as its documentation says, start it, and open a channel or have one opened to it; without one it
//! makes invoices that nobody can pay. The node is yours: this module borrows it, and never starts or stops it.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use l402_providers::ldk::{LdkProvider, discard_events, ldk_node};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let mut builder = ldk_node::Builder::new();
//! builder.set_network(ldk_node::bitcoin::Network::Signet);
//! builder.set_chain_source_esplora("https://mutinynet.com/api".to_owned(), None);
//! builder.set_storage_dir_path("/var/lib/paywall".to_owned());
//! let node = Arc::new(builder.build()?);
//! node.start()?;
//! tokio::spawn(discard_events(Arc::clone(&node))); // unless the program handles them itself
//!
//! let provider = LdkProvider::new(node)?;
//! # Ok(())
//! # }
//! ```
//!
//! A node on the main network keeps its keys in that folder, and channels need it to be online. Read LDK's own advice on
//! backups and on reserves before money is in it.
//!
//! **Proof.** The preimage proves payment: the node tells it to nobody but the payer. (The program can read it from the node
//! before.)
//!
//! **Units and limits.** Millisatoshi; descriptions of up to 639 bytes (longer ones are cut); expiry in seconds. Whether an
//! invoice expired is not told: it stays [`Open`](l402_core::ports::Settlement::Open). The network is the node's.
//!
//! **Building.** ldk-node brings about a hundred crates and its own SQLite, of rusqlite 0.31. A program can link SQLite once, so
//! one that has this feature gets that version in the SQLite stores of `l402-server`, too.

#[doc(hidden)]
pub mod api;

use std::sync::Arc;

use l402_core::ports::{BackendError, Invoice, NewInvoice, ProviderCapabilities, Settlement};
use l402_core::{PaymentHash, UnixTime};
pub use ldk_node;
use ldk_node::Node;
use ldk_node::lightning_invoice::{Bolt11InvoiceDescription, Description};
use ldk_node::payment::{PaymentDetails, PaymentDirection, PaymentStatus};

use crate::http::ConfigError;
use crate::invoice::{MAX_BOLT11_DESCRIPTION, Order, cut_bytes, proof};
use crate::port::port;
use api::{Api, preimage};

/// Creates invoices of a node in this process. See the [module](self). Clones share the node.
#[derive(Clone, Debug)]
pub struct LdkProvider {
    api: Api,
}

impl LdkProvider {
    /// Takes invoices from this node, which must be running when they are asked for.
    ///
    /// # Errors
    /// [`ConfigError`] for a node on a network that is none of [`Network`](l402_core::Network).
    pub fn new(node: Arc<Node>) -> Result<Self, ConfigError> {
        Api::new(node).map(|api| Self { api })
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        let description = cut_bytes(&wanted.description, MAX_BOLT11_DESCRIPTION).to_owned();
        let description = Description::new(description)
            .map_err(|_| order.unsupported("the description does not fit into an invoice"))?;
        let expiry = u32::try_from(wanted.expires_in.as_secs()).unwrap_or(u32::MAX);
        let description = Bolt11InvoiceDescription::Direct(description);
        let created = self.api.create(wanted.amount.as_msat(), description, expiry).await?;
        order.by_hash(created.to_string(), None)
    }

    async fn look_up(&self, lookup_id: &str) -> Result<Settlement, BackendError> {
        let Ok(hash) = lookup_id.parse() else { return Ok(Settlement::NotFound) };
        let payment = self.api.payment(hash, PaymentDirection::Inbound);
        Ok(payment.map_or(Settlement::NotFound, |payment| settlement(&payment, hash)))
    }
}

port!(LdkProvider, |_provider| ProviderCapabilities::FULL);

fn settlement(payment: &PaymentDetails, hash: PaymentHash) -> Settlement {
    match payment.status {
        PaymentStatus::Pending => Settlement::Open,
        PaymentStatus::Succeeded => Settlement::Settled {
            preimage: proof(preimage(payment), hash),
            settled_at: Some(UnixTime::from_secs(payment.latest_update_timestamp)),
        },
        PaymentStatus::Failed => Settlement::Canceled,
    }
}

/// Takes the node's events off its queue, for as long as it is polled.
///
/// A node keeps every event until somebody has handled it. Neither the provider nor the wallet needs them, so a program that
/// has nothing to do with them either spawns this. At most one task may take events: not one that handles them itself.
pub async fn discard_events(node: Arc<Node>) {
    loop {
        node.next_event_async().await;
        let handled = Arc::clone(&node);
        let done = tokio::task::spawn_blocking(move || handled.event_handled()).await;
        if !matches!(done, Ok(Ok(()))) {
            tracing::warn!(backend = Api::NAME, "the node's events cannot be taken off its queue");
            return;
        }
    }
}
