//! Invoices that were offered, and neither paid nor expired.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use l402_core::{PaymentHash, UnixTime};

use super::limits::OfferLimits;
use crate::client_key::ClientKey;

const SHARDS: usize = 16;

/// Counts them, per client and together.
pub(crate) struct Outstanding {
    most: usize,
    most_per_client: usize,
    count: AtomicUsize,
    clients: Mutex<HashMap<ClientKey, usize>>,
    invoices: [Mutex<HashMap<PaymentHash, Unpaid>>; SHARDS],
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
        let of_client = clients.get(&client).copied().unwrap_or(0);
        let most = if client == ClientKey::Unknown { usize::MAX } else { self.most_per_client };
        let fits = of_client < most && self.count.load(Ordering::Relaxed) < self.most;
        if fits {
            clients.insert(client, of_client + 1);
            self.count.fetch_add(1, Ordering::Relaxed);
        }
        fits
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

    fn shard(&self, payment: &PaymentHash) -> MutexGuard<'_, HashMap<PaymentHash, Unpaid>> {
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
        let outstanding = Arc::clone(&self.outstanding);
        let mut shard = outstanding.shard(&payment);
        let Entry::Vacant(room) = shard.entry(payment) else {
            return false;
        };
        room.insert(Unpaid { client: self.client, expires_at });
        self.is_kept = true;
        true
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
