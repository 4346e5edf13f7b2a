//! [`RevocationList`]: tokens taken back one by one.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use l402_core::PaymentHash;

/// Payments whose tokens no longer work. Clones share the list: give one to the gate, keep one.
///
/// A payment is named by its hash, which stands in invoices, receipts and logs. Whoever comes with a revoked token is
/// offered a new one. The list is kept in memory: fill it at the start, on every instance.
///
/// ```
/// use l402_server::keys::RevocationList;
///
/// let revoked = RevocationList::default();
/// revoked.revoke("11".repeat(32).parse()?);
/// assert_eq!(revoked.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct RevocationList(Arc<RwLock<HashSet<PaymentHash>>>);

impl RevocationList {
    /// Takes back the tokens of a payment; at once, and for good.
    pub fn revoke(&self, payment: PaymentHash) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(payment);
    }

    /// Lets the tokens of a payment work again.
    pub fn restore(&self, payment: &PaymentHash) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).remove(payment);
    }

    /// Whether the tokens of a payment were taken back.
    #[must_use]
    pub fn contains(&self, payment: &PaymentHash) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(payment)
    }

    /// How many payments are on the list.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether nothing is on the list.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl FromIterator<PaymentHash> for RevocationList {
    fn from_iter<T: IntoIterator<Item = PaymentHash>>(payments: T) -> Self {
        Self(Arc::new(RwLock::new(payments.into_iter().collect())))
    }
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RevocationList({} payments)", self.len())
    }
}
