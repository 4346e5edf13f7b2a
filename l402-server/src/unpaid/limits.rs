//! [`OfferLimits`]: how many offers a gate makes.

use std::num::NonZeroU32;
use std::time::Duration;

/// How many offers a gate makes before it answers 429. Each costs the node an invoice, and nothing the one who asks.
///
/// Paid requests are never throttled, but the first ones of payments that the node is asked about: see
/// [`SettlementCheck`](crate::SettlementCheck). Each instance counts for itself.
///
/// ```
/// use l402_server::{OfferLimits, Rate};
///
/// let limits = OfferLimits::default()
///     .per_client(Rate::per_minute(30).burst(10))
///     .overall(Rate::per_second(20))
///     .unpaid_invoices(1_000);
/// # let _ = limits;
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct OfferLimits {
    pub(super) per_client: Option<Rate>,
    pub(super) overall: Option<Rate>,
    pub(super) unpaid: usize,
    pub(super) unpaid_per_client: usize,
}

impl OfferLimits {
    /// No limits: for tests, and for servers behind something that has its own.
    pub const NONE: Self =
        Self { per_client: None, overall: None, unpaid: usize::MAX, unpaid_per_client: usize::MAX };

    /// Offers to one client, told by its address: see [`TrustedProxies`](crate::TrustedProxies). Clients whose address the
    /// adapter does not know have no limit of their own, and the log says so. Default: 10 a second and 100 at once.
    /// Settlement lookups have the same limit, counted apart.
    pub const fn per_client(mut self, rate: Rate) -> Self {
        self.per_client = Some(rate);
        self
    }

    /// Offers to all clients together. Default: 100 a second and 500 at once. Settlement lookups for credentials without a
    /// preimage have the same limit, counted apart.
    pub const fn overall(mut self, rate: Rate) -> Self {
        self.overall = Some(rate);
        self
    }

    /// Invoices that wait to be paid, of all clients together. Default: 10,000.
    pub const fn unpaid_invoices(mut self, invoices: usize) -> Self {
        self.unpaid = invoices;
        self
    }

    /// Invoices that wait to be paid, of one client. Default: 1,000.
    pub const fn unpaid_invoices_per_client(mut self, invoices: usize) -> Self {
        self.unpaid_per_client = invoices;
        self
    }
}

impl Default for OfferLimits {
    fn default() -> Self {
        Self::NONE
            .per_client(Rate::per_second(10).burst(100))
            .overall(Rate::per_second(100).burst(500))
            .unpaid_invoices(10_000)
            .unpaid_invoices_per_client(1_000)
    }
}

/// So many in a time, evenly spread, and so many at once.
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct Rate {
    count: NonZeroU32,
    period: Duration,
    burst: NonZeroU32,
}

impl Rate {
    /// So many a second; zero counts as one.
    pub const fn per_second(count: u32) -> Self {
        Self::new(count, Duration::from_secs(1))
    }

    /// So many a minute; zero counts as one.
    pub const fn per_minute(count: u32) -> Self {
        Self::new(count, Duration::from_secs(60))
    }

    /// So many an hour; zero counts as one.
    pub const fn per_hour(count: u32) -> Self {
        Self::new(count, Duration::from_secs(60 * 60))
    }

    const fn new(count: u32, period: Duration) -> Self {
        let count = at_least_one(count);
        Self { count, period, burst: count }
    }

    /// So many at once, after a quiet time. Default: as many as in the whole period.
    pub const fn burst(mut self, burst: u32) -> Self {
        self.burst = at_least_one(burst);
        self
    }

    pub(super) fn quota(self) -> governor::Quota {
        let interval = self.period / self.count.get();
        // A period of at least a second, divided by a u32, is above zero.
        let quota = governor::Quota::with_period(interval).unwrap_or(governor::Quota::per_second(self.count));
        quota.allow_burst(self.burst)
    }
}

const fn at_least_one(count: u32) -> NonZeroU32 {
    match NonZeroU32::new(count) {
        Some(count) => count,
        None => NonZeroU32::MIN,
    }
}
