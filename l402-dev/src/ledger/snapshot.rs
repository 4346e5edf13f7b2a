//! The whole state as JSON, so that a node can be stopped and started.

use l402_core::{Msat, Preimage, UnixTime};
use serde::{Deserialize, Serialize};

use super::book::Book;
use super::entry::{Attempt, Ending, Entry, Progress};
use super::{AccountId, AccountRecord, PaymentRecord};
use crate::signer::{SignedInvoice, Signer};

const VERSION: u32 = 1;

/// Everything but what failed and the faults.
#[derive(Serialize, Deserialize)]
pub(crate) struct Snapshot {
    version: u32,
    seed: String,
    signed: u64,
    accounts: Vec<Account>,
    invoices: Vec<Invoice>,
    payments: Vec<Payment>,
}

#[derive(Serialize, Deserialize)]
struct Account {
    name: String,
    balance_msat: u64,
}

#[derive(Serialize, Deserialize)]
struct Invoice {
    /// Its preimage follows from the seed and this.
    number: u64,
    bolt11: String,
    amount_msat: u64,
    description: String,
    created_at: u64,
    expires_at: u64,
    payee: usize,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempt: Option<Try>,
}

#[derive(Serialize, Deserialize)]
struct Try {
    from: usize,
    fee_msat: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    shown: Option<String>,
    state: State,
    /// The Unix time at which it was paid, settles or fails.
    at: u64,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Paid,
    Stuck,
    Settles,
    Fails,
}

#[derive(Serialize, Deserialize)]
struct Payment {
    payment_hash: String,
    payer: String,
    amount_msat: u64,
    fee_msat: u64,
    paid_at: u64,
}

impl Snapshot {
    pub(super) fn of(signer: &Signer, book: &Book) -> Self {
        let (seed, signed) = signer.position();
        let accounts = book.accounts().iter();
        let payments = book.payments().iter();
        Self {
            version: VERSION,
            seed: Preimage::from_bytes(seed).expose_hex(),
            signed,
            accounts: accounts.map(Account::from).collect(),
            invoices: book.entries().iter().map(Invoice::of).collect(),
            payments: payments.map(Payment::from).collect(),
        }
    }

    /// The seed, if this version of the format can be read.
    pub(crate) fn seed(&self) -> Option<[u8; 32]> {
        let seed: Preimage = self.seed.parse().ok()?;
        (self.version == VERSION).then(|| *seed.expose())
    }

    /// The book as it was; `None` when something in it contradicts the rest.
    pub(super) fn into_book(self, signer: &Signer) -> Option<Book> {
        signer.skip_to(self.signed);
        let mut book = Book::default();
        for account in self.accounts {
            book.open_account(account.name.into(), Msat::from_msat(account.balance_msat))?;
        }
        let accounts = book.accounts().len();
        for invoice in self.invoices {
            let known = |id: usize| id < accounts;
            if invoice.number >= self.signed
                || !known(invoice.payee)
                || !invoice.attempt.as_ref().is_none_or(|attempt| known(attempt.from))
            {
                return None;
            }
            book.restore(invoice.into_entry(signer)?);
        }
        for payment in self.payments {
            book.restore_payment(PaymentRecord {
                payment_hash: payment.payment_hash.parse().ok()?,
                payer: payment.payer.into(),
                amount: Msat::from_msat(payment.amount_msat),
                fee: Msat::from_msat(payment.fee_msat),
                paid_at: UnixTime::from_secs(payment.paid_at),
            });
        }
        Some(book)
    }
}

impl Invoice {
    fn of(entry: &Entry) -> Self {
        let invoice = &entry.invoice;
        Self {
            number: invoice.number,
            bolt11: invoice.bolt11.clone(),
            amount_msat: invoice.amount.as_msat(),
            description: invoice.description.clone(),
            created_at: invoice.created_at.as_secs(),
            expires_at: invoice.expires_at.as_secs(),
            payee: entry.payee.0,
            attempt: Try::of(&entry.progress),
        }
    }

    fn into_entry(self, signer: &Signer) -> Option<Entry> {
        let preimage = signer.preimage(self.number);
        let invoice = SignedInvoice {
            number: self.number,
            payment_hash: preimage.payment_hash(),
            preimage,
            bolt11: self.bolt11,
            amount: Msat::from_msat(self.amount_msat),
            description: self.description,
            created_at: UnixTime::from_secs(self.created_at),
            expires_at: UnixTime::from_secs(self.expires_at),
        };
        let mut entry = Entry::new(invoice, AccountId(self.payee));
        if let Some(attempt) = self.attempt {
            entry.progress = attempt.into_progress()?;
        }
        Some(entry)
    }
}

impl Try {
    fn of(progress: &Progress) -> Option<Self> {
        let (attempt, state, at) = match progress {
            Progress::Open => return None,
            Progress::Paid(attempt, at) => (attempt, State::Paid, *at),
            Progress::InFlight(attempt, Ending::Never) => (attempt, State::Stuck, UnixTime::MAX),
            Progress::InFlight(attempt, Ending::Settle(at)) => (attempt, State::Settles, *at),
            Progress::InFlight(attempt, Ending::Fail(at)) => (attempt, State::Fails, *at),
        };
        Some(Self {
            from: attempt.from.0,
            fee_msat: attempt.fee.as_msat(),
            shown: attempt.shown.as_ref().map(Preimage::expose_hex),
            state,
            at: at.as_secs(),
        })
    }

    fn into_progress(self) -> Option<Progress> {
        let shown = self.shown.map(|shown| shown.parse()).transpose().ok()?;
        let attempt = Attempt { from: AccountId(self.from), fee: Msat::from_msat(self.fee_msat), shown };
        let at = UnixTime::from_secs(self.at);
        Some(match self.state {
            State::Paid => Progress::Paid(attempt, at),
            State::Stuck => Progress::InFlight(attempt, Ending::Never),
            State::Settles => Progress::InFlight(attempt, Ending::Settle(at)),
            State::Fails => Progress::InFlight(attempt, Ending::Fail(at)),
        })
    }
}

impl From<&AccountRecord> for Account {
    fn from(record: &AccountRecord) -> Self {
        Self { name: record.name.to_string(), balance_msat: record.balance.as_msat() }
    }
}

impl From<&PaymentRecord> for Payment {
    fn from(record: &PaymentRecord) -> Self {
        Self {
            payment_hash: record.payment_hash.to_string(),
            payer: record.payer.to_string(),
            amount_msat: record.amount.as_msat(),
            fee_msat: record.fee.as_msat(),
            paid_at: record.paid_at.as_secs(),
        }
    }
}
