//! The node's own calls. Some wait for a disk, so they run where waiting harms nobody.

use std::fmt;
use std::sync::Arc;

use l402_core::ports::BackendErrorKind;
use l402_core::{Network, PaymentHash, Preimage};
use ldk_node::lightning::ln::channelmanager::PaymentId;
use ldk_node::lightning_invoice::{Bolt11Invoice, Bolt11InvoiceDescription};
use ldk_node::payment::{PaymentDetails, PaymentDirection, PaymentKind};
use ldk_node::{Node, NodeError};

use crate::http::{CallError, ConfigError};

/// A node in this process.
#[derive(Clone)]
pub struct Api {
    node: Arc<Node>,
    /// The network of the node.
    pub network: Network,
}

impl Api {
    /// The short name in errors.
    pub const NAME: &'static str = "ldk";

    /// # Errors
    /// [`ConfigError`] for a network that is none of [`Network`].
    pub fn new(node: Arc<Node>) -> Result<Self, ConfigError> {
        use ldk_node::bitcoin::Network as Chain;

        let network = match node.config().network {
            Chain::Bitcoin => Network::Bitcoin,
            // Their invoices begin alike.
            Chain::Testnet | Chain::Testnet4 => Network::Testnet,
            Chain::Signet => Network::Signet,
            Chain::Regtest => Network::Regtest,
        };
        Ok(Self { node, network })
    }

    /// The node.
    #[must_use]
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// Calls the node on a thread that may wait. A call that began goes on when nobody waits for it any more.
    ///
    /// # Errors
    /// [`CallError`] when the runtime ended before the call did.
    pub async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Node) -> T + Send + 'static,
    ) -> Result<T, CallError> {
        let node = Arc::clone(&self.node);
        let done = tokio::task::spawn_blocking(move || work(&node)).await;
        done.map_err(|_| CallError::unclear(Self::NAME, BackendErrorKind::Unavailable))
    }

    pub(super) async fn create(
        &self,
        amount_msat: u64,
        description: Bolt11InvoiceDescription,
        expiry_secs: u32,
    ) -> Result<Bolt11Invoice, CallError> {
        let made =
            self.call(move |node| node.bolt11_payment().receive(amount_msat, &description, expiry_secs));
        made.await?.map_err(|error| failure(&error))
    }

    /// What the node knows of this hash in this direction. It knows the preimages of unpaid invoices, too.
    #[must_use]
    pub fn payment(&self, hash: PaymentHash, direction: PaymentDirection) -> Option<PaymentDetails> {
        let details = self.node.payment(&PaymentId(*hash.as_bytes()))?;
        (details.direction == direction).then_some(details)
    }
}

/// The preimage that the node has for this payment.
#[must_use]
pub fn preimage(details: &PaymentDetails) -> Option<Preimage> {
    match &details.kind {
        PaymentKind::Bolt11 { preimage, .. } | PaymentKind::Bolt11Jit { preimage, .. } => {
            preimage.as_ref().map(|preimage| Preimage::from_bytes(preimage.0))
        }
        _ => None,
    }
}

/// An error of the node that says that nothing was done.
#[must_use]
pub fn failure(error: &NodeError) -> CallError {
    // Their texts are the node's own, without anything secret.
    CallError::refused(Api::NAME, BackendErrorKind::Unavailable).because(error.to_string())
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("node", &self.node.node_id()).finish_non_exhaustive()
    }
}
