//! Asking the node whether an invoice is settled, where the preimage is no proof or the buyer has none.

use l402_core::ports::{BackendError, BackendErrorKind, Invoice, PortFuture, Settlement};
use l402_core::{Authentic, Grant, PaymentHash, RequestContext, Satisfier, UnixTime};

use crate::gate::{Decision, Gate, Rules};
use crate::patience;
use crate::reply::{Reason, Refusal};
use crate::request::{HeaderValues, RequestParts};

/// The caveat that keeps what the provider calls the invoice, since nothing is stored when a challenge goes out.
pub(crate) const LOOKUP_ID: &str = "lookup_id";

/// When the node is asked whether an invoice is settled.
///
/// An invoice that is settled stays so, and the gate remembers the payments that it was told of, some thousands of them:
/// a token for many calls takes one lookup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SettlementCheck {
    /// Never: the preimage is the proof, and requests that were paid for do not depend on the node.
    #[default]
    Never,
    /// For credentials without a preimage, which are accepted then: `Authorization: L402 <macaroon>`. For buyers
    /// whose wallet shows no preimage.
    ///
    /// # Security
    /// Whoever has seen the challenge can use the token once the invoice is paid.
    WithoutPreimage,
    /// For every payment, with a preimage or without. Needed where the backend shows preimages before payment.
    ///
    /// # Security
    /// As for [`SettlementCheck::WithoutPreimage`]. Lookups for credentials without a preimage are limited for all clients
    /// together ([`OfferLimits::overall`](crate::OfferLimits::overall)), so that strangers who ask about invoices that they
    /// do not pay keep nobody waiting but those who have no preimage either.
    Always,
}

impl SettlementCheck {
    pub(crate) const fn asks(self, has_preimage: bool) -> bool {
        match self {
            Self::Never => false,
            Self::WithoutPreimage => !has_preimage,
            Self::Always => true,
        }
    }
}

impl Gate {
    /// Goes on when the node says that the invoice is settled, or has said so.
    pub(super) fn ask_node<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        grant: Grant,
        lookup: Lookup,
        now: UnixTime,
    ) -> PortFuture<Decision> {
        let rules = self.rules();
        if rules.settled.contains(&grant.payment_hash) {
            return self.claim(request, grant, now);
        }
        if let Err(throttled) = rules.throttle.lookup(rules.proxies.client(request), lookup.has_preimage) {
            let refusal = Refusal::asked_too_often(throttled.retry_after);
            return self.answer(&refusal, rules.replies.audience(request));
        }
        let (gate, request) = (self.clone(), self.keep(request));
        PortFuture::new(async move {
            let rules = gate.rules();
            let settled = ask(rules, lookup, grant.payment_hash).await;
            let audience = rules.replies.audience(&request.parts());
            let decision = match settled {
                Ok(Answer::Settled) => {
                    rules.settled.insert(grant.payment_hash);
                    gate.claim(&request.parts(), grant, rules.clock.now())
                }
                Ok(Answer::Pending) => gate.answer(&Refusal::payment_pending(), audience),
                Ok(Answer::Gone) => gate.unpaid(&request.parts(), Reason::InvoiceGone, rules.clock.now()),
                Err(error) => {
                    tracing::warn!(backend = error.backend(), kind = %error.kind(), "l402: settlement cannot be looked up");
                    gate.answer(&Refusal::settlement_unknown(), audience)
                }
            };
            decision.await
        })
    }
}

/// An invoice to look up.
pub(crate) struct Lookup {
    /// What the provider calls it.
    id: String,
    /// Whether the credential has its preimage, so that it is most likely paid.
    has_preimage: bool,
}

/// What a token is minted with so that its invoice can be looked up.
pub(crate) fn condition(check: SettlementCheck, invoice: &Invoice) -> Option<(String, String)> {
    let needs_id = check != SettlementCheck::Never && invoice.lookup_id != invoice.payment_hash.to_string();
    needs_id.then(|| (LOOKUP_ID.to_owned(), invoice.lookup_id.clone()))
}

/// What to look a token's invoice up by: a caveat.
///
/// Only as the first caveat, where no holder can put it: one that is appended might name an invoice that somebody
/// else has paid.
pub(crate) fn lookup(token: &Authentic<'_>) -> Lookup {
    let id = match token.first_condition() {
        Some((LOOKUP_ID, id)) => id.to_owned(),
        _ => token.payment_hash().to_string(),
    };
    Lookup { id, has_preimage: token.has_preimage() }
}

/// What the node says about an invoice.
pub(crate) enum Answer {
    Settled,
    Pending,
    /// It cannot be paid any more.
    Gone,
}

/// Asks the node.
pub(crate) async fn ask(rules: &Rules, lookup: Lookup, payment: PaymentHash) -> Result<Answer, BackendError> {
    let settlement = patience::provider(rules, |provider| provider.settlement(lookup.id)).await?;
    match settlement {
        Settlement::Settled { preimage: Some(preimage), .. } if preimage.payment_hash() != payment => {
            tracing::error!("l402: the provider says another invoice is settled than the one asked about");
            Err(BackendError::new("gate", BackendErrorKind::Protocol))
        }
        Settlement::Settled { .. } => Ok(Answer::Settled),
        Settlement::Open | Settlement::Held => Ok(Answer::Pending),
        _ => Ok(Answer::Gone),
    }
}

/// Knows the caveat, so that a gate which refuses unknown ones does not refuse its own tokens.
pub(crate) struct LookupIdCaveat;

impl Satisfier for LookupIdCaveat {
    fn handles(&self, condition: &str, _: &RequestContext<'_>) -> bool {
        condition == LOOKUP_ID
    }

    fn narrows(&self, previous: &str, next: &str) -> bool {
        previous == next
    }

    fn holds(&self, _: &str, _: &RequestContext<'_>) -> bool {
        true
    }
}
