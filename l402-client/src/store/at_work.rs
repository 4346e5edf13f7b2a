//! [`AtWork`]: the payments that this process is at work on.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use l402_core::PaymentHash;

/// The payments that clients of one store are at work on in this process. Clones share them.
///
/// Every store has one, from which it knows which of its records are [`running`](super::Record::running).
#[derive(Clone, Default)]
pub struct AtWork(Arc<Mutex<HashSet<PaymentHash>>>);

impl AtWork {
    /// Whether somebody is at work on this payment.
    #[must_use]
    pub fn contains(&self, payment_hash: &PaymentHash) -> bool {
        self.lock().contains(payment_hash)
    }

    /// `None` when somebody is already.
    pub(crate) fn begin(&self, payment_hash: PaymentHash) -> Option<Running> {
        let is_new = self.lock().insert(payment_hash);
        is_new.then(|| Running { at_work: self.clone(), payment_hash })
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<PaymentHash>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for AtWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AtWork({} payments)", self.lock().len())
    }
}

/// Somebody is at work on a payment until this is dropped, which also happens when a call is cancelled.
pub(crate) struct Running {
    at_work: AtWork,
    payment_hash: PaymentHash,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.at_work.lock().remove(&self.payment_hash);
    }
}
