//! [`GateBuilder`]: the settings of a gate, with their defaults and reasons.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use l402_core::ports::{InvoiceProvider, ReplayStore, RootKeyStore};
use l402_core::{Clock, Grant, Identifier, Limits, MasterKey, Network, UnknownCaveats};

use crate::client_key::TrustedProxies;
use crate::gate::{Gate, LeaseIds, Rules};
use crate::idempotency::{Answers, Idempotency};
use crate::keys::RevocationList;
use crate::pricing::{FreeCalls, FreeTier, PriceError, PriceFunction, PriceRequest, PriceTable, Pricing};
use crate::pricing::{Quote, QuoteError};
use crate::reply::{Cors, Profile, Replies};
use crate::settlement::SettlementCheck;
use crate::stores::MemoryReplayStore;
use crate::telemetry::{Challenged, Refused, Telemetry};
use crate::token_cache::TokenCache;
use crate::unpaid::{Breaker, OfferLimits, RateClock, Throttle};

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

/// What is sold, and for how much.
impl GateBuilder {
    /// Asks this for every request: a price in [`Msat`](l402_core::Msat), or a [`Quote`] that sells something else
    /// than one call. This, a table or a function is required; the last one said counts.
    pub fn price(mut self, quote: impl Into<Quote>) -> Self {
        self.pricing = Some(Pricing::Fixed(quote.into()));
        self
    }

    /// Asks what the table says for the route and method.
    pub fn prices(mut self, table: PriceTable) -> Self {
        self.pricing = Some(Pricing::Table(table));
        self
    }

    /// Asks what a function says, which may take its time: a price that depends on the request, or on the day.
    ///
    /// The function is asked about requests without a token that opens the door, so a token is never refused because a
    /// price has changed. A token is bound to path, method, query and to the header fields that the quote
    /// [names](Quote::bound_to_header).
    ///
    /// ```
    /// use l402_core::Msat;
    /// use l402_server::{Gate, PriceError, PriceRequest, Quote};
    /// # use l402_dev::DevNode;
    ///
    /// async fn price(request: PriceRequest) -> Result<Quote, PriceError> {
    ///     let pages = request.query().and_then(|query| query.strip_prefix("pages=")?.parse().ok()).unwrap_or(1);
    ///     Msat::from_sat(5).checked_mul(pages).map(Quote::new).ok_or(PriceError::NotForSale)
    /// }
    /// let gate = Gate::builder(DevNode::new()?.provider()).price_fn(price).ephemeral_root_key().build()?;
    /// # let _ = gate;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn price_fn<F, A>(mut self, function: F) -> Self
    where
        F: Fn(PriceRequest) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Quote, PriceError>> + Send + 'static,
    {
        self.pricing = Some(Pricing::Function(PriceFunction::new(function)));
        self
    }

    /// Gives each client some calls for nothing. Default: none.
    pub const fn free_tier(mut self, tier: FreeTier) -> Self {
        self.free_tier = Some(tier);
        self
    }

    /// What the buyer's wallet shows. Default: `L402`, since a path or a query in an invoice would tell the
    /// wallet's operator what is being bought.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.description = description.into();
        self
    }

    /// How long an invoice should be payable. Default: 10 minutes.
    pub const fn invoice_expiry(mut self, expiry: Duration) -> Self {
        self.invoice_expiry = expiry;
        self
    }

    /// How long a token works after its invoice can no longer be paid, unless its [`Quote`] says
    /// [otherwise](Quote::valid_for). Default: one hour, so that whoever pays at the last moment still has an hour.
    /// Uses are remembered for as long.
    pub const fn token_lifetime(mut self, lifetime: Duration) -> Self {
        self.token_lifetime = lifetime;
        self
    }
}

/// Keys and stores.
impl GateBuilder {
    /// Derives the root key of every token from this secret. Required, unless [`GateBuilder::root_keys`] is used.
    /// [`keys`](crate::keys) reads one from the environment or a file.
    ///
    /// Instances that share the secret accept each other's tokens, whatever their price and host: a token says path
    /// and method only. Services that are not to honour each other's tokens need secrets of their own.
    pub fn root_key(self, secret: MasterKey) -> Self {
        self.root_keys(secret)
    }

    /// Takes root keys from [`RotatingKeys`](crate::keys::RotatingKeys), or from a store of one's own.
    pub fn root_keys(mut self, keys: impl RootKeyStore + 'static) -> Self {
        self.keys = Some(Arc::new(keys));
        self.is_ephemeral = false;
        self
    }

    /// Makes up a secret that is gone when the process ends, and with it every token sold. For trying out: the log
    /// says so loudly.
    pub fn ephemeral_root_key(mut self) -> Self {
        self.keys = None;
        self.is_ephemeral = true;
        self
    }

    /// Refuses the tokens of payments on this list. Default: there is none.
    pub fn revocations(mut self, revoked: RevocationList) -> Self {
        self.revoked = Some(revoked);
        self
    }

