//! [`TokenCache`]: tokens that were verified lately, so that the same request need not be verified again.

use std::hash::{BuildHasher, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use foldhash::quality::RandomState;
use l402_core::{Grant, UnixTime};
use zeroize::Zeroizing;

use crate::request::{HeaderValues, RequestParts};

const SHARDS: usize = 16;

/// An entry may stand in so many places; of these, the one that was used longest ago makes room.
const WAYS: usize = 8;

/// Remembers what a credential was good for, by the bytes of its header field and what the verdict depends on beside.
///
/// What may change without the credential changing is not remembered, and asked anew each time: expiry, revocation,
/// whether the secret is still live, and the count of uses.
pub(crate) struct TokenCache {
    hasher: RandomState,
    shards: Box<[Mutex<Shard>]>,
}

struct Shard {
    sets: Box<[Set]>,
    clock: u64,
}

/// The places where a token may stand. What it is found by is kept together, since each step to another part of memory
/// waits for the one before: the hashes are one cache line, and where the texts are is in the next one.
#[derive(Default)]
#[repr(align(128))]
struct Set {
    hashes: [u64; WAYS],
    texts: [Text; WAYS],
    used_at: [u64; WAYS],
    grants: [Option<Grant>; WAYS],
}

/// The lengths of a key's parts, then the parts, since a hash may collide. Empty where no token is.
#[derive(Default)]
struct Text(Zeroizing<Box<[u8]>>);

/// What a request is looked up by.
pub(crate) struct CacheKey<'r> {
    hash: u64,
    parts: [&'r [u8]; PARTS],
}

/// Credential, path, method, route, service.
const PARTS: usize = 5;

const LENGTH: usize = size_of::<usize>();

/// How many bytes at the end of a credential tell it from others.
const HASHED: usize = 96;

impl TokenCache {
    /// Room for about so many tokens.
    pub(crate) fn new(tokens: usize) -> Self {
        let sets = tokens.div_ceil(SHARDS * WAYS);
        let shard = || Shard { sets: (0..sets).map(|_| Set::default()).collect(), clock: 0 };
        let shards = (0..SHARDS).map(|_| Mutex::new(shard())).collect();
        Self { hasher: RandomState::default(), shards }
    }

    /// What a request is looked up by; `None` when it has more than one field that might be a credential.
    #[inline]
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
        let [path, method] = [request.path, request.method].map(str::as_bytes);
        // A credential ends with its signature and its preimage, which differ wherever anything in it does. Method, route
        // and service hardly ever differ where the path does not.
        let mut hasher = self.hasher.build_hasher();
        hasher.write(&credential[credential.len().saturating_sub(HASHED)..]);
        hasher.write(path);
        Some(CacheKey { hash: hasher.finish(), parts: [credential, path, method, route, service] })
    }

    /// What the credential is good for, if it was verified and has not expired.
    #[inline]
    pub(crate) fn get(&self, key: &CacheKey<'_>, now: UnixTime) -> Option<Grant> {
        let mut shard = self.shard(key.hash);
        shard.clock += 1;
        let clock = shard.clock;
        let set = shard.set(key.hash);
        let way = set.find(key)?;
        set.used_at[way] = clock;
        set.grants[way].filter(|grant| now < grant.expires_at)
    }

    /// Remembers a credential that was verified.
    pub(crate) fn insert(&self, key: &CacheKey<'_>, grant: Grant) {
        let mut shard = self.shard(key.hash);
        shard.clock += 1;
        let clock = shard.clock;
        let set = shard.set(key.hash);
        let way = set.find(key).unwrap_or_else(|| set.used_longest_ago());
        (set.hashes[way], set.used_at[way]) = (key.hash, clock);
        (set.texts[way], set.grants[way]) = (Text::of(key), Some(grant));
    }

    /// Picks by other bits than those which pick the place within.
    fn shard(&self, hash: u64) -> MutexGuard<'_, Shard> {
        let index = (hash >> 56) as usize % SHARDS;
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn set(&mut self, hash: u64) -> &mut Set {
        let place = hash as usize % self.sets.len();
        &mut self.sets[place]
    }
}

impl Set {
    fn find(&self, key: &CacheKey<'_>) -> Option<usize> {
        (0..WAYS).find(|&way| self.hashes[way] == key.hash && self.texts[way].is_of(key))
    }

    /// An empty place was used at no time.
    fn used_longest_ago(&self) -> usize {
        (0..WAYS).min_by_key(|&way| self.used_at[way]).unwrap_or_default()
    }
}

impl Text {
    fn of(key: &CacheKey<'_>) -> Self {
        let lengths = key.lengths();
        // In one piece from the start, so that no copy of a credential stays behind.
        let mut text =
            Vec::with_capacity(lengths.len() + key.parts.iter().map(|part| part.len()).sum::<usize>());
        text.extend_from_slice(&lengths);
        key.parts.iter().for_each(|part| text.extend_from_slice(part));
        Self(Zeroizing::new(text.into_boxed_slice()))
    }

    fn is_of(&self, key: &CacheKey<'_>) -> bool {
        let Some((lengths, mut rest)) = self.0.split_first_chunk() else { return false };
        *lengths == key.lengths()
            && key.parts.iter().all(|part| {
                let (own, after) = rest.split_at(part.len());
                rest = after;
                // To compare nothing with a slice that points nowhere takes a processor longer than all the rest.
                part.is_empty() || own == *part
            })
    }
}

impl CacheKey<'_> {
    /// How long the parts are.
    fn lengths(&self) -> [u8; LENGTH * PARTS] {
        let mut lengths = [0; LENGTH * PARTS];
        for (length, part) in lengths.chunks_exact_mut(LENGTH).zip(self.parts) {
            length.copy_from_slice(&part.len().to_le_bytes());
        }
        lengths
    }
}
