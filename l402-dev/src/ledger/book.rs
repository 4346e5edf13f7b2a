//! [`Book`]: the accounts, the invoices, and the rules of paying.

use std::collections::HashMap;
use std::sync::Arc;

use l402_core::ports::{BackendErrorKind, PayOutcome};
use l402_core::{Msat, PaymentHash, Preimage, UnixTime};

use super::AccountId;
use super::entry::{Attempt, Ending, Entry, Progress};
use super::record::{AccountRecord, InvoiceRecord, PaymentRecord};
use crate::signer::SignedInvoice;

#[derive(Default)]
pub(super) struct Book {
    accounts: Vec<AccountRecord>,
    by_name: HashMap<Arc<str>, AccountId>,
    entries: Vec<Entry>,
    by_hash: HashMap<PaymentHash, usize>,
    in_flight: Vec<usize>,
    payments: Vec<PaymentRecord>,
}

/// Who pays what, and how it goes.
pub(crate) struct Order<'a> {
    pub(crate) from: AccountId,
    pub(crate) bolt11: &'a str,
    pub(crate) payment_hash: PaymentHash,
    /// The most that the fee may be.
    pub(crate) max_fee: Msat,
    pub(crate) course: Course,
}

/// How a payment goes.
pub(crate) enum Course {
    Settle,
    /// It settles, and once more.
    SettleTwice,
    /// It settles, and the payer is shown this.
    Show(Preimage),
    /// It is in flight until its end.
    Hang(Ending),
}

impl Book {
    /// `None` when there is an account of this name already: facades that need no key find accounts by name.
    pub(super) fn open_account(&mut self, name: Arc<str>, balance: Msat) -> Option<AccountId> {
        if self.by_name.contains_key(&name) {
            return None;
        }
        let id = AccountId(self.accounts.len());
        self.by_name.insert(Arc::clone(&name), id);
        self.accounts.push(AccountRecord { name, balance });
        Some(id)
    }

    pub(super) fn find_account(&self, name: &str) -> Option<AccountId> {
        self.by_name.get(name).copied()
    }

    pub(super) fn account(&self, id: AccountId) -> &AccountRecord {
        &self.accounts[id.0]
    }

    pub(super) fn accounts(&self) -> &[AccountRecord] {
        &self.accounts
    }

