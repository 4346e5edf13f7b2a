//! [`Budget`]: how much may be spent, on whom, and how fast.

mod denial;

use std::fmt;
use std::time::Duration;

use l402_core::{Msat, UnixTime};

pub use denial::Denial;

/// How much may be spent: a list of caps that all hold at once.
///
/// A payment counts with its routing fee: with the highest fee it may have while it is under way, and with what it
/// came to once that is known. A payment whose outcome is unknown counts until it is resolved. A cap for one host
/// is one more cap, and replaces none.
///
/// | cap | default |
/// |---|---|
/// | [`per_request`](Budget::per_request) | 1 000 sat |
/// | [`per_hour`](Budget::per_hour) | 10 000 sat |
/// | [`per_day`](Budget::per_day) | 50 000 sat |
/// | [`total`](Budget::total), [`per_host`](Budget::per_host), [`for_host`](Budget::for_host) | none |
///
/// ```
/// use l402_client::{Budget, Period};
/// use l402_core::Msat;
///
/// let budget = Budget::default()
///     .per_request(Msat::from_sat(50))
///     .per_host(Period::Day, Msat::from_sat(5_000))
///     .for_host("cheap.example", Period::Request, Msat::from_sat(2));
/// assert_eq!(budget.caps().count(), 5);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Budget {
    caps: Vec<Cap>,
}

impl Budget {
    /// No caps at all: only the wallet's balance and its own limits hold.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self { caps: Vec::new() }
    }

    /// At most this much for one request.
    #[must_use]
    pub fn per_request(self, limit: Msat) -> Self {
        self.cap(CapScope::All, Period::Request, limit)
    }

    /// At most this much within any 3 600 seconds.
    #[must_use]
    pub fn per_hour(self, limit: Msat) -> Self {
        self.cap(CapScope::All, Period::Hour, limit)
    }

    /// At most this much within any 86 400 seconds.
    #[must_use]
    pub fn per_day(self, limit: Msat) -> Self {
        self.cap(CapScope::All, Period::Day, limit)
    }

    /// At most this much ever, as far as the store remembers.
    #[must_use]
    pub fn total(self, limit: Msat) -> Self {
        self.cap(CapScope::All, Period::Total, limit)
    }

    /// At most this much to each host.
    #[must_use]
    pub fn per_host(self, period: Period, limit: Msat) -> Self {
        self.cap(CapScope::EachHost, period, limit)
    }

    /// At most this much to one host, named without scheme and port, such as `api.example.com`.
    #[must_use]
    pub fn for_host(self, host: &str, period: Period, limit: Msat) -> Self {
        self.cap(CapScope::Host(host.to_ascii_lowercase()), period, limit)
    }

    /// The caps, in the order in which they were set.
    pub fn caps(&self) -> impl Iterator<Item = &Cap> {
        self.caps.iter()
    }

    /// Adds a cap, in the place of an earlier one of the same scope and period.
    fn cap(mut self, scope: CapScope, period: Period, limit: Msat) -> Self {
        self.caps.retain(|cap| (&cap.scope, cap.period) != (&scope, period));
        self.caps.push(Cap { scope, period, limit });
        self
    }

    /// With one more cap on a single request.
    pub(crate) fn lowered(&self, limit: Msat) -> Self {
        let mut lowered = self.clone();
        lowered.caps.push(Cap { scope: CapScope::All, period: Period::Request, limit });
        lowered
    }

    /// The lowest cap on a single request to `host`.
    pub(crate) fn request_cap(&self, host: &str) -> Option<&Cap> {
        let caps = self.caps.iter().filter(|cap| cap.period == Period::Request && cap.scope.applies_to(host));
        caps.min_by_key(|cap| cap.limit)
    }

    /// Whether a payment of `cost` to `host` fits under every cap, where `used` tells what already counts against
    /// one. For stores; they ask and write in one transaction.
    ///
    /// # Errors
    /// Whatever `used` fails with.
    pub fn check<E>(
        &self,
        host: &str,
        cost: Msat,
        mut used: impl FnMut(Counted) -> Result<Msat, E>,
    ) -> Result<Option<Denial>, E> {
        for cap in self.caps.iter().filter(|cap| cap.scope.applies_to(host)) {
            let used = match cap.counted(host) {
                Some(counted) => used(counted)?,
                None => Msat::ZERO,
            };
            if used.checked_add(cost).is_none_or(|sum| sum > cap.limit) {
                return Ok(Some(Denial::OverCap { cap: cap.clone(), used, asked: cost }));
            }
        }
        Ok(None)
    }
}

/// The caps of the table above.
impl Default for Budget {
    fn default() -> Self {
        Self::unlimited()
            .per_request(Msat::from_sat(1_000))
            .per_hour(Msat::from_sat(10_000))
            .per_day(Msat::from_sat(50_000))
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Budget")?;
        f.debug_list().entries(self.caps.iter().map(ToString::to_string)).finish()
    }
}

