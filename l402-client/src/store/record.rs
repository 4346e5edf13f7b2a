//! What a store remembers of a payment: [`Intent`], [`State`], [`Record`].

use std::fmt;

use l402_core::header::Scheme;
use l402_core::{Msat, PaymentHash, Preimage, UnixTime};

use crate::receipt::Receipt;

/// A payment that is about to be made, and what for.
///
/// # Security
/// The macaroon becomes half of a bearer secret once it is paid for. `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Intent {
    /// Names the payment. There is one intent for a payment hash, ever.
    pub payment_hash: PaymentHash,
    /// The amount of the invoice.
    pub amount: Msat,
    /// The highest routing fee it may have. Reserved together with the amount.
    pub max_fee: Msat,
    /// The BOLT11 invoice.
    pub invoice: String,
    /// When the invoice stops being payable.
    pub expires_at: UnixTime,
    /// The word of the challenge, which goes back in the credential.
    pub scheme: Scheme,
    /// The token as the server wrote it.
    pub macaroon: String,
    /// What is bought.
    pub purpose: Purpose,
    /// When the intent was made.
    pub begun_at: UnixTime,
}

impl Intent {
    /// What it may cost: amount and highest fee, or [`Msat::MAX`] where that does not fit.
    #[must_use]
    pub fn reservation(&self) -> Msat {
        self.amount.checked_add(self.max_fee).unwrap_or(Msat::MAX)
    }
}

impl fmt::Debug for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intent")
            .field("payment_hash", &self.payment_hash)
            .field("amount", &self.amount)
            .field("max_fee", &self.max_fee)
            .field("purpose", &self.purpose)
            .finish_non_exhaustive()
    }
}

/// The request that a payment is for. An invoice that was paid by itself has the method `PAY`, and no host, origin and
/// path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Purpose {
    /// The host, as budgets count it.
    pub host: String,
    /// Scheme, host and port, such as `https://api.example.com`. A token goes nowhere else.
    pub origin: String,
    /// The method.
    pub method: String,
    /// The path, without the query, which may hold secrets.
    pub path: String,
    /// The SHA-256 of method and URL, which tells whether two requests are the same.
    pub request: [u8; 32],
}

/// How far a payment has come. A state is on the disk before what it stands for begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum State {
    /// Its cost is reserved. The wallet has not been asked.
    Intent,
    /// The wallet is being asked, or was when the process ended: the money may be spent.
    Paying,
    /// The money is spent and the proof is here. The server has not delivered yet.
    Paid,
    /// The server has delivered at least once.
    Delivered,
    /// Nothing was spent, and nothing will be, unless a proof of the contrary turns up.
    Failed,
}

impl State {
    /// Whether it is still open what becomes of the money.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Intent | Self::Paying)
    }

    /// A stable name: `intent`, `paying`, `paid`, `delivered` or `failed`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Intent => "intent",
            Self::Paying => "paying",
            Self::Paid => "paid",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// All that is remembered of a payment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Record {
    /// What was to be paid.
    pub intent: Intent,
    /// How far it has come.
    pub state: State,
    /// When it came there.
    pub changed_at: UnixTime,
    /// The proof, once it is paid.
    pub preimage: Option<Preimage>,
    /// The routing fee, where the wallet tells it.
    pub fee: Option<Msat>,
    /// How often the server delivered for it.
    pub used: u32,
    /// The server does not accept the token any more.
    pub dropped: bool,
    /// Some process is at work on it at this moment, or may be: it is paying, or showing the token for the first time.
    pub running: bool,
}

impl Record {
    /// The record of a new intent.
    #[must_use]
    pub const fn new(intent: Intent) -> Self {
        let changed_at = intent.begun_at;
        Self {
            intent,
            state: State::Intent,
            changed_at,
            preimage: None,
            fee: None,
            used: 0,
            dropped: false,
            running: false,
        }
    }

    /// What counts against budgets. A fee that the wallet does not tell counts with its highest.
    #[must_use]
    pub fn cost(&self) -> Msat {
        match self.state {
            State::Intent | State::Paying => self.intent.reservation(),
            State::Paid | State::Delivered => {
                let fee = self.fee.unwrap_or(self.intent.max_fee);
                self.intent.amount.checked_add(fee).unwrap_or(Msat::MAX)
            }
            State::Failed => Msat::ZERO,
        }
    }

    /// Whether there is a token that may still be accepted.
    #[must_use]
    pub const fn has_token(&self) -> bool {
        self.preimage.is_some() && !self.dropped
    }

    /// The receipt, once it is paid.
    #[must_use]
    pub fn receipt(&self) -> Option<Receipt> {
        matches!(self.state, State::Paid | State::Delivered).then(|| Receipt {
            amount: self.intent.amount,
            fee: self.fee,
            payment_hash: self.intent.payment_hash,
            paid_at: self.changed_at,
        })
    }

    /// Goes a step further if it may be gone from here. For stores.
    ///
    /// ```text
    /// Intent ──► Paying ──► Paid ──► Delivered
    ///    └─────────┴──────► Failed ──► Paid
    /// ```
    /// A proof is worth more than the belief that nothing was spent, so what has failed can turn out to be paid.
    /// The same step again is fine and changes nothing, except that every delivery counts.
    #[must_use]
    pub fn advance(&mut self, step: &Step, now: UnixTime) -> bool {
        match (self.state, step) {
            (State::Intent, Step::Paying) => self.state = State::Paying,
            (State::Intent | State::Paying, Step::Failed) => self.state = State::Failed,
            (State::Paying | State::Failed, Step::Paid { preimage, fee }) => {
                self.state = State::Paid;
                self.preimage = Some(preimage.clone());
                self.fee = *fee;
            }
            (State::Paid, Step::Delivered) => {
                self.state = State::Delivered;
                self.used = self.used.saturating_add(1);
            }
            (State::Delivered, Step::Delivered) => {
                self.used = self.used.saturating_add(1);
                return true;
            }
            (State::Paid | State::Delivered, Step::Dropped) => {
                self.dropped = true;
                return true;
            }
            (State::Paid | State::Delivered, Step::Paid { .. }) | (State::Failed, Step::Failed) => {
                return true;
            }
            _ => return false,
        }
        self.changed_at = now;
        true
    }
}

/// A step of a payment. See [`Record::advance`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// The wallet is about to be asked.
    Paying,
    /// The wallet has paid. Not from [`State::Intent`]; a payment that is known to be paid stays as it is.
    Paid {
        /// The proof.
        preimage: Preimage,
        /// The routing fee, where the wallet tells it.
        fee: Option<Msat>,
    },
    /// The server has delivered.
    Delivered,
    /// Nothing was spent, and nothing will be: the reservation ends.
    Failed,
    /// The server does not accept the token any more.
    Dropped,
}

impl Step {
    /// Whether the step must survive a power loss before anything else happens.
    #[must_use]
    pub const fn must_be_durable(&self) -> bool {
        matches!(self, Self::Paying | Self::Paid { .. } | Self::Failed)
    }
}
