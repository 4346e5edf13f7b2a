//! [`MemoryStore`]: payments remembered until the process ends.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use l402_core::ports::{PortFuture, StoreError};
use l402_core::{Msat, PaymentHash, UnixTime};

use super::{AtWork, Begun, Intent, Record, Step, Store, Wanted};
use crate::budget::{Budget, Counted};

/// Remembers payments in memory. Clones share them; they end with the last clone.
///
/// # Security
/// Budgets begin anew with every start of the program, and a payment that is under way when it ends is forgotten. For
/// anything but tests and trials, take `SqliteStore`.
#[derive(Clone, Default)]
pub struct MemoryStore {
    records: Arc<Mutex<Records>>,
    at_work: AtWork,
}

/// In the order in which they began.
#[derive(Default)]
struct Records {
    list: Vec<Record>,
    by_hash: HashMap<PaymentHash, usize>,
}

impl MemoryStore {
    /// A store that is empty.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic elsewhere leaves the records whole: no method below can stop half-way.
    fn records(&self) -> MutexGuard<'_, Records> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn begin(&self, intent: Intent, budget: Arc<Budget>) -> PortFuture<Result<Begun, StoreError>> {
        PortFuture::ready(self.records().begin(intent, &budget))
    }

    fn advance(
        &self,
        payment_hash: PaymentHash,
        step: Step,
        now: UnixTime,
    ) -> PortFuture<Result<bool, StoreError>> {
        let mut records = self.records();
        let advanced = records.get_mut(&payment_hash).is_some_and(|record| record.advance(&step, now));
        PortFuture::ready(Ok(advanced))
    }

    fn find(&self, wanted: Wanted) -> PortFuture<Result<Vec<Record>, StoreError>> {
        let mut found = self.records().find(&wanted);
        for record in &mut found {
            record.running = self.at_work.contains(&record.intent.payment_hash);
        }
        PortFuture::ready(Ok(found))
    }

    fn used(&self, counted: Vec<Counted>, now: UnixTime) -> PortFuture<Result<Vec<Msat>, StoreError>> {
        let records = self.records();
        let sums = counted.iter().map(|counted| records.used(counted, now));
        PortFuture::ready(sums.collect())
    }

    fn at_work(&self) -> &AtWork {
        &self.at_work
    }
}

impl Records {
    fn begin(&mut self, intent: Intent, budget: &Budget) -> Result<Begun, StoreError> {
        if let Some(known) = self.get_mut(&intent.payment_hash) {
            return Ok(Begun::Known(known.state));
        }
        let (host, now) = (&intent.purpose.host, intent.begun_at);
        let denial = budget.check(host, intent.reservation(), |counted| self.used(&counted, now))?;
        if let Some(denial) = denial {
            return Ok(Begun::Denied(denial));
        }
        self.by_hash.insert(intent.payment_hash, self.list.len());
        self.list.push(Record::new(intent));
        Ok(Begun::Reserved)
    }

    fn get_mut(&mut self, payment_hash: &PaymentHash) -> Option<&mut Record> {
        self.by_hash.get(payment_hash).and_then(|&index| self.list.get_mut(index))
    }

    fn find(&self, wanted: &Wanted) -> Vec<Record> {
        let all = self.list.iter();
        match wanted {
            Wanted::One(hash) => all.filter(|record| record.intent.payment_hash == *hash).cloned().collect(),
            Wanted::Open => all.filter(|record| record.state.is_open()).cloned().collect(),
            Wanted::Tokens { origin } => {
                let is_there = |record: &&Record| {
                    origin.as_ref().is_none_or(|origin| record.intent.purpose.origin == *origin)
                };
                all.filter(|record| record.has_token()).filter(is_there).cloned().collect()
            }
            Wanted::Latest(count) => all.rev().take(*count).cloned().collect(),
        }
    }

    fn used(&self, counted: &Counted, now: UnixTime) -> Result<Msat, StoreError> {
        let start = counted.period.start(now);
        let counts = |record: &&Record| {
            let is_recent = start.is_none_or(|start| record.intent.begun_at > start);
            (record.state.is_open() || is_recent)
                && counted.host.as_ref().is_none_or(|host| record.intent.purpose.host == *host)
        };
        let sum = self
            .list
            .iter()
            .filter(counts)
            .try_fold(Msat::ZERO, |sum, record| sum.checked_add(record.cost()));
        sum.ok_or_else(|| {
            StoreError::unavailable("memory", "the sum of all payments does not fit in 64 bits")
        })
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryStore({} payments)", self.records().list.len())
    }
}
