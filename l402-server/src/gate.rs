//! [`Gate`]: who gets in.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use l402_core::ports::{
    Claim, Claimed, InvoiceProvider, LeaseId, PortFuture, ReplayStore, RootKeyStore, StoreError,
};
use l402_core::{
    Clock, Grant, Limits, Network, Rejection, RequestContext, UnixTime, UnknownCaveats, Unverified, Uses,
};

use crate::admission::Admission;
use crate::builder::GateBuilder;
use crate::challenge;
use crate::client_key::{ClientKey, TrustedProxies};
use crate::credential;
use crate::idempotency::{Answers, Asked};
use crate::keys::RevocationList;
use crate::patience;
use crate::pricing::{FreeCalls, Known, PriceError, PriceFunction, PriceRequest, Pricing, Quote, binding};
use crate::reply::{Audience, Reason, Refusal, Replies, Reply};
use crate::request::{HeaderValues, OwnedRequest, RequestParts};
use crate::settlement::{self, LookupId, SettlementCheck};
use crate::telemetry::{self, Telemetry};
use crate::token_cache::TokenCache;
use crate::unpaid::{Breaker, ProviderHealth, Throttle};
use crate::verification::{self, Keys, Verdict};

/// How far clocks may be apart, or one be set back, before a spent token works again.
const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

/// Sells requests: decides who gets in, and what everybody else is told.
///
/// A cheap handle; clones share everything. See the [crate docs](crate) for an example.
#[derive(Clone)]
pub struct Gate(Arc<Rules>);

pub(crate) struct Rules {
    pub(crate) provider: Arc<dyn InvoiceProvider>,
    pub(crate) keys: Arc<dyn RootKeyStore>,
    pub(crate) revoked: Option<RevocationList>,
    pub(crate) store: Arc<dyn ReplayStore>,
    pub(crate) cache: Option<TokenCache>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) network: Network,
    pub(crate) pricing: Pricing,
    pub(crate) free_calls: Option<FreeCalls>,
    pub(crate) proxies: TrustedProxies,
    pub(crate) throttle: Throttle,
    pub(crate) breaker: Breaker,
    pub(crate) settlement: SettlementCheck,
    pub(crate) description: String,
    pub(crate) invoice_expiry: Duration,
    pub(crate) token_lifetime: Duration,
    pub(crate) lease: Duration,
    pub(crate) provider_timeout: Duration,
    pub(crate) store_timeout: Duration,
    pub(crate) limits: Limits,
    pub(crate) unknown_caveats: UnknownCaveats,
    pub(crate) shadow: bool,
    pub(crate) replies: Replies,
    pub(crate) answers: Option<Answers>,
    pub(crate) telemetry: Telemetry,
    pub(crate) leases: LeaseIds,
}

/// What becomes of a request.
#[derive(Debug)]
#[non_exhaustive]
#[must_use]
pub enum Decision {
    /// Run the handler, then call [`Admission::finish`].
    Admit(Admission),
    /// Do not run the handler; answer this.
    Answer(Reply),
}

impl Gate {
    /// Starts a gate that is paid into `provider`.
    pub fn builder(provider: impl InvoiceProvider + 'static) -> GateBuilder {
        GateBuilder::new(provider)
    }

    pub(crate) fn from_rules(rules: Rules) -> Self {
        Self(Arc::new(rules))
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.0
    }

    /// How the provider is doing, for a health check of one's own.
    #[must_use]
    pub fn provider_health(&self) -> ProviderHealth {
        self.rules().breaker.health()
    }

    /// How many bytes of a request's body have to be read, and handed to [`RequestParts::with_body`], before
    /// [`Gate::decide`]; `None` for nearly all requests. For those that carry an `Idempotency-Key`, where
    /// [`GateBuilder::idempotency`] is on. A larger body is answered with [`Gate::body_too_large`].
    #[must_use]
    pub fn body_limit<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> Option<usize> {
        self.rules().answers.as_ref()?.body_limit(request)
    }

