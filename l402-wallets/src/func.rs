//! [`FnWallet`]: a wallet from a closure.

use std::fmt;

use l402_core::ports::{
    BackendError, BackendErrorKind, PayOutcome, PayRequest, PortFuture, Wallet, WalletCapabilities,
};
use l402_core::{Msat, Network, PaymentHash};

/// Pays by calling an async closure. See the [crate docs](crate) for an example.
///
/// It can neither look payments up nor tell its balance, so a payment whose answer is lost stays unknown.
///
/// # Security
/// The closure keeps the promises of [`Wallet::pay`]: it pays one invoice once however often it is asked, and it
/// answers [`PayOutcome::Pending`], not an error, once money may have left.
pub struct FnWallet<F> {
    name: &'static str,
    network: Network,
    pay: F,
}

impl<F> FnWallet<F> {
    /// A wallet that calls `pay`, for invoices of `network`. `name` stands in logs and errors.
    pub const fn new<R>(name: &'static str, network: Network, pay: F) -> Self
    where
        F: Fn(PayRequest) -> R + Send + Sync,
        R: Future<Output = Result<PayOutcome, BackendError>> + Send + 'static,
    {
        Self { name, network, pay }
    }

    fn unsupported<T: Send + 'static>(&self) -> PortFuture<Result<T, BackendError>> {
        PortFuture::ready(Err(BackendError::new(self.name, BackendErrorKind::Unsupported)))
    }
}

impl<F, R> Wallet for FnWallet<F>
where
    F: Fn(PayRequest) -> R + Send + Sync,
    R: Future<Output = Result<PayOutcome, BackendError>> + Send + 'static,
{
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>> {
        PortFuture::new((self.pay)(request))
    }

    fn lookup(&self, _: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>> {
        self.unsupported()
    }

    fn balance(&self) -> PortFuture<Result<Msat, BackendError>> {
        self.unsupported()
    }

    fn network(&self) -> Network {
        self.network
    }

    fn capabilities(&self) -> WalletCapabilities {
        WalletCapabilities::FULL.with_lookup(false)
    }
}

impl<F> fmt::Debug for FnWallet<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FnWallet({}, {})", self.name, self.network)
    }
}
