//! What a gate tells its operator: spans, metrics and hooks. No secret goes through here.

use std::future::Future;
use std::sync::Arc;

use l402_core::{Grant, Msat, PaymentHash, UnixTime};
use tracing::{Instrument, Span};

use crate::reply::Refusal;

type Hook<T> = Arc<dyn Fn(&T) + Send + Sync>;

/// Whom to tell.
#[derive(Clone, Default)]
pub(crate) struct Telemetry {
    pub(crate) on_challenge: Option<Hook<Challenged>>,
    pub(crate) on_paid: Option<Hook<Grant>>,
    pub(crate) on_refused: Option<Hook<Refused>>,
    pub(crate) on_released: Option<Hook<Grant>>,
}

/// An offer was made.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Challenged {
    /// The payment it asks for.
    pub payment_hash: PaymentHash,
    /// The price.
    pub price: Msat,
    /// When the invoice can no longer be paid.
    pub expires_at: UnixTime,
}

/// A request was not let in.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Refused {
    /// The status of the answer.
    pub status: u16,
    /// Why: the `code` of the answer's body.
    pub code: &'static str,
}

impl Telemetry {
    pub(crate) fn challenged(&self, challenged: &Challenged) {
        tracing::debug!(payment_hash = %challenged.payment_hash, price = %challenged.price, "l402: challenge");
        count("l402_challenges_total");
        tell(self.on_challenge.as_ref(), challenged);
    }

    /// A use was charged, or a token let in that is not counted.
    pub(crate) fn paid(&self, grant: &Grant) {
        tracing::debug!(payment_hash = %grant.payment_hash, "l402: paid");
        count("l402_paid_total");
        tell(self.on_paid.as_ref(), grant);
    }

    pub(crate) fn released(&self, grant: &Grant) {
        tracing::debug!(payment_hash = %grant.payment_hash, "l402: not delivered, not charged");
        count("l402_released_total");
        tell(self.on_released.as_ref(), grant);
    }

    pub(crate) fn refused(&self, refusal: &Refusal) {
        let refused = Refused { status: refusal.status, code: refusal.code };
        tracing::debug!(status = refused.status, code = refused.code, why = %refusal.text, "l402: refused");
        count_by("l402_refused_total", "code", refused.code);
        tell(self.on_refused.as_ref(), &refused);
    }

    pub(crate) fn admitted_unpaid(&self, why: &'static str) {
        tracing::debug!(why, "l402: let in unpaid");
        count_by("l402_unpaid_total", "why", why);
    }
}

fn tell<T>(hook: Option<&Hook<T>>, event: &T) {
    if let Some(hook) = hook {
        hook(event);
    }
}

#[cfg(feature = "metrics")]
fn count(name: &'static str) {
    metrics::counter!(name).increment(1);
}

#[cfg(feature = "metrics")]
fn count_by(name: &'static str, label: &'static str, value: &'static str) {
    metrics::counter!(name, label => value).increment(1);
}

/// Measures how long something takes. Reads no clock where nobody would be told.
pub(crate) struct Stopwatch(#[cfg(feature = "metrics")] std::time::Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(
            #[cfg(feature = "metrics")]
            std::time::Instant::now(),
        )
    }

    #[cfg_attr(not(feature = "metrics"), allow(unused_variables, reason = "nobody is told"))]
    pub(crate) fn stop(self, name: &'static str) {
        #[cfg(feature = "metrics")]
        metrics::histogram!(name).record(self.0.elapsed());
    }
}

#[cfg(not(feature = "metrics"))]
const fn count(_: &'static str) {}

#[cfg(not(feature = "metrics"))]
const fn count_by(_: &'static str, _: &'static str, _: &'static str) {}

pub(crate) fn challenge_span() -> Span {
    tracing::debug_span!("l402.challenge")
}

pub(crate) fn verify_span() -> Span {
    tracing::debug_span!("l402.verify")
}

pub(crate) fn claim_span() -> Span {
    tracing::debug_span!("l402.claim")
}

pub(crate) fn commit_span() -> Span {
    tracing::debug_span!("l402.commit")
}

pub(crate) fn release_span() -> Span {
    tracing::debug_span!("l402.release")
}

/// Waits within a span.
pub(crate) fn within<T>(span: Span, future: impl Future<Output = T>) -> impl Future<Output = T> {
    future.instrument(span)
}