    /// Counts uses in this store. Default: a new [`MemoryReplayStore`], which forgets at a restart: with a root key
    /// that is kept, tokens that are still valid can then be used once more.
    ///
    /// Gates that share a root key must share the store as well, or one token works once at each.
    pub fn store(mut self, store: impl ReplayStore + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Remembers about so many tokens that were verified, so that the next request with the same header field is let in
    /// for less: the field is compared instead of verified. Default: none.
    ///
    /// Expiry, revocation, the secret's cut-off and the count of uses are looked at each time. It helps tokens of many
    /// uses; one that is good for a single call is not seen twice. Each entry takes about 700 bytes, and holds a
    /// credential, which is wiped when it goes.
    pub const fn token_cache(mut self, tokens: usize) -> Self {
        self.token_cache = tokens;
        self
    }

    /// How long a handler may take before its use is given back. Default: 2 minutes. Must be longer than the
    /// slowest handler: an answer that comes later is withheld.
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// How long a key or replay store may take before the request is refused with 503. Default: 5 seconds.
    pub const fn store_timeout(mut self, timeout: Duration) -> Self {
        self.store_timeout = timeout;
        self
    }
}

/// The provider.
impl GateBuilder {
    /// How long the provider may take to make or look up an invoice before the request is refused with 503. Default:
    /// 10 seconds.
    pub const fn provider_timeout(mut self, timeout: Duration) -> Self {
        self.provider_timeout = timeout;
        self
    }

    /// Accepts invoices for this network only. Default: the one the provider says it is on.
    pub const fn network(mut self, network: Network) -> Self {
        self.network = Some(network);
        self
    }

    /// When to ask the provider whether an invoice is settled. Default: never, or always with a provider whose
    /// preimages [prove nothing](l402_core::ports::ProviderCapabilities::needs_settlement_check).
    pub const fn settlement(mut self, check: SettlementCheck) -> Self {
        self.settlement = check;
        self
    }
}

/// Requests.
impl GateBuilder {
    /// Takes the word of these proxies about who the client is. Default: of none.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// How many offers are made before the answer is 429. Default: [`OfferLimits::default`].
    pub const fn offer_limits(mut self, limits: OfferLimits) -> Self {
        self.offer_limits = limits;
        self
    }

    /// Makes offers only to clients that say they can pay, with `Accept-Authenticate: L402`. All others get 402 without
    /// an invoice, so that crawlers and browsers cost the node nothing. Default: everybody gets an offer.
    pub const fn only_offer_if_asked(mut self) -> Self {
        self.replies.only_offer_if_asked = true;
        self
    }

    /// How much of a credential is looked at. Default: [`Limits::default`].
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// What to do with caveats that nobody here knows. Default: skip them, as the specification demands.
    pub const fn unknown_caveats(mut self, unknown: UnknownCaveats) -> Self {
        self.unknown_caveats = unknown;
        self
    }

    /// Only watches: every request is let in, and the log, metrics and hooks tell what would have become of it. No
    /// invoice is made. Tokens that are shown are checked and charged as ever. For trying a paywall on real
    /// traffic. Answers are not kept for an `Idempotency-Key`.
    pub const fn shadow(mut self) -> Self {
        self.shadow = true;
        self
    }

    /// Takes the time from this clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self.rate_clock = RateClock::Given(Arc::clone(&self.clock));
        self
    }
}

/// Answers.
impl GateBuilder {
    /// Answers with the manners of another server. Default: [`Profile::DEFAULT`].
    pub const fn profile(mut self, profile: Profile) -> Self {
        self.replies.profile = profile;
        self
    }

    /// Lets web pages of other origins use what is sold. Default: those of the same origin only.
    pub fn cors(mut self, cors: Cors) -> Self {
        self.replies.cors = Some(cors);
        self
    }

    /// Whether browsers get a page with the invoice, instead of JSON. Default: they do.
    ///
    /// That is whoever asks with GET and names `text/html` in `Accept` as what it likes best. The page has a QR code, pays
    /// with a WebLN wallet where the browser has one, and shows what was bought. It loads nothing from anywhere, and its
    /// `Content-Security-Policy` allows no more than itself. That policy stays in force for HTML that was bought: it is
    /// shown without its own styles, images and scripts. Files of other types open and save as usual.
    pub const fn html(mut self, html: bool) -> Self {
        self.replies.html = html;
        self
    }

    /// Keeps the answers to requests with an `Idempotency-Key`, for clients that ask again. Default: none are kept.
    pub const fn idempotency(mut self, settings: Idempotency) -> Self {
        self.idempotency = Some(settings);
        self
    }

    /// Whether what was delivered and charged says for which payment, in the field `L402-Payment-Hash`. Default: it does.
    /// A payment hash is no secret.
    pub const fn receipts(mut self, receipts: bool) -> Self {
        self.replies.receipts = receipts;
        self
    }
}

