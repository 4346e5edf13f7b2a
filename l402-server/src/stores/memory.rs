//! [`MemoryReplayStore`]: uses counted in this process.

use std::collections::HashMap;
use std::collections::hash_map;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use l402_core::ports::{Claim, Claimed, LeaseId, PortFuture, ReplayStore, StoreError};
use l402_core::{PaymentHash, UnixTime};

const SHARDS: usize = 64;
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Counts uses in memory: fast, bounded, and gone when the process ends.
///
/// After a restart every token that is still valid can be used again, so it is for tests and for services whose
/// tokens may be. Clones share one count.
///
/// It holds at most as many tokens as it is told to. Tokens leave it when they expire; when it is full of live
/// ones it refuses new ones, which the gate answers with 503.
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
    len: AtomicUsize,
}

#[derive(Default)]
struct Shard {
    tokens: HashMap<PaymentHash, Spent, BuildHasherDefault<KeyIsHash>>,
    /// Only tokens in use right now.
    leases: HashMap<PaymentHash, Vec<Lease>, BuildHasherDefault<KeyIsHash>>,
    swept_at: Option<UnixTime>,
}

struct Spent {
    uses: u32,
    forget_after: UnixTime,
}

struct Lease {
    id: LeaseId,
    until: UnixTime,
}

impl MemoryReplayStore {
    /// One million tokens, about 100 MB when full.
    pub const DEFAULT_CAPACITY: usize = 1_000_000;

    /// A store for at most `capacity` live tokens.
    #[must_use]
    pub fn with_capacity(capacity: usize) -> Self {
        let shards = std::array::from_fn(|_| Mutex::default());
        Self(Arc::new(Shared { shards, capacity, len: AtomicUsize::new(0) }))
    }

    /// How many tokens are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len.load(Ordering::Relaxed)
    }

    /// Whether no token is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn shard(&self, key: &PaymentHash) -> MutexGuard<'_, Shard> {
        // The last byte picks the shard, since the first eight are the hash within it.
        let index = usize::from(key.as_bytes()[31]) % SHARDS;
        lock(&self.0.shards[index])
    }

    /// Claims; a store that is full looks everywhere for what has expired before it refuses.
    fn try_claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        match self.claim_in_shard(claim) {
            Err(error) if error.is_full() => {
                self.sweep_all(claim.now);
                self.claim_in_shard(claim)
            }
            answer => answer,
        }
    }

    fn claim_in_shard(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let mut shard = self.shard(&claim.payment_hash);
        if shard.swept_at.is_none_or(|swept_at| claim.now >= swept_at.saturating_add(SWEEP_EVERY)) {
            self.sweep(&mut shard, claim.now);
        }
        let spent = shard.tokens.get(&claim.payment_hash).map_or(0, |spent| spent.uses);
        if spent >= claim.uses.get() {
            return Ok(Claimed::Exhausted);
        }
        let leased = shard.live_leases(claim);
        if leased >= (claim.uses.get() - spent) as usize {
            return Ok(Claimed::Busy);
        }
        self.remember(&mut shard, claim)?;
        let lease = Lease { id: claim.lease, until: claim.leased_until };
        shard.leases.entry(claim.payment_hash).or_default().push(lease);
        Ok(Claimed::Granted)
    }

    /// Makes room for the token, or refuses when there is none.
    fn remember(&self, shard: &mut Shard, claim: &Claim) -> Result<(), StoreError> {
        if let Some(spent) = shard.tokens.get_mut(&claim.payment_hash) {
            spent.forget_after = spent.forget_after.max(claim.forget_after);
            return Ok(());
        }
        if !self.reserve() {
            return Err(StoreError::full("memory"));
        }
        shard.tokens.insert(claim.payment_hash, Spent { uses: 0, forget_after: claim.forget_after });
        Ok(())
    }

    fn reserve(&self) -> bool {
        let room = self.0.len.fetch_add(1, Ordering::Relaxed) < self.0.capacity;
        if !room {
            self.0.len.fetch_sub(1, Ordering::Relaxed);
        }
        room
    }

    fn try_commit(&self, claim: &Claim) -> bool {
        let mut shard = self.shard(&claim.payment_hash);
        if !shard.take_lease(claim) {
            return false;
        }
        match shard.tokens.get_mut(&claim.payment_hash) {
            Some(spent) => {
                spent.uses += 1;
                true
            }
            None => false,
        }
    }

    fn try_release(&self, claim: &Claim) {
        let mut shard = self.shard(&claim.payment_hash);
        shard.take_lease(claim);
        if shard.leases.contains_key(&claim.payment_hash) {
            return;
        }
        if let hash_map::Entry::Occupied(token) = shard.tokens.entry(claim.payment_hash)
            && token.get().uses == 0
        {
            token.remove();
            self.0.len.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Forgets what has expired, one shard after the other and each once a second at most, so that requests to
    /// a full store cost little.
    fn sweep_all(&self, now: UnixTime) {
        for shard in &self.0.shards {
            let mut shard = lock(shard);
            if shard.swept_at != Some(now) {
                self.sweep(&mut shard, now);
            }
        }
    }

    /// Forgets what has expired in one shard.
    fn sweep(&self, shard: &mut Shard, now: UnixTime) {
        shard.swept_at = Some(now);
        shard.leases.retain(|_, leases| {
            leases.retain(|lease| lease.until > now);
            !leases.is_empty()
        });
        let before = shard.tokens.len();
        let leases = &shard.leases;
        shard.tokens.retain(|key, spent| spent.forget_after > now || leases.contains_key(key));
        self.0.len.fetch_sub(before - shard.tokens.len(), Ordering::Relaxed);
    }
}

/// Nothing panics while a shard is locked, so a poisoned one is as good as any.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shard {
    /// Drops the leases of this token that have ended, and counts the rest.
    fn live_leases(&mut self, claim: &Claim) -> usize {
        let hash_map::Entry::Occupied(mut leases) = self.leases.entry(claim.payment_hash) else {
            return 0;
        };
        leases.get_mut().retain(|lease| lease.until > claim.now);
        let live = leases.get().len();
        if live == 0 {
            leases.remove();
        }
        live
    }

    /// Ends this claim's lease; `false` when it had ended before.
    fn take_lease(&mut self, claim: &Claim) -> bool {
        let hash_map::Entry::Occupied(mut leases) = self.leases.entry(claim.payment_hash) else {
            return false;
        };
        let Some(index) = leases.get().iter().position(|lease| lease.id == claim.lease) else {
            return false;
        };
        leases.get_mut().swap_remove(index);
        if leases.get().is_empty() {
            leases.remove();
        }
        true
    }
}

impl ReplayStore for MemoryReplayStore {
    fn claim(&self, claim: Claim) -> PortFuture<Result<Claimed, StoreError>> {
        PortFuture::ready(self.try_claim(&claim))
    }

    fn commit(&self, claim: Claim) -> PortFuture<Result<bool, StoreError>> {
        PortFuture::ready(Ok(self.try_commit(&claim)))
    }

    fn release(&self, claim: Claim) -> PortFuture<Result<(), StoreError>> {
        self.try_release(&claim);
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

/// Takes eight bytes of the key as its hash.
///
/// Sound because no client chooses these keys: only tokens that verified get here, and their payment hashes come
/// from the provider's own random preimages.
#[derive(Default)]
struct KeyIsHash(u64);

impl Hasher for KeyIsHash {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk() {
            self.0 ^= u64::from_ne_bytes(*first);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}
