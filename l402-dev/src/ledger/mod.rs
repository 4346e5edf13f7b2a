//! Who owes, who paid, and the rules of paying.

mod book;
mod entry;
#[cfg(feature = "facades")]
mod inside;
mod record;
mod snapshot;

use std::sync::{Mutex, MutexGuard, PoisonError};

use l402_core::ports::{BackendError, BackendErrorKind, Invoice, NewInvoice, PayOutcome, Settlement};
use l402_core::{Clock, Msat, PaymentHash, UnixTime};
use tokio::sync::watch;

use crate::fault::Faults;
use crate::signer::{Draft, Signer};
use book::Book;
pub(crate) use book::{Course, Order};
pub(crate) use entry::Ending;
pub use record::{AccountRecord, InvoiceRecord, InvoiceStatus, PaymentRecord};
pub(crate) use snapshot::Snapshot;

/// The state behind all handles of one node.
///
/// The lock is held for the rules alone: neither for signing, nor while the clock is read, which is the user's
/// code.
pub(crate) struct Ledger {
    signer: Signer,
    clock: Box<dyn Clock>,
    fee: Msat,
    faults: Faults,
    observer: Option<Observer>,
    book: Mutex<Book>,
    /// Counts the changes, for those who watch.
    changes: watch::Sender<u64>,
}

/// Hears of every order to pay: the account that is to pay, and the text that it is to pay.
pub(crate) type Observer = Box<dyn Fn(&str, &str) + Send + Sync>;

/// Names an account of one ledger. Only [`Ledger::open_account`] makes them, and none is ever closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AccountId(usize);

impl Ledger {
    pub(crate) fn new(signer: Signer, clock: Box<dyn Clock>, fee: Msat, observer: Option<Observer>) -> Self {
        let changes = watch::Sender::new(0);
        Self { signer, clock, fee, faults: Faults::default(), observer, book: Mutex::default(), changes }
    }

    /// Tells the observer that `account` is ordered to pay `text`, whatever becomes of it.
    pub(crate) fn ordered(&self, account: AccountId, text: &str) {
        if let Some(observer) = &self.observer {
            observer(&self.account(account).name, text);
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.signer, &self.book(self.now()))
    }

    /// Puts everything back; `false` when the snapshot contradicts itself.
    pub(crate) fn restore(&self, snapshot: Snapshot) -> bool {
        let Some(book) = snapshot.into_book(&self.signer) else { return false };
        *self.book.lock().unwrap_or_else(PoisonError::into_inner) = book;
        true
    }

    pub(crate) fn node_id(&self) -> [u8; 33] {
        self.signer.node_id()
    }

    pub(crate) const fn faults(&self) -> &Faults {
        &self.faults
    }

    pub(crate) fn now(&self) -> UnixTime {
        self.clock.now()
    }

    /// Resolves when something has changed since the last call.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// `None` when there is an account of this name already.
    pub(crate) fn open_account(&self, name: &str, balance: Msat) -> Option<AccountId> {
        let id = self.book(self.now()).open_account(name.into(), balance);
        self.changed();
        id
    }

    pub(crate) fn find_account(&self, name: &str) -> Option<AccountId> {
        self.book(self.now()).find_account(name)
    }

    pub(crate) fn account(&self, account: AccountId) -> AccountRecord {
        self.book(self.now()).account(account).clone()
    }

    pub(crate) fn accounts(&self) -> Vec<AccountRecord> {
        self.book(self.now()).accounts().to_vec()
    }

    /// The secret that opens an account. See [`Signer::account_key`].
    pub(crate) fn key(&self, account: AccountId, may_spend: bool) -> [u8; 32] {
        self.signer.account_key(account.0, may_spend)
    }

    /// See [`Signer::nostr_key`].
    #[cfg(feature = "nwc")]
    pub(crate) fn nostr_key(&self, account: AccountId, role: &str) -> [u8; 32] {
        self.signer.nostr_key(account.0, role)
    }

    /// The account that `key` opens, and whether it may spend.
    pub(crate) fn account_by_key(&self, key: &[u8]) -> Option<(AccountId, bool)> {
        let accounts = self.book(self.now()).accounts().len();
        let keys =
            (0..accounts).flat_map(|number| [true, false].map(|may_spend| (AccountId(number), may_spend)));
        keys.into_iter().find(|&(account, may_spend)| self.key(account, may_spend) == key)
    }

    /// Signs an invoice that is paid to `payee`.
    pub(crate) fn issue(&self, payee: AccountId, draft: Draft) -> Result<Invoice, BackendError> {
        let signed = self.signer.sign(draft)?;
        let hash = signed.payment_hash;
        let invoice = Invoice::new(signed.bolt11.clone(), hash, hash.to_string());
        self.book(self.now()).add(signed, payee);
        self.changed();
        Ok(invoice)
    }

    /// What an honest node puts into an invoice for `request`.
    pub(crate) fn draft(&self, request: NewInvoice) -> Draft {
        Draft::new(request, self.now())
    }

    pub(crate) fn settlement(&self, hash: PaymentHash) -> Settlement {
        let now = self.now();
        self.book(now).find(hash).map_or(Settlement::NotFound, |entry| entry.settlement(now))
    }

    pub(crate) fn pay(&self, order: Order<'_>) -> Result<PayOutcome, BackendErrorKind> {
        let now = self.now();
        let outcome = self.book(now).pay(order, self.fee, now);
        self.changed();
        outcome
    }

    /// Remembers that a payment from `account` failed before any rule was asked.
    pub(crate) fn fail(&self, account: AccountId, hash: PaymentHash, kind: BackendErrorKind) {
        self.book(self.now()).fail(account, hash, kind);
        self.changed();
    }

    /// What became of the payment of this hash from `account`.
    pub(crate) fn outcome(&self, account: AccountId, hash: PaymentHash) -> Option<PayOutcome> {
        self.book(self.now()).find(hash)?.outcome(account)
    }

    /// The invoice of this hash, if the node issued one.
    pub(crate) fn invoice(&self, hash: PaymentHash) -> Option<InvoiceRecord> {
        let now = self.now();
        let book = self.book(now);
        book.find(hash).map(|entry| book.record(entry, now))
    }

    pub(crate) fn invoices(&self) -> Vec<InvoiceRecord> {
        let now = self.now();
        self.book(now).invoice_records(now)
    }

    pub(crate) fn invoice_count(&self) -> usize {
        self.book(self.now()).entries().len()
    }

    pub(crate) fn payment_count(&self) -> usize {
        self.book(self.now()).payments().len()
    }

    /// The newest first, at most this many.
    pub(crate) fn newest_invoices(&self, most: usize) -> Vec<InvoiceRecord> {
        let now = self.now();
        self.book(now).newest_invoices(most, now)
    }

    /// The newest first, at most this many.
    pub(crate) fn newest_payments(&self, most: usize) -> Vec<PaymentRecord> {
        self.book(self.now()).payments().iter().rev().take(most).cloned().collect()
    }

    pub(crate) fn payments(&self) -> Vec<PaymentRecord> {
        self.book(self.now()).payments().to_vec()
    }

    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// The book as it stands at `now`. A panic elsewhere leaves it whole, because no rule of it can stop
    /// half-way.
    fn book(&self, now: UnixTime) -> MutexGuard<'_, Book> {
        let mut book = self.book.lock().unwrap_or_else(PoisonError::into_inner);
        book.settle_due(now);
        book
    }
}
