//! What a ledger tells of itself. No record holds a preimage.

use std::sync::Arc;

use l402_core::{Msat, PaymentHash, UnixTime};

/// An account of a [`DevNode`](crate::DevNode).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountRecord {
    /// What it is called.
    pub name: Arc<str>,
    /// What it can spend. Money in flight has left it already.
    pub balance: Msat,
}

/// An invoice of a [`DevNode`](crate::DevNode), without its preimage.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvoiceRecord {
    /// The invoice as it was signed.
    pub bolt11: String,
    /// What the preimage hashes to.
    pub payment_hash: PaymentHash,
    /// What it costs.
    pub amount: Msat,
    /// The description as it stands in the invoice, which cuts long ones.
    pub description: String,
    /// The account that is paid.
    pub payee: Arc<str>,
    /// When it was signed.
    pub created_at: UnixTime,
    /// The first moment at which it is no longer payable.
    pub expires_at: UnixTime,
    /// What has become of it.
    pub status: InvoiceStatus,
    /// When it was paid; `None` as long as it is not.
    pub settled_at: Option<UnixTime>,
}

/// What has become of an invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvoiceStatus {
    /// It can be paid.
    Open,
    /// A payment is on its way.
    InFlight,
    /// It is paid.
    Paid,
    /// It can no longer be paid.
    Expired,
}

impl InvoiceStatus {
    /// One word, as JSON writes it: `open`, `in_flight`, `paid` or `expired`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::InFlight => "in_flight",
            Self::Paid => "paid",
            Self::Expired => "expired",
        }
    }
}

/// A payment that succeeded, without its preimage.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PaymentRecord {
    /// The payment hash of the invoice.
    pub payment_hash: PaymentHash,
    /// The account that paid.
    pub payer: Arc<str>,
    /// What the payee got.
    pub amount: Msat,
    /// What the payer spent on top of it.
    pub fee: Msat,
    /// When.
    pub paid_at: UnixTime,
}
