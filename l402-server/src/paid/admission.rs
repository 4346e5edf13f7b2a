//! [`Admission`]: a request that was let in and is not charged yet.

use std::fmt;

use l402_core::Grant;
use l402_core::ports::{Claim, PortFuture, StoreError};

use super::idempotency::Ticket;
use crate::gate::{Gate, store_failure};
use crate::patience;
use crate::reply::{Audience, HeaderEdits, Refusal, Reply};
use crate::request::HeaderValues;
use crate::telemetry;

/// The right to run a handler once.
///
/// Call [`Admission::finish`] with the status of the handler's answer before the answer goes out; for an answer
/// whose body is not known yet, before the first byte of the body does. An admission that is dropped instead (the
/// handler panicked, the client went away, a timeout struck) gives its use back.
#[must_use = "dropping an admission gives the use back"]
pub struct Admission {
    gate: Gate,
    grant: Option<Grant>,
    claim: Option<Claim>,
    ticket: Option<Box<Ticket>>,
    is_sold: bool,
    audience: Audience,
}

impl Admission {
    /// For a request that nobody pays for. What it gets may be sold to others.
    pub(crate) const fn unpaid(gate: Gate, is_sold: bool, audience: Audience) -> Self {
        Self { gate, grant: None, claim: None, ticket: None, is_sold, audience }
    }

    pub(crate) const fn uncounted(
        gate: Gate,
        grant: Grant,
        ticket: Option<Box<Ticket>>,
        audience: Audience,
    ) -> Self {
        Self { gate, grant: Some(grant), claim: None, ticket, is_sold: true, audience }
    }

    pub(crate) const fn counted(
        gate: Gate,
        grant: Grant,
        claim: Claim,
        ticket: Option<Box<Ticket>>,
        audience: Audience,
    ) -> Self {
        Self { gate, grant: Some(grant), claim: Some(claim), ticket, is_sold: true, audience }
    }

    /// Ends an admission that the store did not grant: there is nothing to give back.
    pub(crate) fn discard(mut self) {
        self.claim = None;
    }

    /// What the token is good for; `None` for a request that is let in unpaid.
    #[must_use]
    pub const fn grant(&self) -> Option<&Grant> {
        self.grant.as_ref()
    }

    /// Whether an answer with this status is what was paid for, so that [`Admission::finish`] charges for it.
    ///
    /// A 2xx or 304 is, and an upgrade to another protocol. A redirect delivers nothing, and leads to a path that the
    /// token is not for.
    #[must_use]
    pub const fn is_delivery(status: u16) -> bool {
        status < 300 || status == 304
    }

    /// What to set on the handler's answer before it goes out, given its status and fields.
    ///
    /// Each edit takes the place of all values of its field: `Cache-Control` with `private` unless the handler said that
    /// or `no-store`, and without `public` and `s-maxage`; `Vary` with `Authorization`, the receipt `L402-Payment-Hash` on what is charged, and what
    /// [`Cors`](crate::Cors) asks for. Lists are merged with the handler's own. A free call of a free
    /// tier is kept from caches like a paid one; what is free for everybody is left to the handler.
    pub fn header_edits<H: HeaderValues>(&self, status: u16, answer: &H) -> HeaderEdits {
        let paid = self.grant.filter(|_| Self::is_delivery(status)).map(|grant| grant.payment_hash);
        self.gate.rules().replies.edits(self.audience, self.is_sold, paid, answer)
    }

    /// Whether an answer is to be charged for by [`Delivery`](crate::Delivery), when its first byte is there, if its
    /// body is still to come, whether its length is known or not. What is in memory is charged for before it goes out.
    #[must_use]
    pub const fn is_charged_by_body(&self, status: u16) -> bool {
        // An answer that switches protocols has no body, whatever its type says.
        self.claim.is_some() && Self::is_delivery(status) && status >= 200
    }

    /// How large the body of a delivering answer may be to be handed to [`Admission::keep_answer`] before
    /// [`Admission::finish`]; `None` for nearly all requests. Streams are not kept, nor is the way to another protocol.
    #[must_use]
    pub fn answer_limit(&self, status: u16) -> Option<usize> {
        let is_answer = status >= 200 && Self::is_delivery(status);
        self.ticket.as_ref().filter(|_| is_answer).map(|ticket| ticket.max_answer_bytes())
    }

