//! [`Nothing`]: no wallet.

use l402_core::ports::{
    BackendError, BackendErrorKind, PayOutcome, PayRequest, PortFuture, Wallet, WalletCapabilities,
};
use l402_core::{Msat, Network, PaymentHash};

/// Stands where no wallet is: pays nothing and knows nothing of any payment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Nothing {
    pub(crate) network: Network,
}

impl Wallet for Nothing {
    fn pay(&self, _: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>> {
        PortFuture::ready(Ok(PayOutcome::Failed(BackendErrorKind::Unsupported)))
    }

    fn lookup(&self, _: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>> {
        PortFuture::ready(Err(unsupported()))
    }

    fn balance(&self) -> PortFuture<Result<Msat, BackendError>> {
        PortFuture::ready(Err(unsupported()))
    }

    fn network(&self) -> Network {
        self.network
    }

    fn capabilities(&self) -> WalletCapabilities {
        WalletCapabilities::FULL
    }
}

/// Not `NotFound`, by which an open payment would in time count as never made.
const fn unsupported() -> BackendError {
    BackendError::new("none", BackendErrorKind::Unsupported)
}