    pub(super) fn add(&mut self, invoice: SignedInvoice, payee: AccountId) {
        self.restore(Entry::new(invoice, payee));
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Puts an entry back as it was.
    pub(super) fn restore(&mut self, entry: Entry) {
        let index = self.entries.len();
        self.by_hash.insert(entry.invoice.payment_hash, index);
        if matches!(entry.progress, Progress::InFlight(..)) {
            self.in_flight.push(index);
        }
        self.entries.push(entry);
    }

    /// Puts a payment back into the list; the balances know of it already.
    pub(super) fn restore_payment(&mut self, payment: PaymentRecord) {
        self.payments.push(payment);
    }

    pub(super) fn find(&self, hash: PaymentHash) -> Option<&Entry> {
        self.by_hash.get(&hash).map(|&index| &self.entries[index])
    }

    pub(super) fn invoice_records(&self, now: UnixTime) -> Vec<InvoiceRecord> {
        self.entries.iter().map(|entry| self.record(entry, now)).collect()
    }

    /// The newest first, at most this many.
    pub(super) fn newest_invoices(&self, most: usize, now: UnixTime) -> Vec<InvoiceRecord> {
        self.entries.iter().rev().take(most).map(|entry| self.record(entry, now)).collect()
    }

    #[cfg(feature = "facades")]
    pub(super) fn hashes_since(&self, count: usize) -> Vec<PaymentHash> {
        let entries = self.entries.get(count..).unwrap_or_default();
        entries.iter().map(|entry| entry.invoice.payment_hash).collect()
    }

    pub(super) fn record(&self, entry: &Entry, now: UnixTime) -> InvoiceRecord {
        entry.record(Arc::clone(&self.account(entry.payee).name), now)
    }

    pub(super) fn payments(&self) -> &[PaymentRecord] {
        &self.payments
    }

    /// Ends the payments in flight whose time has come.
    pub(super) fn settle_due(&mut self, now: UnixTime) {
        if self.in_flight.is_empty() {
            return;
        }
        let due: Vec<usize> = (self.in_flight.iter().copied())
            .filter(|&index| match self.entries[index].progress {
                Progress::InFlight(_, Ending::Settle(at) | Ending::Fail(at)) => now >= at,
                _ => false,
            })
            .collect();
        self.in_flight.retain(|index| !due.contains(index));
        for &index in &due {
            let entry = &mut self.entries[index];
            match std::mem::replace(&mut entry.progress, Progress::Open) {
                Progress::InFlight(attempt, Ending::Settle(at)) => self.settle(index, attempt, at),
                Progress::InFlight(attempt, _) => self.give_back(index, &attempt),
                other => entry.progress = other,
            }
        }
    }

    /// Pays an invoice wholly or not at all.
    pub(super) fn pay(
        &mut self,
        order: Order<'_>,
        fee: Msat,
        now: UnixTime,
    ) -> Result<PayOutcome, BackendErrorKind> {
        let index = *self.by_hash.get(&order.payment_hash).ok_or(BackendErrorKind::NoRoute)?;
        let entry = &self.entries[index];
        // Anybody can sign an invoice with a known hash and a smaller amount. The payee is this node for its
        // own texts only.
        if !entry.invoice.is_written_as(order.bolt11) {
            return Err(BackendErrorKind::NoRoute);
        }
        // Before the expiry: what is paid stays paid.
        match &entry.progress {
            Progress::Open => {}
            Progress::InFlight(attempt, _) if attempt.from == order.from => return Ok(PayOutcome::Pending),
            Progress::InFlight(..) => return Err(BackendErrorKind::InFlight),
            Progress::Paid(attempt, _) if attempt.from == order.from => {
                return Ok(PayOutcome::Paid(entry.payment(attempt)));
            }
            Progress::Paid(..) => return Err(BackendErrorKind::AlreadyPaid),
        }
        if entry.is_expired(now) {
            return Err(BackendErrorKind::Expired);
        }
        if entry.payee == order.from {
            return Err(BackendErrorKind::SelfPayment);
        }
        if fee > order.max_fee {
            return Err(BackendErrorKind::FeeTooHigh);
        }
        let times = if matches!(order.course, Course::SettleTwice) { 2 } else { 1 };
        let too_much = BackendErrorKind::LimitExceeded;
        let amount = entry.invoice.amount.checked_mul(times).ok_or(too_much)?;
        let fees = fee.checked_mul(times).ok_or(too_much)?;
        self.check_credit(entry.payee, amount)?;
        self.debit(order.from, amount, fees)?;

        let (shown, ending) = match order.course {
            Course::Settle | Course::SettleTwice => (None, None),
            Course::Show(preimage) => (Some(preimage), None),
            Course::Hang(ending) => (None, Some(ending)),
        };
        let attempt = Attempt { from: order.from, fee, shown };
        if let Some(ending) = ending {
            self.entries[index].progress = Progress::InFlight(attempt, ending);
            self.in_flight.push(index);
            return Ok(PayOutcome::Pending);
        }
        for _ in 0..times {
            self.settle(index, attempt.clone(), now);
        }
        Ok(PayOutcome::Paid(self.entries[index].payment(&attempt)))
    }

    /// What failed without a rule of this book saying so, for the payer's lookups.
    pub(super) fn fail(&mut self, from: AccountId, hash: PaymentHash, kind: BackendErrorKind) {
        if let Some(&index) = self.by_hash.get(&hash) {
            self.entries[index].failure = Some((from, kind));
        }
    }

    fn settle(&mut self, index: usize, attempt: Attempt, at: UnixTime) {
        let entry = &mut self.entries[index];
        let amount = entry.invoice.amount;
        let payee = &mut self.accounts[entry.payee.0].balance;
        *payee = payee.checked_add(amount).unwrap_or(Msat::MAX);
        let payer = Arc::clone(&self.accounts[attempt.from.0].name);
        let payment_hash = entry.invoice.payment_hash;
        self.payments.push(PaymentRecord { payment_hash, payer, amount, fee: attempt.fee, paid_at: at });
        entry.progress = Progress::Paid(attempt, at);
    }

    fn give_back(&mut self, index: usize, attempt: &Attempt) {
        let entry = &mut self.entries[index];
        entry.failure = Some((attempt.from, BackendErrorKind::NoRoute));
        let amount = entry.invoice.amount;
        let payer = &mut self.accounts[attempt.from.0].balance;
        let cost = amount.checked_add(attempt.fee).unwrap_or(Msat::MAX);
        *payer = payer.checked_add(cost).unwrap_or(Msat::MAX);
    }

    fn debit(&mut self, from: AccountId, amount: Msat, fee: Msat) -> Result<(), BackendErrorKind> {
        let balance = &mut self.accounts[from.0].balance;
        let rest = amount.checked_add(fee).and_then(|cost| balance.checked_sub(cost));
        *balance = rest.ok_or(BackendErrorKind::InsufficientBalance)?;
        Ok(())
    }

    /// Money must not vanish in an account that can hold no more.
    fn check_credit(&self, payee: AccountId, amount: Msat) -> Result<(), BackendErrorKind> {
        let balance = self.account(payee).balance;
        balance.checked_add(amount).map(drop).ok_or(BackendErrorKind::LimitExceeded)
    }
}
