//! [`Settled`]: payments that the node was found to have received.

use std::collections::HashSet;
use std::mem;
use std::sync::{Mutex, PoisonError};

use foldhash::quality::RandomState;
use l402_core::PaymentHash;

/// How many payments are kept before the older half may go: half a megabyte each.
const GENERATION: usize = 8192;

/// Remembers payments that the node said are settled, for they stay so: a token for many calls takes one lookup, and not
/// one for each of them. What was not seen for long is forgotten, and asked for again.
#[derive(Default)]
pub(crate) struct Settled(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashSet<PaymentHash, RandomState>,
    old: HashSet<PaymentHash, RandomState>,
}

impl Settled {
    pub(crate) fn contains(&self, payment: &PaymentHash) -> bool {
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_old = generations.old.contains(payment);
        if is_old {
            generations.insert(*payment);
        }
        is_old || generations.young.contains(payment)
    }

    pub(crate) fn insert(&self, payment: PaymentHash) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(payment);
    }
}

impl Generations {
    fn insert(&mut self, payment: PaymentHash) {
        if self.young.len() >= GENERATION {
            self.old = mem::take(&mut self.young);
        }
        self.young.insert(payment);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payment(number: usize) -> PaymentHash {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        PaymentHash::from_bytes(bytes)
    }

    #[test]
    fn what_is_asked_for_stays_and_what_is_not_is_forgotten() {
        let settled = Settled::default();
        for number in 0..4 * GENERATION {
            settled.insert(payment(number));
            assert!(settled.contains(&payment(0)), "asked for all the time, gone after {number} others");
        }
        assert!(!settled.contains(&payment(1)));
        let generations = settled.0.lock().unwrap();
        assert!(generations.young.len() + generations.old.len() <= 2 * GENERATION);
    }
}
