//! What is remembered of a token, and a list of that which grows without copying itself.

use l402_core::ports::{Claim, LeaseId};
use l402_core::{PaymentHash, UnixTime};

/// One token, in 68 bytes.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    pub(super) key: PaymentHash,
    pub(super) spent: u32,
    /// Its own expiry and the end of its leases, whichever is latest.
    pub(super) keep_until: Seconds,
    /// One lease has its place here. Others, of tokens used several times at once, are kept elsewhere.
    pub(super) lease: Lease,
}

#[derive(Clone, Copy)]
pub(super) struct Lease {
    pub(super) id: LeaseId,
    pub(super) until: Seconds,
}

/// A [`UnixTime`] at the alignment of four, without which an entry would have 72 bytes.
#[derive(Clone, Copy)]
#[repr(Rust, packed(4))]
pub(super) struct Seconds(u64);

/// A list in pieces of equal size: to grow is to add a piece, and to shrink is to drop one.
#[derive(Default)]
pub(super) struct Entries {
    /// Each of them is written to its end when it is made: one after the other, places come into the cache faster than
    /// each by itself when it is needed, and while a lock is held.
    pieces: Vec<Vec<Entry>>,
    /// For each piece: no entry in it expires before. Says of 64 entries at once that there is nothing to forget.
    earliest: Vec<Seconds>,
    len: usize,
}

/// How many entries a piece has.
pub(super) const PIECE: usize = 64;

impl Entries {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn pieces(&self) -> usize {
        self.pieces.len()
    }

    pub(super) fn get(&self, index: usize) -> &Entry {
        &self.pieces[index / PIECE][index % PIECE]
    }

    pub(super) fn get_mut(&mut self, index: usize) -> &mut Entry {
        &mut self.pieces[index / PIECE][index % PIECE]
    }

    pub(super) fn push(&mut self, entry: Entry) {
        if self.len.is_multiple_of(PIECE) {
            self.pieces.push(vec![Entry::NONE; PIECE]);
            self.earliest.push(Seconds::MAX);
        }
        self.len += 1;
        self.set(self.len - 1, entry);
    }

    /// Removes one and puts the last one into its place.
    pub(super) fn swap_remove(&mut self, index: usize) {
        let Some(last) = self.len.checked_sub(1) else { return };
        let moved = *self.get(last);
        self.len = last;
        if self.len.is_multiple_of(PIECE) {
            self.pieces.pop();
            self.earliest.pop();
        }
        if index < self.len {
            self.set(index, moved);
        }
    }

    fn set(&mut self, index: usize, entry: Entry) {
        self.earliest[index / PIECE].reduce(entry.keep_until);
        *self.get_mut(index) = entry;
    }

    /// Whether an entry of this piece may have expired.
    pub(super) fn may_be_over(&self, piece: usize, now: UnixTime) -> bool {
        self.earliest[piece].is_over(now)
    }

    /// An entry of this piece that has expired. When there is none, remembers when the first one will.
    pub(super) fn find_over(&mut self, piece: usize, now: UnixTime) -> Option<usize> {
        let used = self.len.saturating_sub(piece * PIECE).min(PIECE);
        let entries = self.pieces.get(piece)?.get(..used)?;
        if let Some(at) = entries.iter().rposition(|entry| entry.keep_until.is_over(now)) {
            return Some(piece * PIECE + at);
        }
        let earliest = self.earliest.get_mut(piece)?;
        *earliest = Seconds::MAX;
        entries.iter().for_each(|entry| earliest.reduce(entry.keep_until));
        None
    }
}

impl Entry {
    /// What stands where no token is yet.
    const NONE: Self =
        Self { key: PaymentHash::from_bytes([0; 32]), spent: 0, keep_until: Seconds(0), lease: Lease::NONE };
}

impl Lease {
    /// No lease. Anybody may have this id, so that the time alone tells.
    pub(super) const NONE: Self = Self { id: LeaseId::from_bytes([0; 16]), until: Seconds(0) };

    pub(super) fn of(claim: &Claim) -> Self {
        // Zero is taken, and nobody misses the first second of 1970.
        Self { id: claim.lease, until: Seconds(claim.leased_until.as_secs().max(1)) }
    }

    pub(super) const fn is_some(&self) -> bool {
        self.until.0 != 0
    }

    pub(super) fn is(&self, id: LeaseId) -> bool {
        self.is_some() && self.id == id
    }

    pub(super) const fn has_ended(&self, now: UnixTime) -> bool {
        self.until.0 <= now.as_secs()
    }
}

impl Seconds {
    const MAX: Self = Self(u64::MAX);

    pub(super) const fn is_over(self, now: UnixTime) -> bool {
        self.0 <= now.as_secs()
    }

    /// The later one of both.
    pub(super) const fn extend(&mut self, time: UnixTime) {
        if time.as_secs() > self.0 {
            self.0 = time.as_secs();
        }
    }

    /// The earlier one of both.
    const fn reduce(&mut self, other: Self) {
        if other.0 < self.0 {
            self.0 = other.0;
        }
    }
}

impl From<UnixTime> for Seconds {
    fn from(time: UnixTime) -> Self {
        Self(time.as_secs())
    }
}
