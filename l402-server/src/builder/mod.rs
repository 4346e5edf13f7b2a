//! [`GateBuilder`]: the settings of a gate, with their defaults and reasons.

mod announce;
mod backends;
mod error;
mod hooks;
mod http;
mod selling;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use l402_core::ports::{InvoiceProvider, ReplayStore, RootKeyStore};
use l402_core::{Clock, Identifier, Limits, MasterKey, Network, UnknownCaveats};

use crate::client_key::TrustedProxies;
use crate::gate::{Gate, LeaseIds, Rules};
use crate::keys::RevocationList;
use crate::paid::{Answers, Idempotency, Settled, SettlementCheck, TokenCache};
use crate::pricing::{FreeCalls, FreeTier, Pricing};
use crate::reply::Replies;
use crate::stores::MemoryReplayStore;
use crate::telemetry::Telemetry;
use crate::unpaid::{Breaker, Entropy, OfferLimits, RateClock, Throttle};

pub use error::BuildError;

/// Builds a [`Gate`]. A root key and a price are required, everything else has a default.
#[must_use]
pub struct GateBuilder {
    provider: Arc<dyn InvoiceProvider>,
    keys: Option<Arc<dyn RootKeyStore>>,
    is_ephemeral: bool,
    revoked: Option<RevocationList>,
    store: Option<Arc<dyn ReplayStore>>,
    token_cache: usize,
    clock: Arc<dyn Clock>,
    network: Option<Network>,
    pricing: Option<Pricing>,
    free_tier: Option<FreeTier>,
    proxies: TrustedProxies,
    offer_limits: OfferLimits,
    rate_clock: RateClock,
    settlement: SettlementCheck,
    description: String,
    invoice_expiry: Duration,
    token_lifetime: Duration,
    lease: Duration,
    price_timeout: Duration,
    provider_timeout: Duration,
    store_timeout: Duration,
    limits: Limits,
    unknown_caveats: UnknownCaveats,
    shadow: bool,
    replies: Replies,
    idempotency: Option<Idempotency>,
    telemetry: Telemetry,
}

impl GateBuilder {
    pub(crate) fn new(provider: impl InvoiceProvider + 'static) -> Self {
        Self {
            provider: Arc::new(provider),
            keys: None,
            is_ephemeral: false,
            revoked: None,
            store: None,
            token_cache: 0,
            clock: Arc::new(|| SystemTime::now().into()),
            network: None,
            pricing: None,
            free_tier: None,
            proxies: TrustedProxies::default(),
            offer_limits: OfferLimits::default(),
            rate_clock: RateClock::Monotonic(Instant::now()),
            settlement: SettlementCheck::Never,
            description: "L402".to_owned(),
            invoice_expiry: Duration::from_secs(10 * 60),
            token_lifetime: Duration::from_secs(60 * 60),
            lease: Duration::from_secs(120),
            price_timeout: Duration::from_secs(5),
            provider_timeout: Duration::from_secs(10),
            store_timeout: Duration::from_secs(5),
            limits: Limits::default(),
            unknown_caveats: UnknownCaveats::default(),
            shadow: false,
            replies: Replies::default(),
            idempotency: None,
            telemetry: Telemetry::default(),
        }
    }
}

impl GateBuilder {
    /// Builds the gate, and says in the log what it does when a backend is down.
    ///
    /// # Errors
    /// [`BuildError`] names the setting that is missing or makes no sense.
    pub fn build(self) -> Result<Gate, BuildError> {
        let capabilities = self.provider.capabilities();
        let pricing = self.pricing.ok_or(BuildError::MissingPrice)?;
        if let Pricing::Table(table) = &pricing
            && let Some(route) = table.repeated()
        {
            return Err(BuildError::RepeatedRoute(route.to_owned()));
        }
        pricing.quotes().try_for_each(|quote| quote.check_fixed(capabilities.msat_precision))?;
        let settlement =
            if capabilities.needs_settlement_check { SettlementCheck::Always } else { self.settlement };
        if settlement != SettlementCheck::Never && !capabilities.can_lookup {
            return Err(BuildError::NoLookup);
        }
        if !has_room_for_minted_tokens(&self.limits) {
            return Err(BuildError::LimitsTooTight);
        }
        let waits = [self.price_timeout, self.provider_timeout, self.store_timeout];
        let mut times = [self.invoice_expiry, self.lease].into_iter().chain(waits);
        if times.any(|time| time.as_secs() == 0) {
            return Err(BuildError::ZeroDuration);
        }
        if self.replies.cors.as_ref().is_some_and(|cors| !cors.is_sound()) {
            return Err(BuildError::InvalidCors);
        }
        let is_memory = self.store.is_none();
        let gate = Gate::from_rules(Rules {
            keys: match self.keys {
                Some(keys) if keys.is_guessable() => return Err(BuildError::WeakRootKey),
                Some(keys) => keys,
                None if self.is_ephemeral => Arc::new(MasterKey::from_bytes(entropy()?)),
                None => return Err(BuildError::MissingRootKey),
            },
            revoked: self.revoked,
            store: self.store.unwrap_or_else(|| Arc::new(MemoryReplayStore::default())),
            cache: (self.token_cache > 0).then(|| TokenCache::new(self.token_cache)),
            network: self.network.unwrap_or_else(|| self.provider.network()),
            provider: self.provider,
            answers: self
                .idempotency
                .filter(|_| !self.shadow)
                .map(|settings| Answers::new(settings, Arc::clone(&self.clock))),
            clock: self.clock,
            pricing,
            free_calls: self.free_tier.filter(|tier| !tier.is_empty()).map(FreeCalls::new),
            proxies: self.proxies,
            throttle: Throttle::new(&self.offer_limits, &self.rate_clock),
            breaker: Breaker::default(),
            entropy: Entropy::default(),
            settlement,
            settled: Settled::default(),
            description: self.description.into(),
            invoice_expiry: self.invoice_expiry,
            token_lifetime: self.token_lifetime,
            lease: self.lease,
            price_timeout: self.price_timeout,
            provider_timeout: self.provider_timeout,
            store_timeout: self.store_timeout,
            limits: self.limits,
            unknown_caveats: self.unknown_caveats,
            shadow: self.shadow,
            replies: self.replies,
            telemetry: self.telemetry,
            leases: LeaseIds::new(entropy()?),
        });
        announce::announce(gate.rules(), self.is_ephemeral, is_memory);
        Ok(gate)
    }
}

fn entropy<const N: usize>() -> Result<[u8; N], BuildError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| BuildError::NoEntropy)?;
    Ok(bytes)
}

/// Whether what a gate mints, with a short path at least, is something that it will read again.
const fn has_room_for_minted_tokens(limits: &Limits) -> bool {
    limits.header_bytes >= 1024
        && limits.caveats >= 8
        && limits.caveat_bytes >= 128
        && limits.identifier_bytes >= Identifier::LEN
        && limits.location_bytes >= 16
}

impl fmt::Debug for GateBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GateBuilder").field("pricing", &self.pricing).finish_non_exhaustive()
    }
}
