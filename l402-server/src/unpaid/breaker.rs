//! [`Breaker`]: leaves a provider alone that is down.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use l402_core::UnixTime;
use l402_core::ports::{BackendError, BackendErrorKind};

/// So many failures in a row, and the provider is left alone for a while.
const MOST_FAILURES: u32 = 5;

const SHORTEST_REST: Duration = Duration::from_secs(2);
const LONGEST_REST: Duration = Duration::from_secs(60);

/// Counts a provider's failures in a row. One that is down is asked once after each rest, and each rest is twice as
/// long as the one before.
#[derive(Default)]
pub(crate) struct Breaker(Mutex<State>);

#[derive(Clone, Copy, Default)]
struct State {
    failures: u32,
    last: Option<BackendErrorKind>,
    rest_until: Option<UnixTime>,
}

impl Breaker {
    /// Whether the provider may be asked now, or else how long not to.
    ///
    /// Of all who ask when a rest is over, one may: the rest goes on for the others until it is known how that went.
    /// No rest is longer than the longest; one that seems to be is of a clock that was set back since, and is over.
    pub(crate) fn admit(&self, now: UnixTime) -> Result<(), Duration> {
        let mut state = self.lock();
        match state.rest_until {
            Some(until) if now < until && until <= now.saturating_add(LONGEST_REST) => {
                Err(Duration::from_secs(until.as_secs() - now.as_secs()))
            }
            Some(_) => {
                state.rest_until = Some(now.saturating_add(rest(state.failures)));
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub(crate) fn succeeded(&self) {
        let mut state = self.lock();
        if state.failures > 0 {
            *state = State::default();
        }
    }

    pub(crate) fn failed(&self, error: &BackendError, now: UnixTime) {
        if is_about_the_invoice(error.kind()) {
            return self.succeeded();
        }
        let mut state = self.lock();
        state.failures = state.failures.saturating_add(1);
        state.last = Some(error.kind());
        if let BackendErrorKind::RateLimited { retry_after: Some(wait) } = error.kind() {
            state.rest_until = Some(now.saturating_add(wait.min(LONGEST_REST)));
        } else if state.failures >= MOST_FAILURES {
            state.rest_until = Some(now.saturating_add(rest(state.failures)));
        }
    }

    pub(crate) fn health(&self) -> ProviderHealth {
        let State { failures, last, rest_until } = *self.lock();
        ProviderHealth { is_up: failures == 0, failures, last_failure: last, left_alone_until: rest_until }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the provider works, and will not make this one invoice. Its amount may be the client's own choice, where a
/// function tells the price, and nobody is to close the shop for all others by asking for too much.
const fn is_about_the_invoice(kind: BackendErrorKind) -> bool {
    matches!(
        kind,
        BackendErrorKind::InvalidInvoice | BackendErrorKind::LimitExceeded | BackendErrorKind::Unsupported
    )
}

fn rest(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(MOST_FAILURES).min(5);
    (SHORTEST_REST * 2_u32.pow(doublings)).min(LONGEST_REST)
}

/// How the provider is doing, as far as requests have shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProviderHealth {
    /// Whether the last answer was one.
    pub is_up: bool,
    /// Failures in a row.
    pub failures: u32,
    /// What the last of them was.
    pub last_failure: Option<BackendErrorKind>,
    /// When the provider is asked again, if it is being left alone.
    pub left_alone_until: Option<UnixTime>,
}
