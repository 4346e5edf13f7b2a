//! [`TokenCache`]: tokens that were verified lately, so that the same request need not be verified again.

use std::hash::BuildHasher;
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::quality::RandomState;
use l402_core::{Grant, UnixTime};
use zeroize::Zeroizing;

use crate::request::{HeaderValues, RequestParts};

const SHARDS: usize = 16;

/// An entry may stand in so many places; of these, the one that was used longest ago makes room.
const WAYS: usize = 4;

/// Remembers what a credential was good for, by the bytes of its header field and what the verdict depends on beside.
///
/// What may change without the credential changing is not remembered, and asked anew each time: expiry, revocation,
/// whether the secret is still live, and the count of uses.
pub(crate) struct TokenCache {
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
}

struct Shard {
    slots: Box<[Option<Entry>]>,
    clock: u64,
}

struct Entry {
    hash: u64,
    used_at: u64,
    /// The whole text, since a hash may collide, and where its parts end.
    text: Zeroizing<Vec<u8>>,
    ends: [usize; PARTS],
    grant: Grant,
}

/// What a request is looked up by.
pub(crate) struct CacheKey<'r> {
    hash: u64,
    parts: [&'r [u8]; PARTS],
}

const PARTS: usize = 5;

impl TokenCache {
    /// Room for about so many tokens.
    pub(crate) fn new(tokens: usize) -> Self {
        let slots = tokens.div_ceil(SHARDS).next_multiple_of(WAYS);
        let shard = || Shard { slots: (0..slots).map(|_| None).collect(), clock: 0 };
        let shards = (0..SHARDS).map(|_| Mutex::new(shard())).collect();
        Self { hasher: RandomState::default(), shards }
    }

    /// What a request is looked up by; `None` when it has more than one field that might be a credential.
    pub(crate) fn key<'r, H: HeaderValues>(
        &self,
        request: &'r RequestParts<'_, H>,
        service: Option<&'r str>,
    ) -> Option<CacheKey<'r>> {
        let mut authorization = request.headers.values("authorization");
        let (Some(credential), None) = (authorization.next(), authorization.next()) else {
            return None;
        };
        let [route, service] = [request.route, service].map(|part| part.unwrap_or_default().as_bytes());
        let parts = [credential, request.method.as_bytes(), request.path.as_bytes(), route, service];
        Some(CacheKey { hash: self.hasher.hash_one(parts), parts })
    }

    /// What the credential is good for, if it was verified and has not expired.
    pub(crate) fn get(&self, key: &CacheKey<'_>, now: UnixTime) -> Option<Grant> {
        let mut shard = self.shard(key.hash);
        shard.clock += 1;
        let clock = shard.clock;
        let entry = shard.set(key.hash).iter_mut().flatten().find(|entry| entry.is_for(key))?;
        entry.used_at = clock;
        (now < entry.grant.expires_at).then_some(entry.grant)
    }

    /// Remembers a credential that was verified.
    pub(crate) fn insert(&self, key: &CacheKey<'_>, grant: Grant) {
        let mut shard = self.shard(key.hash);
        shard.clock += 1;
        let entry = Entry { hash: key.hash, used_at: shard.clock, text: key.text(), ends: key.ends(), grant };
        let set = shard.set(key.hash);
        let oldest = set.iter_mut().min_by_key(|slot| {
            slot.as_ref().map_or(0, |slot| if slot.is_for(key) { 0 } else { slot.used_at })
        });
        if let Some(slot) = oldest {
            *slot = Some(entry);
        }
    }

    /// Picks by other bits than those which pick the place within.
    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        let index = (hash >> 56) as usize % self.shards.len();
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// The places where an entry may stand.
    fn set(&mut self, hash: u64) -> &mut [Option<Entry>] {
        let sets = self.slots.len() / WAYS;
        let first = (hash as usize % sets) * WAYS;
        &mut self.slots[first..first + WAYS]
    }
}

impl Entry {
    fn is_for(&self, key: &CacheKey<'_>) -> bool {
        self.hash == key.hash
            && self.ends == key.ends()
            && key.parts.iter().zip(self.starts()).all(|(part, start)| self.text[start..].starts_with(part))
    }

    fn starts(&self) -> impl Iterator<Item = usize> {
        std::iter::once(0).chain(self.ends)
    }
}

impl CacheKey<'_> {
    fn ends(&self) -> [usize; PARTS] {
        let mut end = 0;
        self.parts.map(|part| {
            end += part.len();
            end
        })
    }

    fn text(&self) -> Zeroizing<Vec<u8>> {
        Zeroizing::new(self.parts.concat())
    }
}
