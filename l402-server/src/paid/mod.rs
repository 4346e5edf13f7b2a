//! The paid path. Its files are its steps, in this order:
//!
//! 1. `token_cache`: was this very credential found good lately?
//! 2. `credential`: the one credential of the request, decoded.
//! 3. `verification`: preimage, root key, signature, revocation, caveats.
//! 4. `settlement`: where the preimage proves nothing, or there is none, the node is asked; once, then it is `settled`.
//! 5. `body_wanted` and `idempotency`: was the same asked before, with the same key and body?
//! 6. `claim`: one use is taken, as a lease.
//! 7. `admission`: the handler runs; the use is charged, or given back.
//! 8. `delivery`: charging for an answer that comes bit by bit.

mod admission;
mod body_wanted;
mod claim;
mod credential;
mod delivery;
mod idempotency;
mod settled;
mod settlement;
mod token_cache;
mod verification;

use l402_core::UnixTime;
use l402_core::ports::PortFuture;

use crate::gate::{Decision, Gate};
use crate::reply::Reason;
use crate::request::{HeaderValues, RequestParts};

pub use admission::Admission;
pub use body_wanted::BodyWanted;
pub use delivery::{Delivery, DeliveryError};
pub(crate) use idempotency::Answers;
pub use idempotency::Idempotency;
pub(crate) use settled::Settled;
pub use settlement::SettlementCheck;
pub(crate) use settlement::condition as lookup_condition;
pub(crate) use token_cache::TokenCache;

impl Gate {
    /// Lets a request in that was paid for. One that carries no credential gets an offer.
    pub(crate) fn redeem<H: HeaderValues>(
        &self,
        request: &RequestParts<'_, H>,
        now: UnixTime,
    ) -> PortFuture<Decision> {
        let rules = self.rules();
        if let Some(grant) = self.remembered(request, now) {
            return self.claim(request, grant, now);
        }
        let mut buffer = Vec::new();
        let credential = match credential::read(request, &rules.limits, &mut buffer) {
            Ok(Some(credential)) => credential,
            Ok(None) => return self.unpaid(request, Reason::NoCredential, now),
            Err(error) => return self.refuse(request, Reason::Malformed(error), now),
        };
        if let Err(rejection) = credential.screen() {
            return self.refuse(request, Reason::Rejected(rejection), now);
        }
        match verification::find_keys(rules, &credential, now).into_ready() {
            Ok(keys) => self.check(request, credential, keys, now),
            Err(waiting) => {
                let (gate, request) = (self.clone(), request.to_owned_with_credential());
                PortFuture::new(gate.check_later(request, waiting))
            }
        }
    }
}
