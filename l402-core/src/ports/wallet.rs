//! [`Wallet`]: what a client pays with.

use alloc::string::String;
use core::time::Duration;

use super::{BackendError, BackendErrorKind, PortFuture, forward_port};
use crate::amount::Msat;
use crate::hash::PaymentHash;
use crate::network::Network;
use crate::secret::Preimage;

/// Pays invoices and returns preimages.
///
/// # Security
/// Once a payment may have left the wallet, an implementation answers [`PayOutcome::Pending`], never an error
/// and never [`PayOutcome::Failed`]: a timeout, a lost connection or an answer that cannot be read says nothing
/// about the money. Callers find out with [`Wallet::lookup`] and never by paying something else.
pub trait Wallet: Send + Sync {
    /// Pays an invoice once. Asking twice for the same invoice must not pay twice.
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>>;

    /// Tells what became of the payment of this hash; [`BackendErrorKind::NotFound`] when there never was one.
    fn lookup(&self, payment_hash: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>>;

    /// What the wallet can spend.
    fn balance(&self) -> PortFuture<Result<Msat, BackendError>>;

    /// The network this wallet pays on.
    fn network(&self) -> Network;

    /// What this backend can do.
    fn capabilities(&self) -> WalletCapabilities;
}

forward_port!(Wallet {
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>>;
    fn lookup(&self, payment_hash: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>>;
    fn balance(&self) -> PortFuture<Result<Msat, BackendError>>;
    fn network(&self) -> Network;
    fn capabilities(&self) -> WalletCapabilities;
});

/// What to pay, and how much it may cost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PayRequest {
    /// The invoice; its amount and hash have been checked.
    pub bolt11: String,
    /// The payment hash of the invoice.
    pub payment_hash: PaymentHash,
    /// The most that may be spent on routing fees, on top of the amount.
    pub max_fee: Msat,
    /// How long to wait before answering [`PayOutcome::Pending`].
    pub timeout: Duration,
}

impl PayRequest {
    /// Pays `bolt11` with at most `max_fee` of fees, waiting at most `timeout`.
    #[must_use]
    pub const fn new(bolt11: String, payment_hash: PaymentHash, max_fee: Msat, timeout: Duration) -> Self {
        Self { bolt11, payment_hash, max_fee, timeout }
    }
}

/// What became of a payment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum PayOutcome {
    /// The money is spent and the preimage is here.
    Paid(Payment),
    /// Not known yet. The money may be gone.
    Pending,
    /// Nothing was spent, and nothing will be.
    Failed(BackendErrorKind),
}

/// A payment that succeeded.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Payment {
    /// The proof.
    pub preimage: Preimage,
    /// The routing fee, where the wallet tells it.
    pub fee: Option<Msat>,
}

impl Payment {
    /// A payment with its proof.
    #[must_use]
    pub const fn new(preimage: Preimage, fee: Option<Msat>) -> Self {
        Self { preimage, fee }
    }
}

/// What a [`Wallet`] can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WalletCapabilities {
    /// Payments return their preimage. A wallet that cannot do this cannot buy anything here.
    pub preimage_on_pay: bool,
    /// [`PayRequest::max_fee`] is honoured.
    pub fee_limit: bool,
    /// [`Wallet::lookup`] works.
    pub can_lookup: bool,
}

impl WalletCapabilities {
    /// A wallet that does everything a client could wish for.
    pub const FULL: Self = Self { preimage_on_pay: true, fee_limit: true, can_lookup: true };

    /// Sets [`WalletCapabilities::preimage_on_pay`].
    #[must_use]
    pub const fn with_preimage_on_pay(mut self, yes: bool) -> Self {
        self.preimage_on_pay = yes;
        self
    }

    /// Sets [`WalletCapabilities::fee_limit`].
    #[must_use]
    pub const fn with_fee_limit(mut self, yes: bool) -> Self {
        self.fee_limit = yes;
        self
    }

    /// Sets [`WalletCapabilities::can_lookup`].
    #[must_use]
    pub const fn with_lookup(mut self, yes: bool) -> Self {
        self.can_lookup = yes;
        self
    }
}
