//! [`Admission`]: a request that was let in and is not charged yet.

use std::fmt;

use l402_core::Grant;
use l402_core::ports::{Claim, PortFuture};

use crate::gate::{Gate, store_failure};
use crate::reply::{Audience, HeaderEdits, Refusal, Reply};
use crate::request::HeaderValues;

/// The right to run a handler once.
///
/// Call [`Admission::finish`] with the status of the handler's answer before the answer goes out. An admission
/// that is dropped instead (the handler panicked, the client went away, a timeout struck) gives its use back.
#[must_use = "dropping an admission gives the use back"]
pub struct Admission {
    gate: Gate,
    grant: Grant,
    claim: Option<Claim>,
    audience: Audience,
}

impl Admission {
    pub(crate) const fn uncounted(gate: Gate, grant: Grant, audience: Audience) -> Self {
        Self { gate, grant, claim: None, audience }
    }

    pub(crate) const fn counted(gate: Gate, grant: Grant, claim: Claim, audience: Audience) -> Self {
        Self { gate, grant, claim: Some(claim), audience }
    }

    /// Ends an admission that the store did not grant: there is nothing to give back.
    pub(crate) fn discard(mut self) {
        self.claim = None;
    }

    /// What the token is good for.
    pub const fn grant(&self) -> Grant {
        self.grant
    }

    /// What to set on the handler's answer before it goes out, given its status and fields.
    ///
    /// Each edit takes the place of all values of its field: `Cache-Control: private` unless the handler said that or
    /// `no-store`, `Vary` with `Authorization`, the receipt `L402-Payment-Hash` on what is charged, and what
    /// [`Cors`](crate::Cors) asks for. Lists are merged with the handler's own.
    pub fn header_edits<H: HeaderValues>(&self, status: u16, answer: &H) -> HeaderEdits {
        let paid = is_delivered(status).then_some(self.grant.payment_hash);
        self.gate.rules().replies.edits(self.audience, paid, answer)
    }

    /// Charges the use if the handler delivered (a 2xx or 304), or gives it back if it did not.
    ///
    /// The answer may go out when this is `Ok`. `Err` holds what to answer instead: the use could not be
    /// charged, so delivering now might deliver twice. The buyer keeps the token.
    pub fn finish(mut self, status: u16) -> PortFuture<Result<(), Reply>> {
        let Some(claim) = self.claim.take() else {
            return PortFuture::ready(Ok(()));
        };
        if !is_delivered(status) {
            self.release(claim);
            return PortFuture::ready(Ok(()));
        }
        let (gate, audience) = (self.gate.clone(), self.audience);
        self.gate.rules().store.commit(claim).then(move |committed| {
            let refusal = match committed {
                Ok(true) => return PortFuture::ready(Ok(())),
                Ok(false) => {
                    tracing::warn!("l402: a handler outlived its lease, its answer is withheld");
                    Refusal::lease_lost()
                }
                Err(error) => store_failure(&error),
            };
            PortFuture::ready(Err(gate.rules().replies.say(&refusal, audience)))
        })
    }

    /// Gives the use back, in the background where that takes waiting. Should it fail, the lease ends by itself.
    fn release(&self, claim: Claim) {
        let gate = self.gate.clone();
        let released = self.gate.rules().store.release(claim).then(move |released| {
            if let Err(error) = released {
                tracing::warn!(
                    store = error.store(),
                    lease_secs = gate.rules().lease.as_secs(),
                    "l402: a use was not given back, it returns when its lease ends"
                );
            }
            PortFuture::ready(())
        });
        if let Err(waiting) = released.into_ready() {
            match tokio::runtime::Handle::try_current() {
                Ok(runtime) => drop(runtime.spawn(waiting)),
                Err(_) => {
                    tracing::warn!("l402: no runtime to give a use back, it returns when its lease ends")
                }
            }
        }
    }
}

/// A redirect delivers nothing, and leads to a path that the token is not for.
const fn is_delivered(status: u16) -> bool {
    status < 300 || status == 304
}

impl Drop for Admission {
    fn drop(&mut self) {
        if let Some(claim) = self.claim.take() {
            self.release(claim);
        }
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("grant", &self.grant).finish_non_exhaustive()
    }
}
