//! The labels that lightningd keeps of invoices.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use l402_core::PaymentHash;

/// Each label is one invoice's, and each invoice has one. Found from both ends.
#[derive(Default)]
pub(super) struct Labels {
    hashes: HashMap<String, PaymentHash>,
    labels: HashMap<PaymentHash, String>,
}

impl Labels {
    /// `false` when the label is taken.
    pub(super) fn put(&mut self, label: &str, hash: PaymentHash) -> bool {
        let Entry::Vacant(place) = self.hashes.entry(label.to_owned()) else { return false };
        place.insert(hash);
        self.labels.insert(hash, label.to_owned());
        true
    }

    pub(super) fn hash(&self, label: &str) -> Option<PaymentHash> {
        self.hashes.get(label).copied()
    }

    pub(super) fn label(&self, hash: PaymentHash) -> Option<&str> {
        self.labels.get(&hash).map(String::as_str)
    }
}
