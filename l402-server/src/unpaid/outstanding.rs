//! Invoices that were offered, and neither paid nor expired.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use foldhash::quality::RandomState;
use l402_core::{PaymentHash, UnixTime};

use super::limits::OfferLimits;
use crate::client_key::ClientKey;

const SHARDS: usize = 16;

/// Of clients and payments, which strangers might choose: hashed with a secret of the process.
type Map<K, V> = HashMap<K, V, RandomState>;

/// Counts them, per client and together.
pub(crate) struct Outstanding {
    most: usize,
    most_per_client: usize,
    count: AtomicUsize,
    clients: Mutex<Map<ClientKey, usize>>,
    invoices: [Mutex<Map<PaymentHash, Unpaid>>; SHARDS],
    swept_at: Mutex<Option<UnixTime>>,
}

struct Unpaid {
    client: ClientKey,
    expires_at: UnixTime,
}

impl Outstanding {
    pub(crate) fn new(limits: &OfferLimits) -> Self {
        Self {
            most: limits.unpaid,
            most_per_client: limits.unpaid_per_client,
            count: AtomicUsize::new(0),
            clients: Mutex::default(),
            invoices: std::array::from_fn(|_| Mutex::default()),
            swept_at: Mutex::default(),
        }
    }

    /// Makes room for an invoice, before it is asked for.
    pub(crate) fn reserve(self: &Arc<Self>, client: ClientKey, now: UnixTime) -> Option<Reservation> {
        if !self.count_one(client) {
            self.sweep(now);
            if !self.count_one(client) {
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
        let unpaid = self.shard(payment).remove(payment);
        if let Some(unpaid) = unpaid {
            self.uncount(unpaid.client);
        }
    }

    fn count_one(&self, client: ClientKey) -> bool {
        let mut clients = lock(&self.clients);
        let most = if client == ClientKey::Unknown { usize::MAX } else { self.most_per_client };
        if self.count.load(Ordering::Relaxed) >= self.most {
            return false;
        }
        match clients.entry(client) {
            Entry::Occupied(of_client) if *of_client.get() >= most => return false,
            Entry::Vacant(_) if most == 0 => return false,
            of_client => *of_client.or_default() += 1,
        }
        self.count.fetch_add(1, Ordering::Relaxed);
        true
    }

    fn uncount(&self, client: ClientKey) {
        let mut clients = lock(&self.clients);
        if let Some(count) = clients.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                clients.remove(&client);
            }
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// Drops what has expired, once a second at most.
    fn sweep(&self, now: UnixTime) {
        let last = lock(&self.swept_at).replace(now);
        if last == Some(now) {
            return;
        }
        for shard in &self.invoices {
            let expired: Vec<Unpaid> = lock(shard)
                .extract_if(|_, unpaid| unpaid.expires_at <= now)
                .map(|(_, unpaid)| unpaid)
                .collect();
            expired.iter().for_each(|unpaid| self.uncount(unpaid.client));
        }
    }

    fn shard(&self, payment: &PaymentHash) -> MutexGuard<'_, Map<PaymentHash, Unpaid>> {
        lock(&self.invoices[usize::from(payment.as_bytes()[31]) % SHARDS])
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
    pub(crate) fn keep(mut self, payment: PaymentHash, expires_at: UnixTime) -> bool {
        if let Entry::Vacant(room) = self.outstanding.shard(&payment).entry(payment) {
            room.insert(Unpaid { client: self.client, expires_at });
            self.is_kept = true;
        }
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
