//! The time by which rates are counted.

use std::sync::Arc;
use std::time::Instant;

use governor::clock;
use governor::nanos::Nanos;
use l402_core::Clock;

/// Monotonic, so that setting the system's clock neither stops nor floods the offers; or the gate's own clock where it
/// was given one.
#[derive(Clone)]
pub(crate) enum RateClock {
    Monotonic(Instant),
    Given(Arc<dyn Clock>),
}

impl clock::Clock for RateClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        match self {
            Self::Monotonic(start) => Nanos::from(start.elapsed()),
            Self::Given(clock) => Nanos::from(clock.now().as_secs().saturating_mul(1_000_000_000)),
        }
    }
}
