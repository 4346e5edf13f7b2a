//! Invoices that were offered, and neither paid nor expired.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::BuildHasher;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::quality::RandomState;
use l402_core::{PaymentHash, UnixTime};

use super::limits::OfferLimits;
use crate::client_key::ClientKey;
use crate::index::Index;

const SHARDS: usize = 16;

/// How many invoices are looked at with every new one, whether they have expired: more than one, so that those which
/// nobody pays leave faster than they come.
const SWEPT: usize = 2;

/// Counts them, per client and together.
pub(crate) struct Outstanding {
    most: usize,
    most_per_client: usize,
    count: AtomicUsize,
    /// Only where clients have a limit. Strangers choose what they are, so they are hashed with a secret of the process.
    clients: Mutex<HashMap<ClientKey, usize, RandomState>>,
    hasher: RandomState,
    shards: [Mutex<Shard>; SHARDS],
    swept_at: Mutex<Option<UnixTime>>,
}

#[derive(Default)]
struct Shard {
    invoices: Vec<Unpaid>,
    /// Where in `invoices` one is.
    index: Index,
    /// The first one that is looked at next.
    next: usize,
}

#[derive(Clone, Copy)]
struct Unpaid {
    hash: u64,
    payment: PaymentHash,
    expires_at: UnixTime,
    client: ClientKey,
}

impl Outstanding {
    pub(crate) fn new(limits: &OfferLimits) -> Self {
        Self {
            most: limits.unpaid,
            most_per_client: limits.unpaid_per_client,
            count: AtomicUsize::new(0),
            clients: Mutex::default(),
            hasher: RandomState::default(),
            shards: std::array::from_fn(|_| Mutex::default()),
            swept_at: Mutex::default(),
        }
    }

    /// Makes room for an invoice, before it is asked for.
    pub(crate) fn reserve(self: &Arc<Self>, client: ClientKey, now: UnixTime) -> Option<Reservation> {
        if !self.count(client) {
            self.sweep(now);
            if !self.count(client) {
                return None;
            }
        }
        Some(Reservation { outstanding: Arc::clone(self), client, is_kept: false })
    }

    /// An invoice was paid: its room is free again.
    pub(crate) fn paid(&self, payment: &PaymentHash) {
        if self.count.load(Ordering::Relaxed) == 0 {
            return;
        }
        let (mut shard, hash) = self.shard(payment);
        let paid = shard.find(hash, payment).map(|at| shard.take(at));
        drop(shard);
        if let Some(paid) = paid {
            self.uncount(paid.client);
        }
    }

    fn count(&self, client: ClientKey) -> bool {
        let has_room = |count| (count < self.most).then_some(count + 1);
        if self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, has_room).is_err() {
            return false;
        }
        let is_counted = !self.is_limited(client) || self.count_client(client);
        if !is_counted {
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        is_counted
    }

    fn count_client(&self, client: ClientKey) -> bool {
        let mut clients = lock(&self.clients);
        match clients.entry(client) {
            Entry::Occupied(count) if *count.get() >= self.most_per_client => return false,
            Entry::Vacant(_) if self.most_per_client == 0 => return false,
            count => *count.or_default() += 1,
        }
        true
    }

    fn uncount(&self, client: ClientKey) {
        self.count.fetch_sub(1, Ordering::Relaxed);
        if !self.is_limited(client) {
            return;
        }
        if let Entry::Occupied(mut count) = lock(&self.clients).entry(client) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    fn is_limited(&self, client: ClientKey) -> bool {
        self.most_per_client < usize::MAX && client != ClientKey::Unknown
    }

    /// Drops all that has expired, once a second at most.
    fn sweep(&self, now: UnixTime) {
        let last = lock(&self.swept_at).replace(now);
        if last == Some(now) {
            return;
        }
        for shard in &self.shards {
            let expired = lock(shard).take_expired(now);
            expired.iter().for_each(|unpaid| self.uncount(unpaid.client));
        }
    }

    /// Where a payment belongs, and its hash there.
    fn shard(&self, payment: &PaymentHash) -> (MutexGuard<'_, Shard>, u64) {
        let hash = self.hasher.hash_one(payment);
        (lock(&self.shards[hash as usize % SHARDS]), hash.rotate_right(SHARDS.ilog2()))
    }
}

impl Shard {
    /// `false` when it is there already.
    fn insert(&mut self, unpaid: Unpaid) -> bool {
        if self.index.is_full() {
            self.index.grow(|at| self.invoices[at].hash);
        }
        let is_it = |at: usize| self.invoices[at].payment == unpaid.payment;
        let Err(vacant) = self.index.find(unpaid.hash, is_it) else { return false };
        self.index.insert(vacant, unpaid.hash, self.invoices.len());
        self.invoices.push(unpaid);
        true
    }

