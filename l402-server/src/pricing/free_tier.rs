//! [`FreeTier`]: some calls for nothing, counted per client.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use l402_core::UnixTime;

use crate::client_key::ClientKey;

/// So many free calls for each client in each window of time; the price holds for those beyond.
///
/// A free call is taken by a request without a credential for something that has a price. What is free takes none, and
/// what is not for sale stays so. A handler that serves free calls takes `Option<Paid>`.
///
/// Clients are told apart by address: see [`TrustedProxies`](crate::TrustedProxies). Those whose address is unknown
/// share one count. Counts are kept in memory, by each instance for itself, and at most for so many clients:
/// one more gets no free call until a window has ended.
///
/// ```
/// use std::time::Duration;
/// use l402_server::FreeTier;
///
/// let ten_a_day = FreeTier::new(10, Duration::from_secs(24 * 60 * 60));
/// # let _ = ten_a_day;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct FreeTier {
    calls: u32,
    window: Duration,
    max_clients: usize,
}

impl FreeTier {
    /// `calls` free calls in each `window`, for up to 100,000 clients at a time.
    pub const fn new(calls: u32, window: Duration) -> Self {
        Self { calls, window, max_clients: 100_000 }
    }

    /// Counts for so many clients at a time, about 50 bytes each.
    pub const fn max_clients(mut self, clients: usize) -> Self {
        self.max_clients = clients;
        self
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.calls == 0 || self.window.as_secs() == 0 || self.max_clients == 0
    }
}

/// The free calls that were taken.
pub(crate) struct FreeCalls {
    tier: FreeTier,
    clients: Mutex<Clients>,
}

#[derive(Default)]
struct Clients {
    windows: HashMap<ClientKey, Window>,
    swept_at: Option<UnixTime>,
}

struct Window {
    ends_at: UnixTime,
    calls: u32,
}

impl FreeCalls {
    pub(crate) fn new(tier: FreeTier) -> Self {
        Self { tier, clients: Mutex::default() }
    }

    /// Takes a free call, if this client has one left.
    pub(crate) fn take(&self, client: ClientKey, now: UnixTime) -> bool {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if !clients.windows.contains_key(&client) && clients.windows.len() >= self.tier.max_clients {
            clients.sweep(now);
            if clients.windows.len() >= self.tier.max_clients {
                return false;
            }
        }
        let fresh = || Window { ends_at: now.saturating_add(self.tier.window), calls: 0 };
        let window = clients.windows.entry(client).or_insert_with(fresh);
        if now >= window.ends_at {
            *window = fresh();
        }
        let is_left = window.calls < self.tier.calls;
        window.calls += u32::from(is_left);
        is_left
    }
}

impl Clients {
    /// Forgets the windows that have ended, once a second at most: each of them is looked at, and strangers with many
    /// addresses would have that done for every request.
    fn sweep(&mut self, now: UnixTime) {
        if self.swept_at.replace(now) != Some(now) {
            self.windows.retain(|_, window| now < window.ends_at);
        }
    }
}
