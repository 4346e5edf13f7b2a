//! From a request that nothing is paid with to an offer, or to the reason why there is none.

use l402_core::UnixTime;
use l402_core::ports::PortFuture;

use super::challenge;
use crate::client_key::ClientKey;
use crate::gate::{Decision, Gate, Unpaid};
use crate::pricing::{Known, PriceError, PriceFunction, PriceRequest, Quote, binding};
use crate::reply::{Audience, Reason, Refusal};
use crate::request::{HeaderValues, OwnedRequest, RequestParts};
use crate::{patience, telemetry};

impl Gate {
    /// By default a paid token of ours that does not fit gets a new offer; anything else gets no invoice for it.
    pub(crate) fn refuse<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        reason: Reason,
        now: UnixTime,
    ) -> PortFuture<Decision> {
        let replies = &self.rules().replies;
        if replies.profile.challenges(reason) {
            self.unpaid(request, reason, now)
        } else {
            self.answer(&Refusal::unauthorized(reason), replies.audience(request))
        }
    }

    /// Makes an offer, unless this call is for nothing.
    pub(crate) fn unpaid<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        reason: Reason,
        now: UnixTime,
    ) -> PortFuture<Decision> {
        let rules = self.rules();
        let (client, audience) = (rules.proxies.client(request), rules.replies.audience(request));
        if matches!(rules.pricing.known(request), Known::Quote(_))
            && self.takes_free_call(client, reason, now)
        {
            return self.admit_unpaid(Unpaid::FreeTier, audience);
        }
        if rules.shadow {
            return self.answer(&Refusal::without_offer(reason), audience);
        }
        let is_offered =
            !is_never_sold(request.method) && (!rules.replies.only_offer_if_asked || asks_for_offer(request));
        let buyer = Buyer { client, audience, reason, is_offered };
        match rules.pricing.known(request) {
            Known::NotForSale => self.answer(&Refusal::not_for_sale(), audience),
            Known::Quote(_) if !is_offered => self.answer(&Refusal::without_offer(reason), audience),
            Known::Quote(quote) => self.offer(request, quote, Vec::new(), buyer, now),
            Known::Ask(function) => {
                let (gate, request) = (self.clone(), request.to_owned_for_price());
                PortFuture::new(gate.ask_price(request, function.clone(), buyer))
            }
        }
    }

    /// Takes one of the client's free calls, if it shows no credential and has any left. Of what costs something only:
    /// what is free takes none, and what is not for sale is not given away either.
    fn takes_free_call(&self, client: ClientKey, reason: Reason, now: UnixTime) -> bool {
        let rules = self.rules();
        matches!(reason, Reason::NoCredential)
            && rules.free_calls.as_ref().is_some_and(|free| free.take(client, now))
    }

    async fn ask_price(self, request: OwnedRequest, function: PriceFunction, buyer: Buyer) -> Decision {
        let audience = buyer.audience;
        let quote = function.ask(PriceRequest::new(request.clone()));
        let quote = patience::price(self.rules(), quote).await;
        let decision = match quote {
            Ok(quote) if quote.price().is_none() => self.admit_unpaid(Unpaid::Free, audience),
            Ok(_) if self.takes_free_call(buyer.client, buyer.reason, self.rules().clock.now()) => {
                self.admit_unpaid(Unpaid::FreeTier, audience)
            }
            Ok(_) if !buyer.is_offered => self.answer(&Refusal::without_offer(buyer.reason), audience),
            Ok(quote) => self.offer_from_function(&request, &quote, buyer),
            Err(PriceError::NotForSale) => self.answer(&Refusal::not_for_sale(), audience),
            Err(error) => {
                tracing::warn!(%error, "l402: the price function failed");
                self.answer(&Refusal::price_unavailable(), audience)
            }
        };
        decision.await
    }

    fn offer_from_function(
        &self,
        request: &OwnedRequest,
        quote: &Quote,
        buyer: Buyer,
    ) -> PortFuture<Decision> {
        if let Err(error) = quote.check_from_function(self.rules().provider.capabilities().msat_precision) {
            tracing::error!(%error, "l402: the price function's quote cannot be sold");
            return self.answer(&Refusal::price_unavailable(), buyer.audience);
        }
        let conditions = binding::conditions(quote, &request.parts());
        self.offer(&request.parts(), quote, conditions, buyer, self.rules().clock.now())
    }

    /// Asks the provider for an invoice, unless there were enough. Nothing is copied for a provider that answers at once.
    fn offer<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        quote: &Quote,
        conditions: Vec<(String, String)>,
        buyer: Buyer,
        now: UnixTime,
    ) -> PortFuture<Decision> {
        let rules = self.rules();
        if let Some(refusal) = challenge::unsealable(rules, &request.context(now)) {
            return self.answer(&refusal, buyer.audience);
        }
        let reservation = match rules.throttle.offer(buyer.client, now) {
            Ok(reservation) => reservation,
            Err(throttled) => return self.answer(&Refusal::throttled(throttled), buyer.audience),
        };
        if let Err(wait) = rules.breaker.admit(now) {
            return self.answer(&Refusal::provider_resting(wait), buyer.audience);
        }
        let span = telemetry::challenge_span();
        let order = span.in_scope(|| challenge::order(self, quote, reservation, now));
        match order.into_ready() {
            Ok(order) => {
                let context = request.context(now);
                let answer = || challenge::answer(rules, &context, quote, conditions, order, buyer.reason);
                self.answer(&span.in_scope(answer), buyer.audience)
            }
            Err(waiting) => {
                let (gate, request, quote) = (self.clone(), request.to_owned(), quote.clone());
                PortFuture::new(async move {
                    let order = telemetry::within(span.clone(), waiting).await;
                    let (rules, request) = (gate.rules(), request.parts());
                    let context = request.context(now);
                    let answer =
                        || challenge::answer(rules, &context, &quote, conditions, order, buyer.reason);
                    let refusal = span.in_scope(answer);
                    gate.answer(&refusal, buyer.audience).await
                })
            }
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
