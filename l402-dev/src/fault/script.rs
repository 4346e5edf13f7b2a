//! [`Script`]: the faults of one operation, and which of them is next.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::{self, Display};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use l402_core::PaymentHash;

use super::When;

/// The faults of one operation. Clones share them.
#[derive(Clone)]
pub struct Script<F>(Arc<Mutex<Plan<F>>>);

struct Plan<F> {
    next: VecDeque<(u32, F)>,
    every: Option<F>,
    of: BTreeMap<[u8; 32], F>,
}

impl<F: Copy> Script<F> {
    /// Once, at the next call that has no earlier fault waiting.
    pub fn next(&self, fault: F) {
        self.add(When::Next(1), fault);
    }

    /// At every call from now on.
    pub fn every(&self, fault: F) {
        self.add(When::Every, fault);
    }

    /// At every call about `payment_hash` from now on.
    pub fn of(&self, payment_hash: PaymentHash, fault: F) {
        self.add(When::Of(payment_hash), fault);
    }

    /// At the time that `when` says.
    pub fn add(&self, when: When, fault: F) {
        let mut plan = self.plan();
        match when {
            When::Next(0) => {}
            When::Next(times) => plan.next.push_back((times, fault)),
            When::Every => plan.every = Some(fault),
            When::Of(hash) => {
                plan.of.insert(*hash.as_bytes(), fault);
            }
        }
    }

    /// Forgets the faults of this operation.
    pub fn clear(&self) {
        *self.plan() = Plan::default();
    }

    /// The fault of a call that happens now, about `hash` if that is known yet.
    pub(crate) fn take(&self, hash: Option<PaymentHash>) -> Option<F> {
        let mut plan = self.plan();
        if let Some(fault) = hash.and_then(|hash| plan.of.get(hash.as_bytes())) {
            return Some(*fault);
        }
        let Some((times, fault)) = plan.next.front_mut() else { return plan.every };
        let fault = *fault;
        *times -= 1;
        if *times == 0 {
            plan.next.pop_front();
        }
        Some(fault)
    }

    /// No rule of a plan can stop half-way, so a panic elsewhere leaves it whole.
    fn plan(&self) -> MutexGuard<'_, Plan<F>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Copy + Display> Script<F> {
    pub(super) fn list(&self, operation: &str, lines: &mut Vec<String>) {
        let plan = self.plan();
        let of = plan.of.iter().map(|(hash, fault)| (When::Of(PaymentHash::from_bytes(*hash)), fault));
        let next = plan.next.iter().map(|(times, fault)| (When::Next(*times), fault));
        let every = plan.every.iter().map(|fault| (When::Every, fault));
        lines.extend(of.chain(next).chain(every).map(|(when, fault)| format!("{operation} {when} {fault}")));
    }
}

impl<F> Default for Script<F> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Plan::default())))
    }
}

impl<F> Default for Plan<F> {
    fn default() -> Self {
        Self { next: VecDeque::new(), every: None, of: BTreeMap::new() }
    }
}

impl<F: fmt::Debug> fmt::Debug for Script<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Script").finish_non_exhaustive()
    }
}
