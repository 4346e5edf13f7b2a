//! [`FnProvider`]: a provider from a closure.

use std::fmt;

use l402_core::Network;
use l402_core::ports::{
    BackendError, BackendErrorKind, Invoice, InvoiceProvider, NewInvoice, PortFuture, ProviderCapabilities,
    Settlement,
};

/// Creates invoices by calling an async closure. See the [crate docs](crate) for an example.
///
/// It cannot look settlement up, which a paywall needs only where the preimage is no proof.
pub struct FnProvider<F> {
    name: &'static str,
    network: Network,
    msat_precision: bool,
    create: F,
}

impl<F> FnProvider<F> {
    /// A provider that calls `create`, whose invoices are for `network`. `name` stands in logs and errors.
    pub const fn new<R>(name: &'static str, network: Network, create: F) -> Self
    where
        F: Fn(NewInvoice) -> R + Send + Sync,
        R: Future<Output = Result<Invoice, BackendError>> + Send + 'static,
    {
        Self { name, network, msat_precision: true, create }
    }

    /// Says that the backend makes invoices for whole satoshi only. A gate then refuses finer prices when it is
    /// built, instead of every request later.
    #[must_use]
    pub fn whole_sats_only(mut self) -> Self {
        self.msat_precision = false;
        self
    }
}

impl<F, R> InvoiceProvider for FnProvider<F>
where
    F: Fn(NewInvoice) -> R + Send + Sync,
    R: Future<Output = Result<Invoice, BackendError>> + Send + 'static,
{
    fn create_invoice(&self, request: NewInvoice) -> PortFuture<Result<Invoice, BackendError>> {
        PortFuture::new((self.create)(request))
    }

    fn settlement(&self, _: String) -> PortFuture<Result<Settlement, BackendError>> {
        PortFuture::ready(Err(BackendError::new(self.name, BackendErrorKind::Unsupported)))
    }

    fn network(&self) -> Network {
        self.network
    }

    fn capabilities(&self) -> ProviderCapabilities {
        ProviderCapabilities::FULL.with_lookup(false).with_msat_precision(self.msat_precision)
    }
}

impl<F> fmt::Debug for FnProvider<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FnProvider({}, {})", self.name, self.network)
    }
}