    /// The answer to a request whose body is larger than [`Gate::body_limit`].
    #[must_use]
    pub fn body_too_large<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> Reply {
        let replies = &self.rules().replies;
        replies.say(&Refusal::body_too_large(), replies.audience(request))
    }

    /// Decides about one request.
    ///
    /// The future borrows nothing. It is ready at once, without a box, for a valid token whose key is derived
    /// and whose uses are counted in memory.
    pub fn decide<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> PortFuture<Decision> {
        let rules = self.rules();
        if let Some(reply) = rules.replies.preflight(request) {
            return PortFuture::ready(Decision::Answer(reply));
        }
        match rules.pricing.known(request) {
            Known::Quote(quote) if quote.price().is_none() => {
                return self.admit_unpaid(Unpaid::Free, rules.replies.audience(request));
            }
            Known::NotForSale => {
                return self.answer(&Refusal::not_for_sale(), rules.replies.audience(request));
            }
            Known::Quote(_) | Known::Ask(_) => {}
        }
        let now = rules.clock.now();
        if let Some(grant) = self.remembered(request, now) {
            return self.claim(request, grant, now);
        }
        let mut buffer = Vec::new();
        let credential = match credential::read(request, &rules.limits, &mut buffer) {
            Ok(Some(credential)) => credential,
            Ok(None) => return self.unpaid(request, Reason::NoCredential),
            Err(error) => return self.refuse(request, Reason::Malformed(error)),
        };
        if let Err(rejection) = credential.screen() {
            return self.refuse(request, Reason::Rejected(rejection));
        }
        match verification::find_keys(rules, &credential, now).into_ready() {
            Ok(keys) => self.check(request, credential, keys, now),
            Err(waiting) => {
                let (gate, request) = (self.clone(), request.to_owned_with_credential());
                PortFuture::new(gate.check_later(request, waiting))
            }
        }
    }

    /// Waits for the root keys, then reads the credential again from a copy of the request.
    async fn check_later(
        self,
        request: OwnedRequest,
        keys: PortFuture<Result<Keys, StoreError>>,
    ) -> Decision {
        let rules = self.rules();
        let keys = patience::store(rules.store_timeout, keys).await;
        let decision = {
            let request = request.parts();
            let mut buffer = Vec::new();
            match credential::read(&request, &rules.limits, &mut buffer) {
                Ok(Some(credential)) => self.check(&request, credential, keys, rules.clock.now()),
                Ok(None) => self.unpaid(&request, Reason::NoCredential),
                Err(error) => self.refuse(&request, Reason::Malformed(error)),
            }
        };
        decision.await
    }

