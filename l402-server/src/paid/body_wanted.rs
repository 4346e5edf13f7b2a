//! [`BodyWanted`]: a request that was paid for and carries an `Idempotency-Key`, until its body is there.

use std::fmt;

use l402_core::ports::PortFuture;
use l402_core::{Grant, Rejection};

use crate::gate::{Decision, Gate};
use crate::reply::{Reason, Refusal, Reply};
use crate::request::OwnedRequest;

/// A request whose token is good, and whose body tells whether it was asked before.
///
/// Read the body up to [`BodyWanted::limit`], then call [`BodyWanted::decide`]; or [`BodyWanted::too_large`] if it is
/// longer. Nothing is taken of the token before that, so dropping this costs nobody anything.
///
/// # Security
/// Bodies are kept in memory for those only who hold a token that is good: strangers are answered before theirs is read.
#[must_use = "the request is not decided yet"]
pub struct BodyWanted(Box<Waiting>);

struct Waiting {
    gate: Gate,
    request: OwnedRequest,
    grant: Grant,
    limit: usize,
}

impl BodyWanted {
    pub(super) fn new(gate: Gate, request: OwnedRequest, grant: Grant, limit: usize) -> Self {
        Self(Box::new(Waiting { gate, request, grant, limit }))
    }

    /// How many bytes of the body are to be read at most.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.0.limit
    }

    /// Goes on with the body. The answer is no [`Decision::ReadBody`] again.
    pub fn decide(self, body: &[u8]) -> PortFuture<Decision> {
        let Waiting { gate, request, grant, .. } = *self.0;
        let (request, rules) = (request.parts(), gate.rules());
        let now = rules.clock.now();
        // The body may have taken any time. After the token's, its uses are forgotten.
        if grant.expires_at <= now {
            gate.refuse(&request, Reason::Rejected(Rejection::Expired), now)
        } else if rules.is_revoked(&grant.payment_hash) {
            gate.refuse(&request, Reason::Rejected(Rejection::Revoked), now)
        } else {
            gate.claim_with_body(&request, grant, body, now)
        }
    }

    /// The answer to a request whose body is larger than [`BodyWanted::limit`], or breaks off.
    #[must_use]
    pub fn too_large(self) -> Reply {
        let replies = &self.0.gate.rules().replies;
        replies.say(&Refusal::body_too_large(), replies.audience(&self.0.request.parts()))
    }
}

impl fmt::Debug for BodyWanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BodyWanted").field("limit", &self.0.limit).finish_non_exhaustive()
    }
}
