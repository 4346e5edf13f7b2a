//! Making a challenge: an invoice from the provider, believed in nothing, and a token sealed to it.

use std::time::Duration;

use l402_core::bolt11::{InvoiceError, InvoiceTerms};
use l402_core::header::{Challenge, ChallengeError, CredentialRef, Scheme, credential_header_value};
use l402_core::ports::{BackendError, Invoice, NewInvoice, StoreError};
use l402_core::{
    Identifier, Limits, Macaroon, MintRequest, Msat, Preimage, RequestContext, TooLarge, UnixTime, mint,
};

use super::Reservation;
use crate::gate::{Rules, store_failure};
use crate::paid::lookup_condition;
use crate::patience;
use crate::pricing::{Quote, Scope};
use crate::reply::{Offer, Reason, Refusal};
use crate::request::OwnedRequest;
use crate::telemetry::Challenged;

/// Room in a caveat for the condition before the path or method.
const CONDITION_BYTES: usize = 16;

/// How much longer than asked for an invoice may be payable: backends round up, or know a few durations only.
const MOST_EXTRA_EXPIRY: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Answers 402 with a fresh challenge, or says why there is none.
pub(crate) async fn issue(
    rules: &Rules,
    request: &OwnedRequest,
    quote: &Quote,
    conditions: Vec<(String, String)>,
    reservation: Reservation,
    reason: Reason,
) -> Refusal {
    let now = rules.clock.now();
    let request = request.parts();
    let context = request.context(now);
    let fits = |part: &str| part.len() + CONDITION_BYTES <= rules.limits.caveat_bytes;
    if !fits(context.path) || !context.route.is_none_or(fits) {
        return Refusal::path_too_long();
    }
    if !fits(context.method) {
        return Refusal::method_too_long();
    }
    match try_issue(rules, &context, quote, conditions, reservation, now).await {
        Ok(offer) => {
            let Offer { price, payment_hash, expires_at, .. } = offer;
            rules.telemetry.challenged(&Challenged { payment_hash, price, expires_at });
            Refusal::challenge(reason, offer)
        }
        Err(failure) => failure.into_refusal(),
    }
}

async fn try_issue(
    rules: &Rules,
    context: &RequestContext<'_>,
    quote: &Quote,
    mut conditions: Vec<(String, String)>,
    reservation: Reservation,
    now: UnixTime,
) -> Result<Offer, Failure> {
    let price = quote.price().ok_or(Failure::Free)?;
    let description = quote.describe(&rules.description).to_owned();
    let wanted = NewInvoice::new(price, description.clone(), rules.invoice_expiry);
    let created = patience::provider(rules, rules.provider.create_invoice(wanted)).await;
    match &created {
        Ok(_) => rules.breaker.succeeded(),
        Err(error) => rules.breaker.failed(error, rules.clock.now()),
    }
    let invoice = created.map_err(Failure::Provider)?;
    let terms = check(rules, &invoice, price, now)?;
    // Only one of two callers could pay it, and either could use the other's payment.
    if !reservation.keep(terms.payment_hash, terms.expires_at) {
        return Err(Failure::Lie("one that was offered to somebody else"));
    }
    // First of all caveats, where settlement looks for it.
    conditions.splice(0..0, lookup_condition(rules.settlement, &invoice));

    let mut entropy = [0; 32];
    getrandom::fill(&mut entropy).map_err(|_| Failure::Entropy)?;
    let issued =
        patience::store(rules.store_timeout, rules.keys.issue(entropy)).await.map_err(Failure::Store)?;
    let identifier = Identifier { payment_hash: terms.payment_hash, token_id: issued.token_id };
    let token = match (quote.scope(), context.route) {
        (Scope::Pass(pass), _) => MintRequest::for_service(identifier, pass, price),
        (Scope::Route, Some(route)) => MintRequest::for_route(identifier, context, route, price),
        (Scope::Path, _) | (Scope::Route, None) => MintRequest::new(identifier, context, price),
    };
    let lifetime = quote.lifetime(rules.token_lifetime);
    let token = token
        .with_uses(quote.allowed_uses())
        .with_expiry(terms.expires_at.saturating_add(lifetime))
        .with_conditions(&conditions);
    let macaroon = mint(&token, &issued.root_key).map_err(Failure::Mint)?;
    if !is_readable(&macaroon, &rules.limits) {
        return Err(Failure::Unreadable);
    }

    Ok(Offer {
        challenge: Challenge::new(macaroon, invoice.bolt11).map_err(Failure::Header)?,
        price,
        payment_hash: terms.payment_hash,
        description,
        issued_at: now,
        expires_at: terms.expires_at,
        poll: rules.settlement.asks(false),
    })
}

/// Whether the gate would read the token again: nobody is to pay for one that it refuses.
fn is_readable(macaroon: &Macaroon, limits: &Limits) -> bool {
    let credential =
        credential_header_value(Scheme::L402, &macaroon.to_base64(), &Preimage::from_bytes([0; 32]));
    let mut found = CredentialRef::parse_all(credential.as_bytes(), limits);
    let mut buffer = Vec::new();
    matches!(found.next(), Some(Ok(credential)) if credential.decode_into(&mut buffer, limits).is_ok())
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

enum Failure {
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
