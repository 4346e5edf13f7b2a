//! What a payee's own software knows of its invoices: more than any record tells.

use l402_core::{PaymentHash, Preimage};

use super::{AccountId, InvoiceRecord, Ledger, PaymentRecord};

impl Ledger {
    /// An invoice that is paid to `payee`, with its preimage, which payees know before they are paid.
    pub(crate) fn received(&self, payee: AccountId, hash: PaymentHash) -> Option<(InvoiceRecord, Preimage)> {
        let now = self.now();
        let book = self.book(now);
        let entry = book.find(hash).filter(|entry| entry.payee == payee)?;
        Some((book.record(entry, now), entry.invoice.preimage.clone()))
    }

    /// The hashes of the invoices after the first `count`.
    pub(crate) fn invoices_since(&self, count: usize) -> Vec<PaymentHash> {
        self.book(self.now()).hashes_since(count)
    }

    /// The payments after the first `count`.
    pub(crate) fn payments_since(&self, count: usize) -> Vec<PaymentRecord> {
        self.book(self.now()).payments().get(count..).unwrap_or_default().to_vec()
    }
}
