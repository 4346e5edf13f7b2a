//! [`Gate`]: who gets in.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use l402_core::ports::{
    Claim, Claimed, InvoiceProvider, LeaseId, PortFuture, ReplayStore, RootKeyStore, StoreError,
};
use l402_core::{
    Clock, Grant, Limits, Msat, Network, Rejection, RequestContext, RootKey, UnixTime, UnknownCaveats,
    Unverified, Uses,
};

use crate::admission::Admission;
use crate::builder::GateBuilder;
use crate::challenge;
use crate::credential;
use crate::reply::{Reason, Refusal, Replies, Reply};
use crate::request::{HeaderValues, RequestParts};

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
    pub(crate) store: Arc<dyn ReplayStore>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) network: Network,
    pub(crate) price: Msat,
    pub(crate) uses: Uses,
    pub(crate) description: String,
    pub(crate) invoice_expiry: Duration,
    pub(crate) token_lifetime: Duration,
    pub(crate) lease: Duration,
    pub(crate) limits: Limits,
    pub(crate) unknown_caveats: UnknownCaveats,
    pub(crate) replies: Replies,
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

    /// Decides about one request.
    ///
    /// The future borrows nothing. It is ready at once, without a box, for a valid token whose key is derived
    /// and whose uses are counted in memory.
    pub fn decide<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> PortFuture<Decision> {
        let rules = self.rules();
        if let Some(reply) = rules.replies.preflight(request) {
            return PortFuture::ready(Decision::Answer(reply));
        }
        let mut buffer = Vec::new();
        let credential = match credential::read(request, &rules.limits, &mut buffer) {
            Ok(Some(credential)) => credential,
            Ok(None) => return self.challenge(request, Reason::NoCredential),
            Err(error) => return self.refuse(request, Reason::Malformed(error)),
        };
        if let Err(rejection) = credential.screen() {
            return self.refuse(request, Reason::Rejected(rejection));
        }
        let now = rules.clock.now();
        match self.root_keys(&credential, now).into_ready() {
            Ok(keys) => self.check(request, credential, keys, now),
            Err(waiting) => self.check_later(request, waiting),
        }
    }

    /// The root keys of a credential's tokens, nearly always one; as many as are known.
    fn root_keys(
        &self,
        credential: &Unverified<'_>,
        now: UnixTime,
    ) -> PortFuture<Result<Vec<RootKey>, StoreError>> {
        let mut keys = PortFuture::ready(Ok(Vec::new()));
        for token in credential.token_ids() {
            let gate = self.clone();
            keys = keys.then(move |found: Result<Vec<RootKey>, StoreError>| {
                let Ok(mut found) = found else { return PortFuture::ready(found) };
                gate.rules().keys.root_key(token, now).then(|key| {
                    PortFuture::ready(key.map(|key| {
                        found.extend(key);
                        found
                    }))
                })
            });
        }
        keys
    }

    /// Waits for the root keys, then reads the credential again from a copy of the request.
    fn check_later<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        keys: PortFuture<Result<Vec<RootKey>, StoreError>>,
    ) -> PortFuture<Decision> {
        let (gate, request) = (self.clone(), request.to_owned_with_credential());
        keys.then(move |keys| {
            let (request, now) = (request.parts(), gate.rules().clock.now());
            let mut buffer = Vec::new();
            match credential::read(&request, &gate.rules().limits, &mut buffer) {
                Ok(Some(credential)) => gate.check(&request, credential, keys, now),
                Ok(None) => gate.challenge(&request, Reason::NoCredential),
                Err(error) => gate.refuse(&request, Reason::Malformed(error)),
            }
        })
    }

    fn check<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        credential: Unverified<'_>,
        keys: Result<Vec<RootKey>, StoreError>,
        now: UnixTime,
    ) -> PortFuture<Decision> {
        let keys = match keys {
            Ok(keys) => keys,
            Err(error) => return self.answer(request, &store_failure(&error)),
        };
        match self.verify(credential, &keys, &request.context(now)) {
            Ok(grant) => self.claim(request, grant, now),
            Err(rejection) => self.refuse(request, Reason::Rejected(rejection)),
        }
    }

    fn verify(
        &self,
        credential: Unverified<'_>,
        keys: &[RootKey],
        context: &RequestContext<'_>,
    ) -> Result<Grant, Rejection> {
        credential.authenticate(keys)?.prove_payment()?.permit(context, self.rules().unknown_caveats)
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
        let Uses::Limited(uses) = grant.uses else {
            return PortFuture::ready(Decision::Admit(Admission::uncounted(self.clone(), grant, audience)));
        };
        let lease_end = now.saturating_add(rules.lease);
        // Not when this token expires: its holder may have added that, and kept the token without.
        let forget_after = grant.issued_until.saturating_add(CLOCK_SKEW);
        let claim = Claim::new(grant.payment_hash, rules.leases.next(), uses, now, lease_end, forget_after);
        let claimed = rules.store.claim(claim);
        // Made before the answer is known: if the client leaves while the store works, what it may have granted
        // by then is given back.
        let admission = Admission::counted(self.clone(), grant, claim, audience);
        match claimed.into_ready() {
            Ok(claimed) => self.claimed(request, admission, claimed),
            Err(waiting) => {
                let (gate, request) = (self.clone(), request.to_owned());
                waiting.then(move |claimed| gate.claimed(&request.parts(), admission, claimed))
            }
        }
    }

    fn claimed<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        admission: Admission,
        claimed: Result<Claimed, StoreError>,
    ) -> PortFuture<Decision> {
        if matches!(claimed, Ok(Claimed::Granted)) {
            return PortFuture::ready(Decision::Admit(admission));
        }
        admission.discard();
        match claimed {
            Ok(Claimed::Busy) => self.answer(request, &Refusal::in_use()),
            // An answer from a later version of the port is no reason to let anybody in.
            Ok(_) => self.refuse(request, Reason::Rejected(Rejection::UsedUp)),
            Err(error) => self.answer(request, &store_failure(&error)),
        }
    }

    /// By default a paid token of ours that does not fit gets a new offer; anything else gets no invoice for it.
    fn refuse<H: HeaderValues>(&self, request: &RequestParts<'_, H>, reason: Reason) -> PortFuture<Decision> {
        tracing::debug!(code = reason.code(), why = %reason.text(), "l402: refused");
        if self.rules().replies.profile.challenges(reason) {
            self.challenge(request, reason)
        } else {
            self.answer(request, &Refusal::unauthorized(reason))
        }
    }

    fn challenge<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        reason: Reason,
    ) -> PortFuture<Decision> {
        if matches!(request.method, "HEAD" | "OPTIONS") {
            return self.answer(request, &Refusal::payment_required_without_invoice(reason));
        }
        let (gate, request) = (self.clone(), request.to_owned());
        PortFuture::new(async move {
            let rules = gate.rules();
            let refusal = challenge::issue(rules, &request, reason).await;
            let audience = rules.replies.audience(&request.parts());
            Decision::Answer(rules.replies.say(&refusal, audience))
        })
    }

    fn answer<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        refusal: &Refusal,
    ) -> PortFuture<Decision> {
        let replies = &self.rules().replies;
        PortFuture::ready(Decision::Answer(replies.say(refusal, replies.audience(request))))
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
            .field("price", &rules.price)
            .field("uses", &rules.uses)
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
