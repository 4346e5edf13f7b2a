//! [`DevProvider`]: the payee's side of a node.

use std::fmt;
use std::sync::Arc;

use l402_core::Network;
use l402_core::ports::{
    BackendError, Invoice, InvoiceProvider, NewInvoice, PortFuture, ProviderCapabilities, Settlement,
};

use crate::ledger::Ledger;
use crate::node::DevNode;

/// Creates the invoices of a [`DevNode`]. Clones share the node.
///
/// A lookup id is the payment hash in lower-case hex. Descriptions above the 639 bytes that an invoice can hold
/// are cut at a character. An amount of zero, or one that an invoice cannot express, is refused with
/// [`BackendErrorKind::InvalidInvoice`](l402_core::ports::BackendErrorKind::InvalidInvoice). Every answer is
/// ready at once.
#[derive(Clone)]
pub struct DevProvider {
    ledger: Arc<Ledger>,
}

impl DevProvider {
    pub(crate) const fn new(ledger: Arc<Ledger>) -> Self {
        Self { ledger }
    }
}

impl InvoiceProvider for DevProvider {
    fn create_invoice(&self, request: NewInvoice) -> PortFuture<Result<Invoice, BackendError>> {
        PortFuture::ready(self.ledger.issue(request))
    }

    fn settlement(&self, lookup_id: String) -> PortFuture<Result<Settlement, BackendError>> {
        let settlement = lookup_id.parse().map_or(Settlement::NotFound, |hash| self.ledger.settlement(hash));
        PortFuture::ready(Ok(settlement))
    }

    fn network(&self) -> Network {
        DevNode::NETWORK
    }

    fn capabilities(&self) -> ProviderCapabilities {
        ProviderCapabilities::FULL
    }
}

impl fmt::Debug for DevProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevProvider").finish_non_exhaustive()
    }
}
