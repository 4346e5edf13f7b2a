//! One part of the store, behind a lock of its own.

use std::collections::HashMap;
use std::collections::hash_map;
use std::hash::{BuildHasherDefault, Hasher};

use l402_core::ports::{Claim, Claimed};
use l402_core::{PaymentHash, UnixTime};

use super::entries::{Entries, Entry, Lease, PIECE, Seconds};
use crate::index::Index;

#[derive(Default)]
pub(super) struct Shard {
    entries: Entries,
    /// Where in `entries` a token is.
    index: Index,
    /// What does not fit into the entry: all but one lease of tokens that are used several times at once.
    more: HashMap<PaymentHash, Vec<Lease>, BuildHasherDefault<KeyIsHash>>,
    /// The piece of `entries` that the next sweep looks at.
    next_piece: usize,
    /// How many more tokens there is room for.
    room: usize,
}

impl Shard {
    pub(super) const fn len(&self) -> usize {
        self.entries.len()
    }

    /// Claims. A token that is new needs room, which is asked for when there is none left here; `None` when the
    /// answer is that there is none anywhere.
    pub(super) fn claim(&mut self, claim: &Claim, more_room: impl FnOnce() -> usize) -> Option<Claimed> {
        self.sweep_next(claim.now);
        let (entries, key) = (&self.entries, claim.payment_hash);
        if self.index.is_full() {
            self.index.grow(|at| hash(&entries.get(at).key));
        }
        let vacant = match self.index.find(hash(&key), |at| entries.get(at).key == key) {
            Ok(known) => return Some(self.claim_known(self.index.get(known), claim)),
            Err(vacant) => vacant,
        };
        if self.room == 0 {
            self.room = more_room();
        }
        self.room = self.room.checked_sub(1)?;
        self.index.insert(vacant, hash(&key), entries.len());
        let keep_until = Seconds::from(claim.forget_after.max(claim.leased_until));
        self.entries.push(Entry { key, spent: 0, keep_until, lease: Lease::of(claim) });
        Some(Claimed::Granted)
    }

    fn claim_known(&mut self, at: usize, claim: &Claim) -> Claimed {
        let entry = self.entries.get_mut(at);
        entry.keep_until.extend(claim.forget_after);
        let left = claim.uses.get().saturating_sub(entry.spent) as usize;
        if left == 0 {
            return Claimed::Exhausted;
        }
        // A lease that has ended stays as long as nobody needs its use, so that a late commit counts.
        if self.leases(at) >= left {
            self.end_leases(at, claim.now);
            if self.leases(at) >= left {
                return Claimed::Busy;
            }
        }
        self.add_lease(at, claim);
        Claimed::Granted
    }

    pub(super) fn commit(&mut self, claim: &Claim) -> bool {
        let Some(at) = self.find(&claim.payment_hash) else { return false };
        let leased = self.take_lease(at, claim);
        if leased {
            self.entries.get_mut(at).spent += 1;
        }
        leased
    }

    /// Gives a use back, and the room of a token of which nothing is left to remember.
    pub(super) fn release(&mut self, claim: &Claim) {
        let Some(at) = self.find(&claim.payment_hash) else { return };
        self.take_lease(at, claim);
        if self.entries.get(at).spent == 0 && self.leases(at) == 0 {
            self.forget(at);
        }
    }

    /// Forgets what has expired in all pieces, or about `limit` tokens. Returns how many these were.
    pub(super) fn sweep_all(&mut self, limit: usize, now: UnixTime) -> usize {
        let mut swept = 0;
        // From the end, since what is forgotten is replaced by what is last.
        for piece in (0..self.entries.pieces()).rev() {
            if swept >= limit {
                break;
            }
            swept += self.sweep(piece, now);
        }
        swept
    }

    /// Gives away the room for tokens that are not there yet.
    pub(super) const fn give_room(&mut self) -> usize {
        std::mem::replace(&mut self.room, 0)
    }

    /// Looks at the next piece of the list, whether something in it has expired, and forgets that.
    fn sweep_next(&mut self, now: UnixTime) {
        if self.next_piece >= self.entries.pieces() {
            self.next_piece = 0;
        }
        self.sweep(self.next_piece, now);
        self.next_piece += 1;
    }

    fn sweep(&mut self, piece: usize, now: UnixTime) -> usize {
        let before = self.entries.len();
        if piece < self.entries.pieces() && self.entries.may_be_over(piece, now) {
            for _ in 0..=PIECE {
                let Some(over) = self.entries.find_over(piece, now) else { break };
                self.forget(over);
            }
        }
        before - self.entries.len()
    }

    fn find(&self, key: &PaymentHash) -> Option<usize> {
        let found = self.index.find(hash(key), |at| self.entries.get(at).key == *key);
        found.ok().map(|known| self.index.get(known))
    }

    fn forget(&mut self, at: usize) {
        let (entries, last) = (&self.entries, self.entries.len() - 1);
        self.more.remove(&entries.get(at).key);
        self.index.swap_remove(at, last, |at| hash(&entries.get(at).key));
        self.entries.swap_remove(at);
        self.room += 1;
    }

    /// How many leases there are, ended ones included.
    fn leases(&self, at: usize) -> usize {
        let entry = self.entries.get(at);
        usize::from(entry.lease.is_some()) + self.more.get(&entry.key).map_or(0, Vec::len)
    }

    fn add_lease(&mut self, at: usize, claim: &Claim) {
        let (entry, lease) = (self.entries.get_mut(at), Lease::of(claim));
        entry.keep_until.extend(claim.leased_until);
        if entry.lease.is_some() {
            self.more.entry(entry.key).or_default().push(lease);
        } else {
            entry.lease = lease;
        }
    }

    fn end_leases(&mut self, at: usize, now: UnixTime) {
        let entry = self.entries.get_mut(at);
        if entry.lease.has_ended(now) {
            entry.lease = Lease::NONE;
        }
        if let hash_map::Entry::Occupied(mut more) = self.more.entry(entry.key) {
            more.get_mut().retain(|lease| !lease.has_ended(now));
            if more.get().is_empty() {
                more.remove();
            }
        }
    }

    /// Removes this claim's lease; `false` when it is gone.
    fn take_lease(&mut self, at: usize, claim: &Claim) -> bool {
        let entry = self.entries.get_mut(at);
        if entry.lease.is(claim.lease) {
            entry.lease = Lease::NONE;
            return true;
        }
        let hash_map::Entry::Occupied(mut more) = self.more.entry(entry.key) else { return false };
        let Some(index) = more.get().iter().position(|lease| lease.is(claim.lease)) else { return false };
        more.get_mut().swap_remove(index);
        if more.get().is_empty() {
            more.remove();
        }
        true
    }
}

/// Takes eight bytes of the key as its hash.
///
/// Sound because no client chooses these keys: only tokens that verified get here, and their payment hashes come
/// from the provider's own random preimages.
fn hash(key: &PaymentHash) -> u64 {
    key.as_bytes().first_chunk().map_or(0, |first| u64::from_ne_bytes(*first))
}

/// [`hash`] for a map.
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
