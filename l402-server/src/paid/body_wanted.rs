//! [`BodyWanted`]: a request that was paid for and carries an `Idempotency-Key`, until its body is there.

use std::fmt;
use std::sync::Arc;

use l402_core::ports::{PortFuture, StoreError};
use l402_core::{FoundKey, Grant, Rejection, UnixTime};

use super::idempotency::{BodyDigest, Key};
use crate::gate::{Decision, Gate, store_failure};
use crate::patience;
use crate::reply::{Reason, Refusal, Reply};
use crate::request::OwnedRequest;

/// A request whose token is good, and whose body tells whether it was asked before.
///
/// Read the body up to [`BodyWanted::limit`], keep it for the handler, and call [`BodyWanted::decide`] with it; or
/// [`BodyWanted::too_large`] if it is longer. Nothing is taken of the token before that, so dropping this costs nobody
/// anything.
///
/// # Security
/// Strangers are answered before their bodies are read; the holder of one token may send as many as its connections
/// carry. See [`Idempotency`](crate::Idempotency).
#[must_use = "the request is not decided yet"]
pub struct BodyWanted(Box<Waiting>);

struct Waiting {
    gate: Gate,
    request: OwnedRequest,
    grant: Grant,
    key: Key,
}

impl BodyWanted {
    pub(super) fn new(gate: Gate, request: OwnedRequest, grant: Grant, key: Key) -> Self {
        Self(Box::new(Waiting { gate, request, grant, key }))
    }

    /// How many bytes of the body are to be read at most.
    #[must_use]
    pub fn limit(&self) -> usize {
        self.0.key.body_limit()
    }

    /// Goes on with the body. The answer is no [`Decision::ReadBody`] again.
    pub fn decide(self, body: &[u8]) -> PortFuture<Decision> {
        let body = BodyDigest::of(body);
        let rules = self.0.gate.rules();
        let keys = Arc::clone(&rules.keys);
        match keys.root_key(self.0.grant.token_id, rules.clock.now()).into_ready() {
            Ok(root_key) => self.0.go_on(root_key, &body),
            Err(waiting) => PortFuture::new(async move {
                let root_key = patience::store(self.0.gate.rules().store_timeout, waiting).await;
                self.0.go_on(root_key, &body).await
            }),
        }
    }

    /// The answer to a request whose body is larger than [`BodyWanted::limit`], or breaks off.
    #[must_use]
    pub fn too_large(self) -> Reply {
        let rules = self.0.gate.rules();
        let refusal = Refusal::body_too_large();
        rules.telemetry.refused(&refusal);
        rules.replies.say(&refusal, rules.replies.audience(&self.0.request.parts()))
    }
}

impl Waiting {
    /// The body may have taken any time, so what changes without the token changing is looked at again. After its expiry,
    /// its uses are forgotten.
    fn go_on(
        self,
        root_key: Result<Option<FoundKey>, StoreError>,
        body: &BodyDigest,
    ) -> PortFuture<Decision> {
        let Self { gate, request, grant, key } = self;
        let (request, now) = (request.parts(), gate.rules().clock.now());
        match rejection(&gate, &grant, root_key, now) {
            Ok(None) => gate.claim_asked(&request, grant, key.ask(&request, body), now),
            Ok(Some(rejection)) => gate.refuse(&request, Reason::Rejected(rejection), now),
            Err(error) => gate.answer(&store_failure(&error), gate.rules().replies.audience(&request)),
        }
    }
}

fn rejection(
    gate: &Gate,
    grant: &Grant,
    root_key: Result<Option<FoundKey>, StoreError>,
    now: UnixTime,
) -> Result<Option<Rejection>, StoreError> {
    Ok(match root_key? {
        None => Some(Rejection::UnknownRootKey),
        Some(key) if !key.is_live || gate.rules().is_revoked(&grant.payment_hash) => Some(Rejection::Revoked),
        Some(_) if grant.expires_at <= now => Some(Rejection::Expired),
        Some(_) => None,
    })
}

impl fmt::Debug for BodyWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyWanted").field("limit", &self.limit()).finish_non_exhaustive()
    }
}
