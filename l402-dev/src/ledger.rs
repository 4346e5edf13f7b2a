//! Who owes, who paid, and the rules of paying.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use l402_core::ports::{BackendError, BackendErrorKind, Invoice, NewInvoice, Payment, Settlement};
use l402_core::{Clock, Msat, PaymentHash, UnixTime};

use crate::signer::{SignedInvoice, Signer};

/// No payment leaves this process, so there is nobody to pay a fee to.
const FEE: Msat = Msat::ZERO;

/// An invoice of a [`DevNode`](crate::DevNode), without its preimage.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvoiceRecord {
    /// What the preimage hashes to.
    pub payment_hash: PaymentHash,
    /// What it costs.
    pub amount: Msat,
    /// The description as it stands in the invoice, which cuts long ones.
    pub description: String,
    /// When it was signed.
    pub created_at: UnixTime,
    /// The first moment at which it is no longer payable.
    pub expires_at: UnixTime,
    /// When it was paid; `None` as long as it is not.
    pub settled_at: Option<UnixTime>,
}

/// A payment that succeeded, without its preimage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PaymentRecord {
    /// The payment hash of the invoice.
    pub payment_hash: PaymentHash,
    /// What the payee got.
    pub amount: Msat,
    /// What the payer spent on top of it.
    pub fee: Msat,
    /// When.
    pub paid_at: UnixTime,
}

/// The state behind all handles of one node.
///
/// The lock is held for the rules alone: neither for signing, nor while the clock is read, which may be the
/// user's code.
pub(crate) struct Ledger {
    signer: Signer,
    clock: Box<dyn Clock>,
    state: Mutex<State>,
}

impl Ledger {
    pub(crate) fn new(signer: Signer, clock: Box<dyn Clock>) -> Self {
        Self { signer, clock, state: Mutex::default() }
    }

    pub(crate) fn node_id(&self) -> [u8; 33] {
        self.signer.node_id()
    }

    pub(crate) fn open_account(&self, balance: Msat) -> AccountId {
        let mut state = self.state();
        state.balances.push(balance);
        AccountId(state.balances.len() - 1)
    }

    pub(crate) fn balance(&self, account: AccountId) -> Msat {
        self.state().balances[account.0]
    }

    pub(crate) fn issue(&self, request: NewInvoice) -> Result<Invoice, BackendError> {
        let signed = self.signer.sign(request, self.clock.now())?;
        let hash = signed.payment_hash;
        let invoice = Invoice::new(signed.bolt11.clone(), hash, hash.to_string());
        self.state().add(signed);
        Ok(invoice)
    }

    pub(crate) fn settlement(&self, hash: PaymentHash) -> Settlement {
        let now = self.clock.now();
        self.state().find(hash).map_or(Settlement::NotFound, |entry| entry.settlement(now))
    }

    /// Pays `bolt11`, whose payment hash is `hash`, from `account`: wholly or not at all.
    pub(crate) fn pay(
        &self,
        account: AccountId,
        bolt11: &str,
        hash: PaymentHash,
    ) -> Result<Payment, BackendErrorKind> {
        let now = self.clock.now();
        self.state().pay(account, bolt11, hash, now)
    }

    /// The payment of this hash, if it was made from `account`.
    pub(crate) fn payment(&self, account: AccountId, hash: PaymentHash) -> Option<Payment> {
        self.state().find(hash).filter(|entry| entry.paid_from(account)).map(Entry::payment)
    }

    pub(crate) fn invoices(&self) -> Vec<InvoiceRecord> {
        self.state().invoices.iter().map(Entry::record).collect()
    }

    pub(crate) fn payments(&self) -> Vec<PaymentRecord> {
        self.state().payments.clone()
    }

    /// A panic elsewhere leaves the state whole, because no rule below can stop half-way.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names an account of one ledger. Only [`Ledger::open_account`] makes them, and none is ever closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct AccountId(usize);

#[derive(Default)]
struct State {
    invoices: Vec<Entry>,
    by_hash: HashMap<PaymentHash, usize>,
    payments: Vec<PaymentRecord>,
    balances: Vec<Msat>,
}

impl State {
    fn add(&mut self, invoice: SignedInvoice) {
        self.by_hash.insert(invoice.payment_hash, self.invoices.len());
        self.invoices.push(Entry { invoice, paid: None });
    }

    fn find(&self, hash: PaymentHash) -> Option<&Entry> {
        self.by_hash.get(&hash).map(|&index| &self.invoices[index])
    }

    fn pay(
        &mut self,
        account: AccountId,
        bolt11: &str,
        hash: PaymentHash,
        now: UnixTime,
    ) -> Result<Payment, BackendErrorKind> {
        let index = *self.by_hash.get(&hash).ok_or(BackendErrorKind::NoRoute)?;
        let entry = &mut self.invoices[index];
        // Anybody can sign an invoice with a known hash and a smaller amount. The payee is this node for its
        // own texts only.
        if !entry.invoice.is_written_as(bolt11) {
            return Err(BackendErrorKind::NoRoute);
        }
        // Before the expiry: what is paid stays paid.
        if entry.paid.is_some() {
            let same_payer = entry.paid_from(account);
            return if same_payer { Ok(entry.payment()) } else { Err(BackendErrorKind::AlreadyPaid) };
        }
        if entry.is_expired(now) {
            return Err(BackendErrorKind::Expired);
        }
        let amount = entry.invoice.amount;
        let balance = &mut self.balances[account.0];
        *balance = balance.checked_sub(amount).ok_or(BackendErrorKind::InsufficientBalance)?;
        entry.paid = Some(Paid { from: account, at: now });
        self.payments.push(PaymentRecord { payment_hash: hash, amount, fee: FEE, paid_at: now });
        Ok(entry.payment())
    }
}

struct Entry {
    invoice: SignedInvoice,
    paid: Option<Paid>,
}

#[derive(Clone, Copy)]
struct Paid {
    from: AccountId,
    at: UnixTime,
}

impl Entry {
    fn paid_from(&self, account: AccountId) -> bool {
        self.paid.is_some_and(|paid| paid.from == account)
    }

    fn is_expired(&self, now: UnixTime) -> bool {
        now >= self.invoice.expires_at
    }

    fn payment(&self) -> Payment {
        Payment::new(self.invoice.preimage.clone(), Some(FEE))
    }

    fn settlement(&self, now: UnixTime) -> Settlement {
        match self.paid {
            Some(paid) => Settlement::Settled {
                preimage: Some(self.invoice.preimage.clone()),
                settled_at: Some(paid.at),
            },
            None if self.is_expired(now) => Settlement::Expired,
            None => Settlement::Open,
        }
    }

    fn record(&self) -> InvoiceRecord {
        let invoice = &self.invoice;
        InvoiceRecord {
            payment_hash: invoice.payment_hash,
            amount: invoice.amount,
            description: invoice.description.clone(),
            created_at: invoice.created_at,
            expires_at: invoice.expires_at,
            settled_at: self.paid.map(|paid| paid.at),
        }
    }
}