/// One limit of a [`Budget`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cap {
    /// Whose payments count.
    pub scope: CapScope,
    /// Since when they count.
    pub period: Period,
    /// What they may come to, fees included.
    pub limit: Msat,
}

impl Cap {
    /// What counts against this cap for a payment to `host`; `None` when nothing but the payment itself does.
    fn counted(&self, host: &str) -> Option<Counted> {
        self.counted_for(Some(host))
    }

    /// The same for any cap but one for each host, which needs a host.
    pub(crate) fn counted_for(&self, host: Option<&str>) -> Option<Counted> {
        let host = match &self.scope {
            CapScope::All => None,
            CapScope::EachHost => Some(host?.to_owned()),
            CapScope::Host(host) => Some(host.clone()),
        };
        (self.period != Period::Request).then_some(Counted { host, period: self.period })
    }
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.limit, self.period)?;
        match &self.scope {
            CapScope::All => Ok(()),
            CapScope::EachHost => f.write_str(" to each host"),
            CapScope::Host(host) => write!(f, " to {host}"),
        }
    }
}

/// Whose payments count against a cap.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CapScope {
    /// All.
    All,
    /// Those to the host at hand, whichever it is.
    EachHost,
    /// Those to this host.
    Host(String),
}

impl CapScope {
    fn applies_to(&self, host: &str) -> bool {
        match self {
            Self::All | Self::EachHost => true,
            Self::Host(name) => name == host,
        }
    }
}

/// Since when payments count against a cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Period {
    /// The one payment at hand.
    Request,
    /// The last 3 600 seconds.
    Hour,
    /// The last 86 400 seconds.
    Day,
    /// Ever.
    Total,
}

impl Period {
    /// The last moment that does not count any more; `None` when everything counts.
    #[must_use]
    pub fn start(self, now: UnixTime) -> Option<UnixTime> {
        let length = match self {
            Self::Hour => Duration::from_secs(3_600),
            Self::Day => Duration::from_secs(86_400),
            Self::Request | Self::Total => return None,
        };
        now.as_secs().checked_sub(length.as_secs()).map(UnixTime::from_secs)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Request => "per request",
            Self::Hour => "per hour",
            Self::Day => "per day",
            Self::Total => "in total",
        })
    }
}

/// The payments whose costs a store is to add up.
///
/// Those that are under way count in every period, however long ago they began.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counted {
    /// To this host only.
    pub host: Option<String>,
    /// Begun within this period.
    pub period: Period,
}

impl Counted {
    /// Payments within `period`, to `host` only if there is one.
    #[must_use]
    pub const fn new(host: Option<String>, period: Period) -> Self {
        Self { host, period }
    }
}

/// A cap, and how much of it is used. See [`L402Client::usage`](crate::L402Client::usage).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// The cap.
    pub cap: Cap,
    /// What counts against it: spent, or reserved for payments under way.
    pub used: Msat,
}

impl Usage {
    pub(crate) const fn new(cap: Cap, used: Msat) -> Self {
        Self { cap, used }
    }

    /// What may still be spent.
    #[must_use]
    pub fn left(&self) -> Msat {
        self.cap.limit.checked_sub(self.used).unwrap_or(Msat::ZERO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denied(budget: &Budget, host: &str, cost: u64, used: u64) -> bool {
        let denial = budget.check(host, Msat::from_msat(cost), |_| Ok::<_, ()>(Msat::from_msat(used)));
        denial.unwrap().is_some()
    }

    #[test]
    fn caps_hold_to_the_millisatoshi() {
        let budget = Budget::unlimited().total(Msat::from_msat(100));
        assert!(!denied(&budget, "a", 40, 60));
        assert!(denied(&budget, "a", 41, 60));
        assert!(denied(&budget, "a", u64::MAX, 60), "sums do not wrap");
        assert!(!denied(&Budget::unlimited(), "a", u64::MAX, u64::MAX));
    }

    #[test]
    fn a_cap_for_a_host_replaces_none() {
        let budget = Budget::default().for_host("A.example", Period::Request, Msat::from_sat(5_000));
        assert_eq!(budget.request_cap("a.example").unwrap().limit, Msat::from_sat(1_000));
        let budget = budget.for_host("a.example", Period::Request, Msat::from_sat(5));
        assert_eq!(budget.request_cap("a.example").unwrap().limit, Msat::from_sat(5));
        assert_eq!(budget.request_cap("b.example").unwrap().limit, Msat::from_sat(1_000));
        assert_eq!(budget.caps().count(), 4, "the second replaced the first: {budget:?}");
    }

    #[test]
    fn each_host_has_its_own_count() {
        let budget =
            Budget::unlimited().per_host(Period::Day, Msat::from_msat(10)).per_hour(Msat::from_msat(10));
        let mut asked = Vec::new();
        let denial = budget.check("a", Msat::from_msat(1), |counted| {
            asked.push((counted.host, counted.period));
            Ok::<_, ()>(Msat::ZERO)
        });
        assert_eq!(denial, Ok(None));
        assert_eq!(asked, [(Some("a".to_owned()), Period::Day), (None, Period::Hour)]);
    }
}
