//! Making a challenge: an invoice from the provider, believed in nothing, and a token sealed to it.

use std::sync::Arc;
use std::time::Duration;

use l402_core::bolt11::{InvoiceError, InvoiceTerms};
use l402_core::header::{Challenge, ChallengeError};
use l402_core::ports::{
    BackendError, BackendErrorKind, Invoice, IssuedKey, NewInvoice, PortFuture, StoreError,
};
use l402_core::{
    Identifier, Limits, MacaroonRef, MintRequest, Msat, RequestContext, TooLarge, UnixTime, mint,
};

use super::Reservation;
use crate::gate::{Gate, Rules, store_failure};
use crate::paid::lookup_condition;
use crate::patience;
use crate::pricing::{Quote, Scope};
use crate::reply::{Offer, Reason, Refusal};
use crate::telemetry::Challenged;

/// Room in a caveat for the condition before the path or method.
const CONDITION_BYTES: usize = 16;

/// How much longer than asked for an invoice may be payable: backends round up, or know a few durations only.
const MOST_EXTRA_EXPIRY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// What an offer is made from: an invoice that is what was asked for, and the key of the token to come.
pub(super) struct Order {
    invoice: Invoice,
    terms: InvoiceTerms,
    key: IssuedKey,
}

/// Why a token for this request could not be written, whatever it costs.
pub(super) fn unsealable(rules: &Rules, context: &RequestContext<'_>) -> Option<Refusal> {
    let fits = |part: &str| part.len() + CONDITION_BYTES <= rules.limits.caveat_bytes;
    if !fits(context.path) || !context.route.is_none_or(fits) {
        return Some(Refusal::path_too_long());
    }
    (!fits(context.method)).then(Refusal::method_too_long)
}

/// Asks for a key, then for an invoice: nobody's node makes one for a token that cannot be signed. Ready at once if
/// both are.
pub(super) fn order(
    gate: &Gate,
    quote: &Quote,
    reservation: Reservation,
    now: UnixTime,
) -> PortFuture<Result<Order, Failure>> {
    let rules = gate.rules();
    let Some(price) = quote.price() else { return PortFuture::ready(Err(Failure::Free)) };
    let description = quote.describe(&rules.description).as_ref().to_owned();
    let wanted = NewInvoice::new(price, description, rules.invoice_expiry);
    let gate = gate.clone();
    issue_key(rules).then(move |key| order_for(&gate, key, wanted, reservation, now))
}

fn order_for(
    gate: &Gate,
    key: Result<IssuedKey, Failure>,
    wanted: NewInvoice,
    reservation: Reservation,
    now: UnixTime,
) -> PortFuture<Result<Order, Failure>> {
    let (rules, price) = (gate.rules(), wanted.amount);
    let key = match key {
        Ok(key) => key,
        Err(failure) => return PortFuture::ready(Err(failure)),
    };
    match patience::provider(rules, |provider| provider.create_invoice(wanted)).into_ready() {
        Ok(created) => {
            let accepted = accept(rules, created, price, reservation, now);
            PortFuture::ready(accepted.map(|(invoice, terms)| Order { invoice, terms, key }))
        }
        Err(waiting) => {
            let gate = gate.clone();
            // Whoever leaves meanwhile does not stop the provider, and the invoice counts as any other.
            let accepted = patience::to_its_end(async move {
                let created = waiting.await;
                accept(gate.rules(), created, price, reservation, now)
            });
            PortFuture::new(async move {
                let (invoice, terms) = accepted.await.unwrap_or_else(|_| Err(Failure::panicked()))?;
                Ok(Order { invoice, terms, key })
            })
        }
    }
}

fn accept(
    rules: &Rules,
    created: Result<Invoice, BackendError>,
    price: Msat,
    reservation: Reservation,
    now: UnixTime,
) -> Result<(Invoice, InvoiceTerms), Failure> {
    match &created {
        Ok(_) => rules.breaker.succeeded(),
        Err(error) => rules.breaker.failed(error, rules.clock.now()),
    }
    let invoice = created.map_err(Failure::Provider)?;
    let terms = check(rules, &invoice, price, now)?;
    // Only one of two callers could pay it, and either could use the other's payment.
    if !reservation.keep(terms.payment_hash, terms.expires_at, now) {
        return Err(Failure::Lie("one that was offered to somebody else"));
    }
    Ok((invoice, terms))
}

fn issue_key(rules: &Rules) -> PortFuture<Result<IssuedKey, Failure>> {
    let Ok(entropy) = rules.entropy.take() else { return PortFuture::ready(Err(Failure::Entropy)) };
    let issued = match rules.keys.issue(entropy).into_ready() {
        Ok(issued) => PortFuture::ready(issued),
        Err(waiting) => PortFuture::new(patience::store(rules.store_timeout, waiting)),
    };
    issued.then(|issued| PortFuture::ready(issued.map_err(Failure::Store)))
}

/// Answers 402 with a fresh challenge, or says why there is none.
pub(super) fn answer(
    rules: &Rules,
    context: &RequestContext<'_>,
    quote: &Quote,
    conditions: Vec<(String, String)>,
    order: Result<Order, Failure>,
    reason: Reason,
) -> Refusal {
    match order.and_then(|order| seal(rules, context, quote, conditions, order)) {
        Ok(offer) => {
            let Offer { price, payment_hash, expires_at, .. } = offer;
            rules.telemetry.challenged(&Challenged { payment_hash, price, expires_at });
            Refusal::challenge(reason, offer)
        }
        Err(failure) => failure.into_refusal(),
    }
}