/// Hooks, called in the middle of a request: they must be quick, and not wait.
impl GateBuilder {
    /// Called when an offer was made.
    pub fn on_challenge(mut self, hook: impl Fn(&Challenged) + Send + Sync + 'static) -> Self {
        self.telemetry.on_challenge = Some(Arc::new(hook));
        self
    }

    /// Called when a use was charged, or a token that is not counted let a request through.
    pub fn on_paid(mut self, hook: impl Fn(&Grant) + Send + Sync + 'static) -> Self {
        self.telemetry.on_paid = Some(Arc::new(hook));
        self
    }

    /// Called when a request was not let in; in shadow mode, when it would not have been.
    pub fn on_refused(mut self, hook: impl Fn(&Refused) + Send + Sync + 'static) -> Self {
        self.telemetry.on_refused = Some(Arc::new(hook));
        self
    }

    /// Called when a use was given back because nothing was delivered.
    pub fn on_released(mut self, hook: impl Fn(&Grant) + Send + Sync + 'static) -> Self {
        self.telemetry.on_released = Some(Arc::new(hook));
        self
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
        pricing.quotes().try_for_each(|quote| quote.check(capabilities.msat_precision))?;
        let settlement =
            if capabilities.needs_settlement_check { SettlementCheck::Always } else { self.settlement };
        if settlement != SettlementCheck::Never && !capabilities.can_lookup {
            return Err(BuildError::NoLookup);
        }
        if !has_room_for_minted_tokens(&self.limits) {
            return Err(BuildError::LimitsTooTight);
        }
        let times = [self.invoice_expiry, self.lease, self.provider_timeout, self.store_timeout];
        if times.iter().any(|time| time.as_secs() == 0) {
            return Err(BuildError::ZeroDuration);
        }
        if self.replies.cors.as_ref().is_some_and(|cors| !cors.is_sound()) {
            return Err(BuildError::InvalidCors);
        }
        let is_memory = self.store.is_none();
        let gate = Gate::from_rules(Rules {
            keys: match self.keys {
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
            settlement,
            description: self.description,
            invoice_expiry: self.invoice_expiry,
            token_lifetime: self.token_lifetime,
            lease: self.lease,
            provider_timeout: self.provider_timeout,
            store_timeout: self.store_timeout,
            limits: self.limits,
            unknown_caveats: self.unknown_caveats,
            shadow: self.shadow,
            replies: self.replies,
            telemetry: self.telemetry,
            leases: LeaseIds::new(entropy()?),
        });
        announce(gate.rules(), self.is_ephemeral, is_memory);
        Ok(gate)
    }
}

fn entropy<const N: usize>() -> Result<[u8; N], BuildError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| BuildError::NoEntropy)?;
    Ok(bytes)
}

/// Says what happens when something is down, for each kind of token, before it does.
fn announce(rules: &Rules, is_ephemeral: bool, is_memory: bool) {
    if is_ephemeral {
        tracing::warn!("l402: the root key is made up; every token sold is worthless after a restart");
    }
    if is_memory {
        tracing::warn!(
            "l402: uses are counted in memory; after a restart, or at another instance, a spent token works again"
        );
    }
    if rules.shadow {
        tracing::warn!("l402: shadow mode, everybody is let in");
    }
    let provider_down = match rules.settlement {
        SettlementCheck::Never => "tokens work, new offers are refused with 503",
        SettlementCheck::WithoutPreimage => {
            "tokens with a preimage work, others and new offers are refused with 503"
        }
        SettlementCheck::Always => "everything is refused with 503",
    };
    tracing::info!(
        network = %rules.network,
        counted_tokens_when_the_store_is_down = "refused with 503, and stay valid",
        unlimited_tokens_when_the_store_is_down = "work, they are not counted",
        when_the_provider_is_down = provider_down,
        "l402: the gate is up"
    );
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

/// Why a gate cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No root key.
    #[error(
        "the gate has no root key: call .root_key(key) with 32 random bytes, or .ephemeral_root_key() to try out"
    )]
    MissingRootKey,
    /// No price.
    #[error("the gate has no price: call .price(Msat::from_sat(10)), .prices(table) or .price_fn(function)")]
    MissingPrice,
    /// A price that cannot be asked.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// Two prices for one method of a route.
    #[error("the price table has two prices for one method of the route {0}")]
    RepeatedRoute(String),
    /// Limits under which the gate could not read its own tokens.
    #[error("the limits leave no room for the gate's own tokens: 1 KiB of header, 8 caveats of 128 bytes")]
    LimitsTooTight,
    /// A duration of less than a second.
    #[error("the lease, the invoice expiry and the timeouts must be at least one second")]
    ZeroDuration,
    /// An origin, method or field of the CORS settings that no browser would send.
    #[error(
        "the CORS settings name something no browser sends: an origin is scheme://host or scheme://host:port in lower \
         case, without path, slash or default port; methods and fields are single words"
    )]
    InvalidCors,
    /// Settlement is to be looked up, and the provider cannot.
    #[error("settlement must be looked up, and this provider cannot look it up; use another provider")]
    NoLookup,
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    NoEntropy,
}