    /// Hands over the complete answer, with the header fields as they go out, for a client that asks again with the same
    /// `Idempotency-Key`. It is kept once it is charged for. An answer with a field that is not visible ASCII is not kept.
    pub fn keep_answer<H: HeaderValues>(&mut self, status: u16, headers: &H, body: &[u8]) {
        if let Some(ticket) = &mut self.ticket
            && let Some(answer) = Reply::copy_of(status, headers, body)
        {
            ticket.set(answer);
        }
    }

    /// Charges the use if the handler delivered, or gives it back if it did not: see [`Admission::is_delivery`].
    ///
    /// The answer may go out when this is `Ok`. `Err` holds what to answer instead: the use could not be
    /// charged, so delivering now might deliver twice. The buyer keeps the token.
    pub fn finish(mut self, status: u16) -> PortFuture<Result<(), Reply>> {
        let Some(grant) = self.grant else {
            return PortFuture::ready(Ok(()));
        };
        if !Self::is_delivery(status) {
            return PortFuture::ready(Ok(()));
        }
        let ticket = self.ticket.take();
        let Some(claim) = self.claim.take() else {
            charged(&self.gate, &grant, ticket);
            return PortFuture::ready(Ok(()));
        };
        let span = telemetry::commit_span();
        let committed = span.in_scope(|| self.gate.rules().store.commit(claim));
        let (gate, audience) = (self.gate.clone(), self.audience);
        let end = move |gate: &Gate, committed| match not_charged(committed) {
            None => {
                charged(gate, &grant, ticket);
                Ok(())
            }
            // A gate that only watches withholds nothing.
            Some(_) if gate.rules().shadow => Ok(()),
            Some(refusal) => Err(gate.rules().replies.say(&refusal, audience)),
        };
        match committed.into_ready() {
            Ok(committed) => PortFuture::ready(end(&gate, committed)),
            Err(waiting) => PortFuture::new(async move {
                let waiting = patience::store(gate.rules().store_timeout, waiting);
                let committed = telemetry::within(span, waiting).await;
                end(&gate, committed)
            }),
        }
    }
}

/// Gives a use back, in the background where that takes waiting. Should it fail, the lease ends by itself.
fn give_back(gate: &Gate, grant: &Grant, claim: Claim) {
    let rules = gate.rules();
    rules.telemetry.released(grant);
    let span = telemetry::release_span();
    let released = span.in_scope(|| rules.store.release(claim));
    let waiting = match released.into_ready() {
        Ok(released) => return note_release(gate, released),
        Err(waiting) => waiting,
    };
    let Ok(runtime) = tokio::runtime::Handle::try_current() else {
        tracing::warn!("l402: no runtime to give a use back, it returns when its lease ends");
        return;
    };
    let gate = gate.clone();
    let release = async move {
        let released = patience::store(gate.rules().store_timeout, waiting).await;
        note_release(&gate, released);
    };
    drop(runtime.spawn(telemetry::within(span, release)));
}

fn charged(gate: &Gate, grant: &Grant, ticket: Option<Box<Ticket>>) {
    gate.rules().telemetry.paid(grant);
    if let Some(ticket) = ticket {
        ticket.keep();
    }
}

/// What to answer when the use could not be charged.
fn not_charged(committed: Result<bool, StoreError>) -> Option<Refusal> {
    match committed {
        Ok(true) => None,
        Ok(false) => {
            tracing::warn!("l402: a handler outlived its lease, its answer is withheld");
            Some(Refusal::lease_lost())
        }
        Err(error) => Some(store_failure(&error)),
    }
}

fn note_release(gate: &Gate, released: Result<(), StoreError>) {
    if let Err(error) = released {
        tracing::warn!(
            store = error.store(),
            lease_secs = gate.rules().lease.as_secs(),
            "l402: a use was not given back, it returns when its lease ends"
        );
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        if let (Some(claim), Some(grant)) = (self.claim.take(), &self.grant) {
            give_back(&self.gate, grant, claim);
        }
    }
}

impl fmt::Debug for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admission").field("grant", &self.grant).finish_non_exhaustive()
    }
}
