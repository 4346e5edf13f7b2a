//! [`Gate`]: who gets in.
//!
//! [`Gate::decide`] reads the price and whether something is paid with, and goes one of two ways, `crate::paid` or
//! `crate::unpaid`. What all ways out have in common is here.

mod rules;

use std::fmt;
use std::sync::Arc;

use l402_core::ports::{InvoiceProvider, PortFuture, StoreError};

use crate::builder::GateBuilder;
use crate::paid::{Admission, BodyWanted};
use crate::pricing::{Known, Pricing};
use crate::reply::{Audience, Refusal, Reply};
use crate::request::{HeaderValues, OwnedRequest, RequestParts};
use crate::unpaid::ProviderHealth;

pub(crate) use rules::{LeaseIds, Rules};

/// Sells requests: decides who gets in, and what everybody else is told.
///
/// A cheap handle; clones share everything. See the [crate docs](crate) for an example.
#[derive(Clone)]
pub struct Gate(Arc<Rules>);

/// What becomes of a request.
#[derive(Debug)]
#[non_exhaustive]
#[must_use]
pub enum Decision {
    /// Run the handler, then call [`Admission::finish`].
    Admit(Admission),
    /// Do not run the handler; answer this.
    Answer(Reply),
    /// Read the body up to [`BodyWanted::limit`], keep it for the handler, then call [`BodyWanted::decide`]. For requests
    /// with an `Idempotency-Key` and a good token, where [`GateBuilder::idempotency`] is on. Who cannot do this answers
    /// 503, or leaves that off.
    ReadBody(BodyWanted),
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

    /// Decides about one request. Its body is not looked at, but for one case: [`Decision::ReadBody`].
    ///
    /// The future borrows nothing. It is ready at once, without a box, for a valid token whose key is derived
    /// and whose uses are counted in memory, and for an offer whose provider answers at once.
    pub fn decide<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> PortFuture<Decision> {
        let rules = self.rules();
        if let Some(reply) = rules.replies.preflight(request) {
            return PortFuture::ready(Decision::Answer(reply));
        }
        match rules.pricing.known(request) {
            Known::Quote(quote) if quote.price().is_none() => {
                return self.admit_unpaid(Unpaid::Free, rules.replies.audience_let_in(request));
            }
            Known::NotForSale => {
                return self.answer(&Refusal::not_for_sale(), rules.replies.audience(request));
            }
            Known::Quote(_) | Known::Ask(_) => {}
        }
        self.redeem(request, rules.clock.now())
    }

    /// Copies what an offer may need later.
    pub(crate) fn keep<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> OwnedRequest {
        match self.rules().pricing {
            Pricing::Function(_) => request.to_owned_for_price(),
            Pricing::Fixed(_) | Pricing::Table(_) => request.to_owned(),
        }
    }

    /// Lets a request in that nobody pays for.
    pub(crate) fn admit_unpaid(&self, why: Unpaid, audience: Audience) -> PortFuture<Decision> {
        self.rules().telemetry.admitted_unpaid(why.name());
        let is_sold = matches!(why, Unpaid::FreeTier);
        PortFuture::ready(Decision::Admit(Admission::unpaid(self.clone(), is_sold, audience)))
    }

    /// The one way out for a request that is not let in; unless the gate only watches.
    pub(crate) fn answer(&self, refusal: &Refusal, audience: Audience) -> PortFuture<Decision> {
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
pub(crate) enum Unpaid {
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
