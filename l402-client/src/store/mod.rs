//! Where payments are remembered: the [`Store`] trait, in memory ([`MemoryStore`]) and in an SQLite file
//! (`SqliteStore`, feature `sqlite`).
//!
//! One record a payment is all there is. Budgets are sums over the records, the journal is their states, and tokens
//! are those with a preimage; so the three cannot disagree.

mod at_work;
#[cfg(feature = "store-contract")]
#[cfg_attr(docsrs, doc(cfg(feature = "store-contract")))]
pub mod contract;
mod memory;
mod record;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::sync::Arc;

use l402_core::ports::{PortFuture, StoreError};
use l402_core::{Msat, PaymentHash, UnixTime};

use crate::budget::{Budget, Counted, Denial};
pub use at_work::AtWork;
pub(crate) use at_work::Running;
pub use memory::MemoryStore;
pub use record::{Intent, Purpose, Record, State, Step};
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use sqlite::{SqliteOpenError, SqliteOptions, SqliteStore};

/// Remembers payments: what is reserved, what was paid, and the tokens that were bought.
///
/// Each method is one transaction: it happens wholly or not at all, and of several at once, whether in one process or
/// in many, one happens after the other. What has been answered has happened, and outlives the process if the store
/// outlives it at all.
///
/// The module `contract` (feature `store-contract`) tests a store of one's own.
///
/// # Security
/// Records hold preimages and macaroons, which together are what was bought. A store keeps them where only its owner
/// can read them.
pub trait Store: Send + Sync {
    /// Reserves what `intent` may cost and remembers it, unless its payment hash is known already or
    /// [`Budget::check`] denies it.
    fn begin(&self, intent: Intent, budget: Arc<Budget>) -> PortFuture<Result<Begun, StoreError>>;

    /// Goes one [`Step`] further; `false` when the payment is unknown or cannot go there ([`Record::advance`]).
    fn advance(
        &self,
        payment_hash: PaymentHash,
        step: Step,
        now: UnixTime,
    ) -> PortFuture<Result<bool, StoreError>>;

    /// The records that are wanted.
    fn find(&self, wanted: Wanted) -> PortFuture<Result<Vec<Record>, StoreError>>;

    /// The sum of [`Record::cost`] over the payments that count, for one `Counted` after the other.
    fn used(&self, counted: Vec<Counted>, now: UnixTime) -> PortFuture<Result<Vec<Msat>, StoreError>>;

    /// What this process is at work on: always the same for one store. [`Store::find`] tells it as
    /// [`Record::running`].
    fn at_work(&self) -> &AtWork;
}

impl<S: Store + ?Sized> Store for Arc<S> {
    fn begin(&self, intent: Intent, budget: Arc<Budget>) -> PortFuture<Result<Begun, StoreError>> {
        (**self).begin(intent, budget)
    }

    fn advance(
        &self,
        payment_hash: PaymentHash,
        step: Step,
        now: UnixTime,
    ) -> PortFuture<Result<bool, StoreError>> {
        (**self).advance(payment_hash, step, now)
    }

    fn find(&self, wanted: Wanted) -> PortFuture<Result<Vec<Record>, StoreError>> {
        (**self).find(wanted)
    }

    fn used(&self, counted: Vec<Counted>, now: UnixTime) -> PortFuture<Result<Vec<Msat>, StoreError>> {
        (**self).used(counted, now)
    }

    fn at_work(&self) -> &AtWork {
        (**self).at_work()
    }
}

/// What became of [`Store::begin`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Begun {
    /// The intent is remembered and its cost reserved.
    Reserved,
    /// The budget does not allow it. Nothing is remembered.
    Denied(Denial),
    /// This payment hash is known, and how far it has come. Nothing was changed.
    Known(State),
}

/// Which records are wanted of [`Store::find`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Wanted {
    /// The one with this payment hash.
    One(PaymentHash),
    /// All whose [`State::is_open`], oldest first.
    Open,
    /// All whose [`Record::has_token`], oldest first; of one origin only if it is given.
    Tokens {
        /// Scheme, host and port.
        origin: Option<String>,
    },
    /// The latest, newest first, at most this many.
    Latest(usize),
}
