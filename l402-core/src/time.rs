//! Time as an argument: [`UnixTime`], and [`Clock`] for what reads one. Nothing in this crate does.

use alloc::sync::Arc;
use core::fmt;
use core::sync::atomic::{AtomicU64, Ordering};
use core::time::Duration;

/// A moment in whole seconds since 1970-01-01 00:00:00 UTC.
///
/// Every function that depends on time takes one, so that a caller decides which clock is right and a test
/// can be at any moment it likes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnixTime(u64);

impl UnixTime {
    /// The last moment this type can express; stands for "never" where an expiry is needed.
    pub const MAX: Self = Self(u64::MAX);

    /// Creates a moment from seconds since the epoch.
    #[must_use]
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs)
    }

    /// Seconds since the epoch.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0
    }

    /// The moment `duration` later, in whole seconds rounded down, at most [`UnixTime::MAX`].
    #[must_use]
    pub const fn saturating_add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration.as_secs()))
    }

    /// How long it is from `self` until `later`; zero when `later` is not later.
    #[must_use]
    pub const fn until(self, later: Self) -> Duration {
        Duration::from_secs(later.0.saturating_sub(self.0))
    }
}

/// The bare number of seconds, as caveats and JSON write it.
impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Anything before 1970 counts as 1970.
#[cfg(feature = "std")]
impl From<std::time::SystemTime> for UnixTime {
    fn from(time: std::time::SystemTime) -> Self {
        Self(time.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs()))
    }
}

/// Tells the time. Any `Fn() -> UnixTime` is one, such as `|| SystemTime::now().into()`.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> UnixTime;
}

impl<F: Fn() -> UnixTime + Send + Sync> Clock for F {
    fn now(&self) -> UnixTime {
        self()
    }
}

/// A clock that stands still until it is moved, for tests. Clones share the time.
///
/// ```
/// use core::time::Duration;
/// use l402_core::{Clock, ManualClock, UnixTime};
///
/// let clock = ManualClock::at(UnixTime::from_secs(1_900_000_000));
/// clock.advance(Duration::from_secs(60));
/// assert_eq!(clock.now(), UnixTime::from_secs(1_900_000_060));
/// ```
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<AtomicU64>);

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: UnixTime) -> Self {
        Self(Arc::new(AtomicU64::new(now.as_secs())))
    }

    /// Moves the clock forward, by whole seconds.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_secs(), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        UnixTime(self.0.load(Ordering::Relaxed))
    }
}