    fn check<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        credential: Unverified<'_>,
        keys: Result<Keys, StoreError>,
        now: UnixTime,
    ) -> PortFuture<Decision> {
        let rules = self.rules();
        let keys = match keys {
            Ok(keys) => keys,
            Err(error) => return self.answer(&store_failure(&error), rules.replies.audience(request)),
        };
        let context = self.context(request, now);
        let verdict = telemetry::verify_span()
            .in_scope(|| verification::verify(rules, credential, &keys, request, &context));
        match verdict {
            Ok(Verdict::Granted { grant, can_be_remembered }) => {
                if can_be_remembered
                    && let Some(cache) = &rules.cache
                    && let Some(key) = cache.key(request, context.service)
                {
                    cache.insert(&key, grant);
                }
                self.claim(request, grant, now)
            }
            Ok(Verdict::AskNode(grant, id)) => self.ask_node(request, grant, id),
            Err(rejection) => self.refuse(request, Reason::Rejected(rejection)),
        }
    }

    /// What a request's token was found to be good for lately, if nothing has changed since.
    fn remembered<H: HeaderValues>(&self, request: &RequestParts<'_, H>, now: UnixTime) -> Option<Grant> {
        let rules = self.rules();
        let cache = rules.cache.as_ref()?;
        let context = self.context(request, now);
        let grant = cache.get(&cache.key(request, context.service)?, now)?;
        let is_revoked = rules.revoked.as_ref().is_some_and(|revoked| revoked.contains(&grant.payment_hash));
        (!is_revoked && rules.keys.is_still_live(grant.token_id, now)).then_some(grant)
    }

    /// What caveats are held against. A request is for the service whose pass its route asks for.
    fn context<'a, H: HeaderValues>(
        &'a self,
        request: &RequestParts<'a, H>,
        now: UnixTime,
    ) -> RequestContext<'a> {
        let context = request.context(now);
        match self.rules().pricing.known(request) {
            Known::Quote(quote) => quote.service().map_or(context, |pass| context.with_service(pass)),
            Known::NotForSale | Known::Ask(_) => context,
        }
    }

    /// Goes on when the node says that the invoice is settled.
    fn ask_node<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        grant: Grant,
        id: LookupId,
    ) -> PortFuture<Decision> {
        let rules = self.rules();
        if let Err(throttled) = rules.throttle.lookup(rules.proxies.client(request)) {
            return self.answer(&Refusal::throttled(throttled), rules.replies.audience(request));
        }
        let (gate, request) = (self.clone(), self.keep(request));
        PortFuture::new(async move {
            let rules = gate.rules();
            let settled = settlement::ask(rules, id, grant.payment_hash).await;
            let audience = rules.replies.audience(&request.parts());
            let decision = match settled {
                Ok(settlement::Answer::Settled) => gate.claim(&request.parts(), grant, rules.clock.now()),
                Ok(settlement::Answer::Pending) => gate.answer(&Refusal::payment_pending(), audience),
                Ok(settlement::Answer::Gone) => gate.unpaid(&request.parts(), Reason::InvoiceGone),
                Err(error) => {
                    tracing::warn!(backend = error.backend(), kind = %error.kind(), "l402: settlement cannot be looked up");
                    gate.answer(&Refusal::settlement_unknown(), audience)
                }
            };
            decision.await
        })
    }

    /// Takes one use of a token that passed everything else.
    fn claim<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        grant: Grant,
        now: UnixTime,
    ) -> PortFuture<Decision> {
        let rules = self.rules();
        let audience = rules.replies.audience(request);
        rules.throttle.paid(&grant.payment_hash);
        let ticket =
            match rules.answers.as_ref().map_or(Asked::Plain, |kept| kept.ask(request, grant.payment_hash)) {
                Asked::Plain => None,
                Asked::First(ticket) => Some(Box::new(ticket)),
                Asked::Again(reply) => return PortFuture::ready(Decision::Answer(reply)),
                Asked::Running => return self.answer(&Refusal::still_running(), audience),
                Asked::Mismatch => return self.answer(&Refusal::key_mismatch(), audience),
                Asked::Malformed => return self.answer(&Refusal::malformed_key(), audience),
            };
        let Uses::Limited(uses) = grant.uses else {
            let admission = Admission::uncounted(self.clone(), grant, ticket, audience);
            return PortFuture::ready(Decision::Admit(admission));
        };
        let lease_end = now.saturating_add(rules.lease);
        // Not when this token expires: its holder may have added that, and kept the token without.
        let forget_after = grant.issued_until.saturating_add(CLOCK_SKEW);
        let claim = Claim::new(grant.payment_hash, rules.leases.next(), uses, now, lease_end, forget_after);
        let span = telemetry::claim_span();
        let claimed = span.in_scope(|| rules.store.claim(claim));
        // Made before the answer is known: if the client leaves while the store works, what it may have granted
        // by then is given back.
        let admission = Admission::counted(self.clone(), grant, claim, ticket, audience);
        match claimed.into_ready() {
            Ok(claimed) => self.claimed(request, admission, claimed),
            Err(waiting) => {
                let (gate, request) = (self.clone(), self.keep(request));
                PortFuture::new(async move {
                    let waiting = patience::store(gate.rules().store_timeout, waiting);
                    let claimed = telemetry::within(span, waiting).await;
                    let decision = gate.claimed(&request.parts(), admission, claimed);
                    decision.await
                })
            }
        }
    }

    fn claimed<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        admission: Admission,
        claimed: Result<Claimed, StoreError>,
    ) -> PortFuture<Decision> {
        let audience = self.rules().replies.audience(request);
        match claimed {
            Ok(Claimed::Granted) => PortFuture::ready(Decision::Admit(admission)),
            // Nobody knows whether the store took the use, so it is given back.
            Err(error) => self.answer(&store_failure(&error), audience),
            Ok(Claimed::Busy) => {
                admission.discard();
                self.answer(&Refusal::in_use(), audience)
            }
            // An answer from a later version of the port is no reason to let anybody in.
            Ok(_) => {
                admission.discard();
                self.refuse(request, Reason::Rejected(Rejection::UsedUp))
            }
        }
    }

    /// By default a paid token of ours that does not fit gets a new offer; anything else gets no invoice for it.
    fn refuse<H: HeaderValues>(&self, request: &RequestParts<'_, H>, reason: Reason) -> PortFuture<Decision> {
        let replies = &self.rules().replies;
        if replies.profile.challenges(reason) {
            self.unpaid(request, reason)
        } else {
            self.answer(&Refusal::unauthorized(reason), replies.audience(request))
        }
    }

    /// Makes an offer, unless this call is for nothing.
    fn unpaid<H: HeaderValues>(&self, request: &RequestParts<'_, H>, reason: Reason) -> PortFuture<Decision> {
        let rules = self.rules();
        let (client, audience) = (rules.proxies.client(request), rules.replies.audience(request));
        if rules.shadow {
            return self.answer(&Refusal::without_offer(reason), audience);
        }
        if let (Reason::NoCredential, Some(free)) = (reason, &rules.free_calls)
            && free.take(client, rules.clock.now())
        {
            return self.admit_unpaid(Unpaid::FreeTier, audience);
        }
        let is_offered =
            !is_never_sold(request.method) && (!rules.replies.only_offer_if_asked || asks_for_offer(request));
        let (gate, buyer) = (self.clone(), Buyer { client, audience, reason, is_offered });
        match rules.pricing.known(request) {
            Known::NotForSale => self.answer(&Refusal::not_for_sale(), audience),
            Known::Quote(_) if !is_offered => self.answer(&Refusal::without_offer(reason), audience),
            Known::Quote(quote) => gate.offer(request.to_owned(), quote.clone(), Vec::new(), buyer),
            Known::Ask(function) => {
                PortFuture::new(gate.ask_price(request.to_owned_for_price(), function.clone(), buyer))
            }
        }
    }

    async fn ask_price(self, request: OwnedRequest, function: PriceFunction, buyer: Buyer) -> Decision {
        let audience = buyer.audience;
        let quote = function.ask(PriceRequest::new(request.clone())).await;
        let decision = match quote {
            Ok(quote) if quote.price().is_none() => self.admit_unpaid(Unpaid::Free, audience),
            Ok(_) if !buyer.is_offered => self.answer(&Refusal::without_offer(buyer.reason), audience),
            Ok(quote) => self.offer_from_function(request, quote, buyer),
            Err(PriceError::NotForSale) => self.answer(&Refusal::not_for_sale(), audience),
            Err(error) => {
                tracing::warn!(%error, "l402: the price function failed");
                self.answer(&Refusal::price_unavailable(), audience)
            }
        };
        decision.await
    }

    fn offer_from_function(self, request: OwnedRequest, quote: Quote, buyer: Buyer) -> PortFuture<Decision> {
        if let Err(error) = quote.check_from_function(self.rules().provider.capabilities().msat_precision) {
            tracing::error!(%error, "l402: the price function's quote cannot be sold");
            return self.answer(&Refusal::price_unavailable(), buyer.audience);
        }
        let conditions = binding::conditions(&quote, &request.parts());
        self.offer(request, quote, conditions, buyer)
    }

    /// Asks the provider for an invoice, unless there were enough.
    fn offer(
        self,
        request: OwnedRequest,
        quote: Quote,
        conditions: Vec<(String, String)>,
        buyer: Buyer,
    ) -> PortFuture<Decision> {
        let now = self.rules().clock.now();
        let reservation = match self.rules().throttle.offer(buyer.client, now) {
            Ok(reservation) => reservation,
            Err(throttled) => return self.answer(&Refusal::throttled(throttled), buyer.audience),
        };
        if let Err(wait) = self.rules().breaker.admit(now) {
            return self.answer(&Refusal::provider_resting(wait), buyer.audience);
        }
        PortFuture::new(async move {
            let issued =
                challenge::issue(self.rules(), &request, &quote, conditions, reservation, buyer.reason);
            let refusal = telemetry::within(telemetry::challenge_span(), issued).await;
            self.answer(&refusal, buyer.audience).await
        })
    }

    /// Copies what an offer may need later.
    fn keep<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> OwnedRequest {
        match self.rules().pricing {
            Pricing::Function(_) => request.to_owned_for_price(),
            Pricing::Fixed(_) | Pricing::Table(_) => request.to_owned(),
        }
    }

    /// Lets a request in that nobody pays for.
    fn admit_unpaid(&self, why: Unpaid, audience: Audience) -> PortFuture<Decision> {
        self.rules().telemetry.admitted_unpaid(why.name());
        let is_sold = matches!(why, Unpaid::FreeTier);
        PortFuture::ready(Decision::Admit(Admission::unpaid(self.clone(), is_sold, audience)))
    }

    /// The one way out for a request that is not let in; unless the gate only watches.
    fn answer(&self, refusal: &Refusal, audience: Audience) -> PortFuture<Decision> {
        let rules = self.rules();
        rules.telemetry.refused(refusal);
        if rules.shadow {
            return self.admit_unpaid(Unpaid::Shadow, audience);
        }
        PortFuture::ready(Decision::Answer(rules.replies.say(refusal, audience)))
    }
}

