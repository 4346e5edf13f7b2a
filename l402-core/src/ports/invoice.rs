//! [`InvoiceProvider`]: who a paywall gets its invoices from.

use alloc::string::String;
use core::time::Duration;

use super::{BackendError, PortFuture, forward_port};
use crate::amount::Msat;
use crate::hash::PaymentHash;
use crate::network::Network;
use crate::secret::Preimage;
use crate::time::UnixTime;

/// Creates invoices, and tells whether one is settled.
///
/// A paywall checks every answer (amount, hash, network, expiry) before it shows it to anybody, so an implementation need
/// not. The invoice's signature is checked by the buyer's wallet, which pays nothing if it is wrong: see
/// [`InvoiceTerms`](crate::bolt11::InvoiceTerms).
pub trait InvoiceProvider: Send + Sync {
    /// Creates an invoice for exactly the amount asked for, never shown to anybody before.
    fn create_invoice(&self, request: NewInvoice) -> PortFuture<Result<Invoice, BackendError>>;

    /// Tells what became of an invoice, by its [`Invoice::lookup_id`].
    fn settlement(&self, lookup_id: String) -> PortFuture<Result<Settlement, BackendError>>;

    /// The network whose invoices this creates.
    fn network(&self) -> Network;

    /// What this backend can do.
    fn capabilities(&self) -> ProviderCapabilities;
}

forward_port!(InvoiceProvider {
    fn create_invoice(&self, request: NewInvoice) -> PortFuture<Result<Invoice, BackendError>>;
    fn settlement(&self, lookup_id: String) -> PortFuture<Result<Settlement, BackendError>>;
    fn network(&self) -> Network;
    fn capabilities(&self) -> ProviderCapabilities;
});

/// The invoice a paywall wants.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewInvoice {
    /// The price.
    pub amount: Msat,
    /// What the payer's wallet shows.
    pub description: String,
    /// How long it should be payable, in whole seconds. Backends may deviate; the invoice itself tells.
    pub expires_in: Duration,
}

impl NewInvoice {
    /// An invoice for `amount`, payable for `expires_in`.
    #[must_use]
    pub const fn new(amount: Msat, description: String, expires_in: Duration) -> Self {
        Self { amount, description, expires_in }
    }
}

/// An invoice as the backend describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invoice {
    /// The BOLT11 text: the truth about everything else.
    pub bolt11: String,
    /// The payment hash the backend says it has.
    pub payment_hash: PaymentHash,
    /// The backend's own name for the invoice; not always the hash.
    pub lookup_id: String,
}

impl Invoice {
    /// Describes an invoice.
    #[must_use]
    pub const fn new(bolt11: String, payment_hash: PaymentHash, lookup_id: String) -> Self {
        Self { bolt11, payment_hash, lookup_id }
    }
}

/// What became of an invoice.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Settlement {
    /// Not paid yet.
    Open,
    /// A payment has arrived and waits for its preimage to be released.
    Held,
    /// Paid.
    Settled {
        /// The preimage, where the backend tells it.
        preimage: Option<Preimage>,
        /// When, where the backend tells it.
        settled_at: Option<UnixTime>,
    },
    /// No longer payable, and not paid.
    Expired,
    /// Withdrawn.
    Canceled,
    /// The backend does not know it.
    NotFound,
}

/// What an [`InvoiceProvider`] can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderCapabilities {
    /// Prices below one satoshi's precision are possible.
    pub msat_precision: bool,
    /// [`InvoiceProvider::settlement`] works.
    pub can_lookup: bool,
    /// The preimage alone proves nothing, because the backend shows it before payment: settlement must be
    /// looked up for every token.
    pub needs_settlement_check: bool,
}

impl ProviderCapabilities {
    /// A node that does everything a paywall could wish for.
    pub const FULL: Self = Self { msat_precision: true, can_lookup: true, needs_settlement_check: false };

    /// Sets [`ProviderCapabilities::msat_precision`].
    #[must_use]
    pub const fn with_msat_precision(mut self, yes: bool) -> Self {
        self.msat_precision = yes;
        self
    }

    /// Sets [`ProviderCapabilities::can_lookup`].
    #[must_use]
    pub const fn with_lookup(mut self, yes: bool) -> Self {
        self.can_lookup = yes;
        self
    }

    /// Sets [`ProviderCapabilities::needs_settlement_check`].
    #[must_use]
    pub const fn with_settlement_check(mut self, yes: bool) -> Self {
        self.needs_settlement_check = yes;
        self
    }
}
