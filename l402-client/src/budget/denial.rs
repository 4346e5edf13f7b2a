//! [`Denial`]: why the client's own rules forbid a payment.

use std::fmt;

use l402_core::Msat;

use super::{Cap, Period};

/// Why the client's own rules forbid a payment. Nothing was spent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Denial {
    /// It would go over a cap of the [`Budget`](crate::Budget).
    OverCap {
        /// The cap.
        cap: Cap,
        /// What counts against it already.
        used: Msat,
        /// The amount of the invoice and the highest fee it may have.
        asked: Msat,
    },
    /// The host is not among those that may be paid.
    HostNotAllowed {
        /// The host that wants to be paid.
        host: String,
    },
    /// The approval hook said no.
    NotApproved {
        /// Its reason, if it gave one.
        reason: Option<String>,
    },
}

impl Denial {
    /// A stable name for programs: `over_request_cap`, `over_hour_cap`, `over_day_cap`, `over_total_cap`,
    /// `host_not_allowed` or `not_approved`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::OverCap { cap, .. } => match cap.period {
                Period::Request => "over_request_cap",
                Period::Hour => "over_hour_cap",
                Period::Day => "over_day_cap",
                Period::Total => "over_total_cap",
            },
            Self::HostNotAllowed { .. } => "host_not_allowed",
            Self::NotApproved { .. } => "not_approved",
        }
    }
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OverCap { cap, used, asked } if used.is_zero() => {
                write!(f, "{asked} is over the cap of {cap}; raise it in the budget if it is worth it")
            }
            Self::OverCap { cap, used, asked } => {
                write!(
                    f,
                    "{asked} is over the cap of {cap}, of which {used} is used; wait, or raise it in the budget"
                )
            }
            Self::HostNotAllowed { host } => write!(f, "{host} is not among the hosts that may be paid"),
            Self::NotApproved { reason: Some(reason) } => write!(f, "the payment was not approved: {reason}"),
            Self::NotApproved { reason: None } => f.write_str("the payment was not approved"),
        }
    }
}
