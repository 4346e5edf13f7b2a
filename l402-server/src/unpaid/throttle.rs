//! Who gets an offer, and who has had enough for now.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::HashMapStateStore;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, RateLimiter};
use l402_core::{PaymentHash, UnixTime};

use super::clock::RateClock;
use super::limits::{OfferLimits, Rate};
use super::outstanding::{Outstanding, Reservation};
use crate::client_key::ClientKey;

/// Beyond so many clients, those that come anew share one count.
const MOST_CLIENTS: usize = 50_000;

/// When to look again whether an unpaid invoice has made room.
const UNPAID_RETRY: Duration = Duration::from_secs(30);

type Overall = RateLimiter<NotKeyed, InMemoryState, RateClock, NoOpMiddleware<Nanos>>;

/// Counts offers, settlement lookups and unpaid invoices.
pub(crate) struct Throttle {
    offers: Rates,
    lookups: Rates,
    outstanding: Arc<Outstanding>,
    has_met_unknown: AtomicBool,
}

/// Enough for now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Throttled {
    /// When it is worth asking again.
    pub(crate) retry_after: Duration,
    /// It is invoices that have to be paid, or expire, first.
    pub(crate) is_for_unpaid: bool,
}

impl Throttle {
    pub(crate) fn new(limits: &OfferLimits, clock: &RateClock) -> Self {
        Self {
            offers: Rates::new(limits, clock),
            lookups: Rates::new(limits, clock),
            outstanding: Arc::new(Outstanding::new(limits)),
            has_met_unknown: AtomicBool::new(false),
        }
    }

    /// Takes an offer's place, before the provider is asked for anything. The client's own limit comes first, so
    /// that one client does not use up what there is for all.
    pub(crate) fn offer(&self, client: ClientKey, now: UnixTime) -> Result<Reservation, Throttled> {
        if client == ClientKey::Unknown {
            self.warn_of_unknown();
        }
        self.offers.take_client(client)?;
        let full = Throttled { retry_after: UNPAID_RETRY, is_for_unpaid: true };
        let reservation = self.outstanding.reserve(client, now).ok_or(full)?;
        self.offers.take_overall()?;
        Ok(reservation)
    }

    /// Takes the place of a settlement lookup. Who shows a preimage has most likely paid, and is not kept waiting by all
    /// those who have not.
    pub(crate) fn lookup(&self, client: ClientKey, has_preimage: bool) -> Result<(), Throttled> {
        self.lookups.take_client(client)?;
        if has_preimage { Ok(()) } else { self.lookups.take_overall() }
    }

    /// All unknown clients in one count would let one of them keep the others out.
    fn warn_of_unknown(&self) {
        if self.offers.per_client.is_some() && !self.has_met_unknown.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "l402: the addresses of clients are not known, so offers are limited for all together only; in axum, \
                 serve with into_make_service_with_connect_info::<SocketAddr>()"
            );
        }
    }

    /// An invoice was paid: it waits no more.
    pub(crate) fn paid(&self, payment: &PaymentHash) {
        self.outstanding.paid(payment);
    }
}

/// How often something is asked of the provider, by each client and by all of them.
struct Rates {
    per_client: Option<PerClient>,
    overall: Option<Overall>,
}

impl Rates {
    fn new(limits: &OfferLimits, clock: &RateClock) -> Self {
        Self {
            per_client: limits.per_client.map(|rate| PerClient::new(rate, clock.clone())),
            overall: limits.overall.map(|rate| Overall::direct_with_clock(rate.quota(), clock.clone())),
        }
    }

    fn take_client(&self, client: ClientKey) -> Result<(), Throttled> {
        match &self.per_client {
            Some(clients) if client != ClientKey::Unknown => clients.take(client),
            _ => Ok(()),
        }
    }

    fn take_overall(&self) -> Result<(), Throttled> {
        let Some(overall) = &self.overall else { return Ok(()) };
        overall.check().map_err(|until| throttled(&until, overall.clock()))
    }
}

/// A rate for each client, in bounded memory.
struct PerClient {
    limiter: RateLimiter<ClientKey, HashMapStateStore<ClientKey>, RateClock, NoOpMiddleware<Nanos>>,
    forgot_at: Mutex<Nanos>,
}

impl PerClient {
    fn new(rate: Rate, clock: RateClock) -> Self {
        let forgot_at = Mutex::new(clock.now());
        Self { limiter: RateLimiter::hashmap_with_clock(rate.quota(), clock), forgot_at }
    }

    fn take(&self, client: ClientKey) -> Result<(), Throttled> {
        let client = if self.has_room() { client } else { ClientKey::Crowd };
        self.limiter.check_key(&client).map_err(|until| throttled(&until, self.limiter.clock()))
    }

    /// Forgets, once a second at most, those who have been quiet long enough to start afresh.
    fn has_room(&self) -> bool {
        if self.limiter.len() < MOST_CLIENTS {
            return true;
        }
        let now = self.limiter.clock().now();
        let mut forgot_at = self.forgot_at.lock().unwrap_or_else(PoisonError::into_inner);
        if now.as_u64().saturating_sub(forgot_at.as_u64()) >= 1_000_000_000 {
            *forgot_at = now;
            self.limiter.retain_recent();
        }
        self.limiter.len() < MOST_CLIENTS
    }
}

fn throttled(until: &NotUntil<Nanos>, clock: &RateClock) -> Throttled {
    Throttled { retry_after: until.wait_time_from(clock.now()), is_for_unpaid: false }
}