/// Mints a token that is worth nothing without the invoice's preimage.
fn seal(
    rules: &Rules,
    context: &RequestContext<'_>,
    quote: &Quote,
    mut conditions: Vec<(String, String)>,
    Order { invoice, terms, key }: Order,
) -> Result<Offer, Failure> {
    let InvoiceTerms { payment_hash, expires_at, .. } = terms;
    let price = quote.price().ok_or(Failure::Free)?;
    // First of all caveats, where settlement looks for it.
    conditions.splice(0..0, lookup_condition(rules.settlement, &invoice));
    let identifier = Identifier { payment_hash, token_id: key.token_id };
    let token = match (quote.scope(), context.route) {
        (Scope::Pass(pass), _) => MintRequest::for_service(identifier, pass, price),
        (Scope::Route, Some(route)) => MintRequest::for_route(identifier, context, route, price),
        (Scope::Path, _) | (Scope::Route, None) => MintRequest::new(identifier, context, price),
    };
    let token = token
        .with_uses(quote.allowed_uses())
        .with_expiry(expires_at.saturating_add(quote.lifetime(rules.token_lifetime)))
        .with_conditions(&conditions);
    let macaroon = mint(&token, &key.root_key).map_err(Failure::Mint)?;
    let challenge = Challenge::new(macaroon, invoice.bolt11).map_err(Failure::Header)?;
    if !is_readable(&challenge, &rules.limits) {
        return Err(Failure::Unreadable);
    }
    Ok(Offer {
        challenge,
        price,
        payment_hash,
        description: Arc::clone(quote.describe(&rules.description)),
        issued_at: context.now,
        expires_at,
        poll: rules.settlement.asks(false),
    })
}

/// Whether the gate would read the token again: nobody is to pay for one that it refuses.
fn is_readable(challenge: &Challenge, limits: &Limits) -> bool {
    const BESIDE_MACAROON: usize = "L402 ".len() + ":".len() + 64;
    challenge.macaroon_text().len() + BESIDE_MACAROON <= limits.header_bytes
        && MacaroonRef::decode(challenge.macaroon().as_bytes(), limits).is_ok()
}

/// Holds the provider's answer against what was asked: a wrong amount would cheat the buyer or the seller, and a
/// wrong hash would sell a token that no payment can redeem. The signature is the buyer's to check, see [`InvoiceTerms`].
fn check(rules: &Rules, invoice: &Invoice, price: Msat, now: UnixTime) -> Result<InvoiceTerms, Failure> {
    let terms: InvoiceTerms = invoice.bolt11.parse().map_err(Failure::Invoice)?;
    if terms.amount != Some(price) {
        return Err(Failure::Lie("another amount"));
    }
    if terms.payment_hash != invoice.payment_hash {
        return Err(Failure::Lie("another payment hash"));
    }
    if terms.network != rules.network {
        return Err(Failure::Lie("another network"));
    }
    if terms.expires_at <= now {
        return Err(Failure::Lie("an expiry in the past"));
    }
    // A token lives as long as its invoice and longer, and its uses are remembered for all that time.
    if terms.expires_at > now.saturating_add(rules.invoice_expiry).saturating_add(MOST_EXTRA_EXPIRY) {
        return Err(Failure::Lie("an expiry too far in the future"));
    }
    Ok(terms)
}

pub(super) enum Failure {
    Provider(BackendError),
    Invoice(InvoiceError),
    Lie(&'static str),
    Header(ChallengeError),
    Store(StoreError),
    Mint(TooLarge),
    Entropy,
    /// Nothing asks for an offer of something free.
    Free,
    Unreadable,
}

impl Failure {
    fn panicked() -> Self {
        Self::Provider(BackendError::new("provider", BackendErrorKind::Unavailable))
    }

    /// Logs kinds and names only: what a backend says may hold secrets.
    fn into_refusal(self) -> Refusal {
        match self {
            Self::Provider(error) => {
                tracing::warn!(backend = error.backend(), kind = %error.kind(), "l402: the provider made no invoice");
                Refusal::provider_unavailable(Some(error.kind()))
            }
            Self::Invoice(error) => {
                tracing::error!(%error, "l402: the provider's invoice cannot be read");
                Refusal::provider_unavailable(None)
            }
            Self::Lie(what) => {
                tracing::error!(what, "l402: the provider's invoice is not the one asked for");
                Refusal::provider_unavailable(None)
            }
            Self::Header(error) => {
                tracing::error!(%error, "l402: the provider's invoice does not fit a header");
                Refusal::provider_unavailable(None)
            }
            Self::Store(error) => store_failure(&error),
            Self::Mint(error) => {
                tracing::error!(%error, "l402: the token cannot be written");
                Refusal::path_too_long()
            }
            Self::Entropy => {
                tracing::error!("l402: the system gives no random bytes");
                Refusal::no_entropy()
            }
            Self::Free => Refusal::price_unavailable(),
            Self::Unreadable => {
                tracing::error!(
                    "l402: the token would not be within the gate's own limits; raise them, or bind less"
                );
                Refusal::price_unavailable()
            }
        }
    }
}
