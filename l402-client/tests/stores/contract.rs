//! Both stores keep the promises, and stores that do not are found out.

use std::sync::Arc;

use l402_client::store::contract::{Storage, check};
use l402_client::store::{AtWork, Begun, Intent, Record, Step, Store, Wanted};
use l402_client::{Budget, Counted, MemoryStore, SqliteStore};
use l402_core::ports::{PortFuture, StoreError};
use l402_core::{Msat, PaymentHash, UnixTime};
use tempfile::tempdir;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory() {
    let open = async || {
        let store = MemoryStore::new();
        Storage::new(store.clone(), store)
    };
    check(open).await.unwrap();
}

/// Two connections to a file, as two processes have them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite() {
    let directory = tempdir().unwrap();
    let number = std::sync::atomic::AtomicU32::new(0);
    let open = async || {
        let number = number.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let open = || SqliteStore::open(directory.path().join(format!("{number}.db"))).unwrap();
        Storage::new(open(), open())
    };
    check(open).await.unwrap();
}

/// What a careless store does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mistake {
    ForgetsTheBudget,
    ChecksBeforeItReserves,
    ForgetsTheFee,
    GoesAnyway,
    HandlesApart,
}

#[derive(Clone)]
struct Careless {
    store: MemoryStore,
    mistake: Mistake,
}

impl Store for Careless {
    fn begin(&self, mut intent: Intent, budget: Arc<Budget>) -> PortFuture<Result<Begun, StoreError>> {
        match self.mistake {
            Mistake::ForgetsTheBudget => self.store.begin(intent, Arc::new(Budget::unlimited())),
            Mistake::ForgetsTheFee => {
                intent.max_fee = Msat::ZERO;
                self.store.begin(intent, budget)
            }
            Mistake::ChecksBeforeItReserves => {
                let store = self.store.clone();
                PortFuture::new(async move {
                    let period = budget.caps().next().map(|cap| cap.period);
                    if let Some(period) = period {
                        let counted = vec![Counted::new(None, period)];
                        let used = store.used(counted, intent.begun_at).await?[0];
                        tokio::task::yield_now().await;
                        let denial = budget.check("", intent.reservation(), |_| Ok::<_, StoreError>(used))?;
                        if let Some(denial) = denial {
                            return Ok(Begun::Denied(denial));
                        }
                    }
                    store.begin(intent, Arc::new(Budget::unlimited())).await
                })
            }
            _ => self.store.begin(intent, budget),
        }
    }

    fn advance(&self, hash: PaymentHash, step: Step, now: UnixTime) -> PortFuture<Result<bool, StoreError>> {
        let advanced = self.store.advance(hash, step, now);
        if self.mistake == Mistake::GoesAnyway { PortFuture::ready(Ok(true)) } else { advanced }
    }

    fn find(&self, wanted: Wanted) -> PortFuture<Result<Vec<Record>, StoreError>> {
        self.store.find(wanted)
    }

    fn used(&self, counted: Vec<Counted>, now: UnixTime) -> PortFuture<Result<Vec<Msat>, StoreError>> {
        self.store.used(counted, now)
    }

    fn at_work(&self) -> &AtWork {
        self.store.at_work()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn careless_stores_are_found_out() {
    for (mistake, promise) in [
        (Mistake::ForgetsTheBudget, "caps_are_exact"),
        (Mistake::ChecksBeforeItReserves, "races_stay_within"),
        (Mistake::ForgetsTheFee, "reserved_with_fee"),
        (Mistake::GoesAnyway, "steps_in_order"),
        (Mistake::HandlesApart, "one_intent_a_hash"),
    ] {
        let open = async || {
            let store = MemoryStore::new();
            let second = if mistake == Mistake::HandlesApart { MemoryStore::new() } else { store.clone() };
            Storage::new(Careless { store, mistake }, Careless { store: second, mistake })
        };
        let broken = check(open).await.unwrap_err();
        assert!(broken.iter().any(|broken| broken.case().name() == promise), "{promise} not in {broken}");
    }
}
