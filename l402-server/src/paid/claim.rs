//! Taking a use of a token that passed everything else.

use std::time::Duration;

use l402_core::ports::{Claim, Claimed, PortFuture, StoreError};
use l402_core::{Grant, Rejection, UnixTime, Uses};

use super::admission::Admission;
use super::body_wanted::BodyWanted;
use super::idempotency::{Asked, MalformedKey, Ticket};
use crate::gate::{Decision, Gate, store_failure};
use crate::reply::{Reason, Refusal};
use crate::request::{HeaderValues, RequestParts};
use crate::{patience, telemetry};

/// How far clocks may be apart, or one be set back, before a spent token works again.
const CLOCK_SKEW: Duration = Duration::from_secs(5 * 60);

impl Gate {
    /// Takes one use of a token that passed everything else; once the body is there, if the request has a key.
    pub(super) fn claim<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        grant: Grant,
        now: UnixTime,
    ) -> PortFuture<Decision> {
        let rules = self.rules();
        let Some(answers) = &rules.answers else { return self.take_use(request, grant, None, now) };
        match answers.key(request, grant.payment_hash) {
            Ok(None) => self.take_use(request, grant, None, now),
            Ok(Some(key)) => {
                let wanted = BodyWanted::new(self.clone(), self.keep(request), grant, key);
                PortFuture::ready(Decision::ReadBody(wanted))
            }
            Err(MalformedKey) => self.answer(&Refusal::malformed_key(), rules.replies.audience(request)),
        }
    }

    /// Goes on with a request that has a key, by what that means.
    pub(super) fn claim_asked<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        grant: Grant,
        asked: Asked,
        now: UnixTime,
    ) -> PortFuture<Decision> {
        let refusal = match asked {
            Asked::First(ticket) => return self.take_use(request, grant, Some(Box::new(ticket)), now),
            Asked::Again(reply) => return PortFuture::ready(Decision::Answer(reply)),
            Asked::Running => Refusal::still_running(),
            Asked::Mismatch => Refusal::key_mismatch(),
        };
        self.answer(&refusal, self.rules().replies.audience(request))
    }

    fn take_use<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        grant: Grant,
        ticket: Option<Box<Ticket>>,
        now: UnixTime,
    ) -> PortFuture<Decision> {
        let rules = self.rules();
        rules.throttle.paid(&grant.payment_hash);
        let Uses::Limited(uses) = grant.uses else {
            let audience = rules.replies.audience_let_in(request);
            let admission = Admission::uncounted(self.clone(), grant, ticket, audience);
            return PortFuture::ready(Decision::Admit(admission));
        };
        let lease_end = now.saturating_add(rules.lease);
        // Not when this token expires: its holder may have added that, and kept the token without.
        let forget_after = grant.issued_until.saturating_add(CLOCK_SKEW);
        let claim = Claim::new(grant.payment_hash, rules.leases.next(), uses, now, lease_end, forget_after);
        let audience = rules.replies.audience(request);
        let span = telemetry::claim_span();
        let claimed = span.in_scope(|| rules.store.claim(claim));
        // Made before the answer is known: if the client leaves while the store works, what it may have granted
        // by then is given back.
        let admission = Admission::counted(self.clone(), grant, claim, ticket, audience);
        match claimed.into_ready() {
            Ok(claimed) => self.claimed(request, admission, claimed, now),
            Err(waiting) => {
                let (gate, request) = (self.clone(), self.keep(request));
                PortFuture::new(async move {
                    let waiting = patience::store(gate.rules().store_timeout, waiting);
                    let claimed = telemetry::within(span, waiting).await;
                    let decision =
                        gate.claimed(&request.parts(), admission, claimed, gate.rules().clock.now());
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
        now: UnixTime,
    ) -> PortFuture<Decision> {
        let audience = || self.rules().replies.audience(request);
        match claimed {
            Ok(Claimed::Granted) => PortFuture::ready(Decision::Admit(admission)),
            // Nobody knows whether the store took the use, so it is given back.
            Err(error) => self.answer(&store_failure(&error), audience()),
            Ok(Claimed::Busy) => {
                admission.discard();
                self.answer(&Refusal::in_use(), audience())
            }
            // An answer from a later version of the port is no reason to let anybody in.
            Ok(_) => {
                admission.discard();
                self.refuse(request, Reason::Rejected(Rejection::UsedUp), now)
            }
        }
    }
}
