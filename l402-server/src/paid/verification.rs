//! From a decoded credential to a grant: root keys, signature, revocation, proof of payment, caveats.

use l402_core::ports::{PortFuture, RootKeyStore, StoreError};
use l402_core::{CaveatPolicy, Grant, Rejection, RequestContext, RootKey, UnixTime, Unverified};

use super::credential;
use super::settlement::{self, Lookup};
use crate::gate::{Decision, Gate, Rules, store_failure};
use crate::pricing::Known;
use crate::pricing::binding::{HeaderBinding, QueryBinding};
use crate::reply::Reason;
use crate::request::{HeaderValues, OwnedRequest, RequestParts};
use crate::{patience, telemetry};

impl Gate {
    /// What a request's token was found to be good for lately, if nothing has changed since.
    pub(super) fn remembered<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        now: UnixTime,
    ) -> Option<Grant> {
        let rules = self.rules();
        let cache = rules.cache.as_ref()?;
        let context = self.context(request, now);
        let grant = cache.get(&cache.key(request, context.service)?, now)?;
        (!rules.is_revoked(&grant.payment_hash) && rules.keys.is_still_live(grant.token_id, now))
            .then_some(grant)
    }

    pub(super) fn check<H: HeaderValues>(
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
        let verdict =
            telemetry::verify_span().in_scope(|| verify(rules, credential, &keys, request, &context));
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
            Ok(Verdict::AskNode(grant, lookup)) => self.ask_node(request, grant, lookup, now),
            Err(rejection) => self.refuse(request, Reason::Rejected(rejection), now),
        }
    }

    /// Waits for the root keys, then reads the credential again from a copy of the request.
    pub(super) async fn check_later(
        self,
        request: OwnedRequest,
        keys: PortFuture<Result<Keys, StoreError>>,
    ) -> Decision {
        let rules = self.rules();
        let keys = patience::store(rules.store_timeout, keys).await;
        let decision = {
            let request = request.parts();
            let mut buffer = Vec::new();
            let now = rules.clock.now();
            match credential::read(&request, &rules.limits, &mut buffer) {
                Ok(Some(credential)) => self.check(&request, credential, keys, now),
                Ok(None) => self.unpaid(&request, Reason::NoCredential, now),
                Err(error) => self.refuse(&request, Reason::Malformed(error), now),
            }
        };
        decision.await
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
}

/// The root keys of a credential's tokens, as many as are known.
pub(crate) struct Keys {
    root_keys: RootKeys,
    are_live: bool,
}

/// Nearly always one, which takes no list.
enum RootKeys {
    None,
    One([RootKey; 1]),
    Many(Vec<RootKey>),
}

/// Looks up the root keys. Ready at once when the store is.
pub(crate) fn find_keys(
    rules: &Rules,
    credential: &Unverified<'_>,
    now: UnixTime,
) -> PortFuture<Result<Keys, StoreError>> {
    let none = Keys { root_keys: RootKeys::None, are_live: true };
    credential.token_ids().fold(PortFuture::ready(Ok(none)), |found, token| {
        let store = std::sync::Arc::clone(&rules.keys);
        found.then(move |found| match found {
            Ok(found) => {
                store.root_key(token, now).then(|key| PortFuture::ready(key.map(|key| found.with(key))))
            }
            Err(error) => PortFuture::ready(Err(error)),
        })
    })
}

impl Keys {
    fn with(mut self, key: Option<l402_core::FoundKey>) -> Self {
        if let Some(key) = key {
            self.are_live &= key.is_live;
            self.root_keys = self.root_keys.with(key.root_key);
        }
        self
    }
}

impl RootKeys {
    fn with(self, key: RootKey) -> Self {
        match self {
            Self::None => Self::One([key]),
            Self::One([first]) => Self::Many(vec![first, key]),
            Self::Many(mut keys) => {
                keys.push(key);
                Self::Many(keys)
            }
        }
    }

    fn as_slice(&self) -> &[RootKey] {
        match self {
            Self::None => &[],
            Self::One(key) => key,
            Self::Many(keys) => keys,
        }
    }
}

/// The caveats that depend on nothing but method, path, route, service and the expiry in the grant.
const REMEMBERED: [&str; 9] = [
    "path",
    "route",
    "method",
    "amount",
    "uses",
    "expires_at",
    "preimage",
    "services",
    settlement::LOOKUP_ID,
];

/// What a credential turned out to be.
pub(crate) enum Verdict {
    /// Everything holds; and holds for the same credential again on the same method and path, until it expires, if it
    /// can be remembered.
    Granted { grant: Grant, can_be_remembered: bool },
    /// Everything holds if the node says that the invoice is settled.
    AskNode(Grant, Lookup),
}

/// Checks everything that a token can tell by itself.
pub(crate) fn verify<H: HeaderValues>(
    rules: &Rules,
    credential: Unverified<'_>,
    keys: &Keys,
    request: &RequestParts<'_, H>,
    context: &RequestContext<'_>,
) -> Result<Verdict, Rejection> {
    let authentic = credential.authenticate(keys.root_keys.as_slice())?;
    let payment_hash = authentic.payment_hash();
    if !keys.are_live || rules.is_revoked(&payment_hash) {
        return Err(Rejection::Revoked);
    }
    let (query, header) = (QueryBinding(request), HeaderBinding(request));
    let satisfiers: [&dyn l402_core::Satisfier; 3] = [&query, &header, &settlement::LookupIdCaveat];
    let policy = CaveatPolicy::with_satisfiers(&satisfiers).with_unknown(rules.unknown_caveats);
    if rules.settlement.asks(authentic.has_preimage()) {
        let lookup = settlement::lookup(&authentic);
        let grant = authentic.settled().permit(context, policy)?;
        return Ok(Verdict::AskNode(grant, lookup));
    }
    let can_be_remembered = rules.cache.is_some() && authentic.has_only(&REMEMBERED);
    let grant = authentic.prove_payment()?.permit(context, policy)?;
    Ok(Verdict::Granted { grant, can_be_remembered })
}