/// Why a request is let in that nobody pays for.
#[derive(Clone, Copy)]
enum Unpaid {
    /// It costs nothing.
    Free,
    /// It costs something, but not this client, this time.
    FreeTier,
    /// The gate only watches.
    Shadow,
}

impl Unpaid {
    const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::FreeTier => "free_tier",
            Self::Shadow => "shadow",
        }
    }
}

/// Who is made an offer, and why.
#[derive(Clone, Copy)]
struct Buyer {
    client: ClientKey,
    audience: Audience,
    reason: Reason,
    /// Whether an invoice may be made for it.
    is_offered: bool,
}

/// Whether a client says that it can pay: `Accept-Authenticate: L402`, as some servers want it.
fn asks_for_offer<H: HeaderValues>(request: &RequestParts<'_, H>) -> bool {
    let fields = ["accept-authenticate", "x-accept-authenticate"];
    let mut schemes = fields
        .into_iter()
        .flat_map(|name| request.headers.values(name))
        .flat_map(|value| value.split(|byte| matches!(byte, b',' | b' ' | b'\t')));
    schemes.any(|scheme| scheme.eq_ignore_ascii_case(b"L402") || scheme.eq_ignore_ascii_case(b"LSAT"))
}

/// Methods that clients and crawlers send without meaning to buy anything.
fn is_never_sold(method: &str) -> bool {
    matches!(method, "HEAD" | "OPTIONS")
}

/// Says in the log what broke, and to the client only that something did.
pub(crate) fn store_failure(error: &StoreError) -> Refusal {
    tracing::warn!(
        store = error.store(),
        full = error.is_full(),
        "l402: a store failed, the request is refused"
    );
    Refusal::store_unavailable(error)
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rules = self.rules();
        f.debug_struct("Gate")
            .field("pricing", &rules.pricing)
            .field("network", &rules.network)
            .finish_non_exhaustive()
    }
}

/// Names for claims that are unique over all processes: a random start and a counter.
pub(crate) struct LeaseIds {
    process: [u8; 8],
    next: AtomicU64,
}

impl LeaseIds {
    pub(crate) const fn new(process: [u8; 8]) -> Self {
        Self { process, next: AtomicU64::new(0) }
    }

    fn next(&self) -> LeaseId {
        let mut bytes = [0; 16];
        bytes[..8].copy_from_slice(&self.process);
        bytes[8..].copy_from_slice(&self.next.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        LeaseId::from_bytes(bytes)
    }
}
