//! [`MemoryReplayStore`]: uses counted in this process.

mod entries;
mod shard;

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use l402_core::ports::{Claim, Claimed, PortFuture, ReplayStore, StoreError};
use l402_core::{PaymentHash, UnixTime};

use shard::Shard;

const SHARDS: usize = 64;
/// For how many tokens a shard takes room at once, at most.
const SHARE: usize = 64;
/// About how many expired tokens a claim forgets that finds the store full: what takes under a millisecond.
const SWEPT_WHEN_FULL: usize = 4096;

/// Counts uses in memory: fast, bounded, and gone when the process ends.
///
/// After a restart every token that is still valid can be used again, so it is for tests and for services whose
/// tokens may be. Clones share one count.
///
/// It holds at most as many tokens as it is told to. Tokens leave it when they have expired, a few with every
/// new one, so that no request waits for a sweep; when it is full of live ones it refuses new ones, which the
/// gate answers with 503. A token takes 80 bytes at most, and a claim of one that nobody else uses at the
/// moment allocates nothing of its own.
///
/// ```
/// use l402_server::stores::MemoryReplayStore;
///
/// let store = MemoryReplayStore::with_capacity(10_000);
/// assert!(store.is_empty());
/// ```
#[derive(Clone)]
pub struct MemoryReplayStore(Arc<Shared>);

struct Shared {
    shards: [Mutex<Shard>; SHARDS],
    capacity: usize,
    /// Room for tokens that no shard has taken.
    room: AtomicUsize,
}

impl MemoryReplayStore {
    /// One million tokens, about 80 MB when full.
    pub const DEFAULT_CAPACITY: usize = 1_000_000;

    /// A store for at most `capacity` live tokens.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self(Arc::new(Shared { shards, capacity, room: AtomicUsize::new(capacity) }))
    }

    /// How many tokens are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.shards.iter().map(|shard| lock(shard).len()).sum()
    }

    /// Whether no token is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn try_claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let attempt = || self.shard(&claim.payment_hash).claim(claim, || self.take_room());
        if let Some(answer) = attempt() {
            return Ok(answer);
        }
        self.make_room(claim.now);
        attempt().ok_or_else(|| StoreError::full("memory"))
    }

    /// Room for a shard: for many tokens at once while there is plenty, so that threads seldom meet here.
    fn take_room(&self) -> usize {
        let share = |left: usize| (left / (16 * SHARDS)).clamp(1, SHARE).min(left);
        let take = |left: usize| Some(left - share(left));
        self.0.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).map_or(0, share)
    }

    /// Looks for expired tokens in one shard after the other, and collects the room that they have.
    fn make_room(&self, now: UnixTime) {
        let mut left = SWEPT_WHEN_FULL;
        for shard in &self.0.shards {
            let mut shard = lock(shard);
            left = left.saturating_sub(shard.sweep_all(left, now));
            self.0.room.fetch_add(shard.give_room(), Ordering::Relaxed);
        }
    }

    fn shard(&self, key: &PaymentHash) -> MutexGuard<'_, Shard> {
        // The last byte picks the shard, since the first eight are the hash within it.
        let index = usize::from(key.as_bytes()[31]) % SHARDS;
        lock(&self.0.shards[index])
    }
}

/// Nothing panics while a shard is locked, so a poisoned one is as good as any.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ReplayStore for MemoryReplayStore {
    fn claim(&self, claim: Claim) -> PortFuture<Result<Claimed, StoreError>> {
        PortFuture::ready(self.try_claim(&claim))
    }

    fn commit(&self, claim: Claim) -> PortFuture<Result<bool, StoreError>> {
        PortFuture::ready(Ok(self.shard(&claim.payment_hash).commit(&claim)))
    }

    fn release(&self, claim: Claim) -> PortFuture<Result<(), StoreError>> {
        self.shard(&claim.payment_hash).release(&claim);
        PortFuture::ready(Ok(()))
    }
}

impl Default for MemoryReplayStore {
    fn default() -> Self {
        Self::with_capacity(Self::DEFAULT_CAPACITY)
    }
}

impl fmt::Debug for MemoryReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryReplayStore({} of {} tokens)", self.len(), self.0.capacity)
    }
}