    fn find(&self, hash: u64, payment: &PaymentHash) -> Option<usize> {
        let found = self.index.find(hash, |at| self.invoices[at].payment == *payment);
        found.ok().map(|known| self.index.get(known))
    }

    /// Takes one out, and puts the last one into its place.
    fn take(&mut self, at: usize) -> Unpaid {
        self.index.swap_remove(at, self.invoices.len() - 1, |at| self.invoices[at].hash);
        self.invoices.swap_remove(at)
    }

    fn take_expired(&mut self, now: UnixTime) -> Vec<Unpaid> {
        // From the end, since what is taken is replaced by what is last.
        let expired = (0..self.invoices.len()).rev();
        expired.filter_map(|at| self.take_if_expired(at, now)).collect()
    }

    /// Looks at the next few.
    fn sweep_some(&mut self, now: UnixTime) -> [Option<Unpaid>; SWEPT] {
        std::array::from_fn(|_| {
            if self.next >= self.invoices.len() {
                self.next = 0;
            }
            let expired = self.take_if_expired(self.next, now);
            // What was last stands there now, and has not been looked at.
            self.next += usize::from(expired.is_none());
            expired
        })
    }

    fn take_if_expired(&mut self, at: usize, now: UnixTime) -> Option<Unpaid> {
        (self.invoices.get(at)?.expires_at <= now).then(|| self.take(at))
    }
}

/// Room for one invoice, given back when none comes of it.
pub(crate) struct Reservation {
    outstanding: Arc<Outstanding>,
    client: ClientKey,
    is_kept: bool,
}

impl Reservation {
    /// The invoice exists now, and takes its room until it is paid or expires. `false` when somebody else was offered
    /// the same one.
    pub(crate) fn keep(mut self, payment: PaymentHash, expires_at: UnixTime, now: UnixTime) -> bool {
        let (mut shard, hash) = self.outstanding.shard(&payment);
        let expired = shard.sweep_some(now);
        self.is_kept = shard.insert(Unpaid { hash, payment, expires_at, client: self.client });
        drop(shard);
        expired.iter().flatten().for_each(|unpaid| self.outstanding.uncount(unpaid.client));
        self.is_kept
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.is_kept {
            self.outstanding.uncount(self.client);
        }
    }
}

/// Nothing panics while these are locked, so a poisoned one is as good as any.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFETIME: u64 = 600;

    fn payment(number: u64) -> PaymentHash {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_be_bytes());
        PaymentHash::from_bytes(bytes)
    }

    fn offer(outstanding: &Arc<Outstanding>, number: u64, second: u64) -> bool {
        let [now, expires_at] = [second, second + LIFETIME].map(UnixTime::from_secs);
        let reservation = outstanding.reserve(ClientKey::Crowd, now);
        reservation.is_some_and(|room| room.keep(payment(number), expires_at, now))
    }

    fn kept(outstanding: &Outstanding) -> usize {
        outstanding.shards.iter().map(|shard| lock(shard).invoices.len()).sum()
    }

    #[test]
    fn what_nobody_pays_is_forgotten_without_any_limit() {
        let outstanding = Arc::new(Outstanding::new(&OfferLimits::NONE));
        for number in 0..20 * LIFETIME {
            assert!(offer(&outstanding, number, number));
            let [counted, kept] = [outstanding.count.load(Ordering::Relaxed), kept(&outstanding)];
            assert_eq!(counted, kept);
            assert!(kept <= 3 * LIFETIME as usize, "{kept} of {LIFETIME} that can be paid");
        }
    }

    #[test]
    fn what_is_paid_makes_room_wherever_it_is_kept() {
        let most = 300;
        let limits = OfferLimits::NONE.unpaid_invoices(most).unpaid_invoices_per_client(most);
        let outstanding = Arc::new(Outstanding::new(&limits));
        // One less, so that there is room to be asked for twice.
        let all = most as u64 - 1;
        assert!((0..all).all(|number| offer(&outstanding, number, 0)));
        // In another order than they came: each takes one that is last into its place.
        for number in (0..all).map(|number| number * 7 % all) {
            outstanding.paid(&payment(number));
            outstanding.paid(&payment(number)); // which counts once
            assert!(offer(&outstanding, all + number, 0));
            assert!(!offer(&outstanding, all + number, 0), "offered to two");
        }
        assert!(offer(&outstanding, 2 * all, 0));
        assert!(!offer(&outstanding, 2 * all + 1, 0), "one too many");
        assert_eq!(kept(&outstanding), most);
    }
}
