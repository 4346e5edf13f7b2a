//! Faults as text: `slow=500ms`, `fail=no-route`.

use core::fmt;
use core::str::FromStr;
use core::time::Duration;

use l402_core::ports::BackendErrorKind;

use super::{InvoiceFault, LookupFault, PaymentFault};

/// Why a text names no fault; says which there are.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct FaultParseError(String);

impl FaultParseError {
    pub(super) fn operation() -> Self {
        Self("faults happen at an operation: invoice, payment or lookup".to_owned())
    }

    fn unknown(text: &str, known: &str) -> Self {
        let text: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        Self(format!("no such fault: '{text}'; there are {known}, with times such as 500ms or 5s"))
    }
}

impl FromStr for InvoiceFault {
    type Err = FaultParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const KNOWN: &str =
            "down, rate-limited[=TIME], slow=TIME, wrong-amount, wrong-hash, wrong-network, expired";
        let fault = match split(text) {
            ("down", None) => Some(Self::Down),
            ("rate-limited", time) => optional_time(time).map(Self::RateLimited),
            ("slow", Some(time)) => parse_time(time).map(Self::Slow),
            ("wrong-amount", None) => Some(Self::WrongAmount),
            ("wrong-hash", None) => Some(Self::WrongHash),
            ("wrong-network", None) => Some(Self::WrongNetwork),
            ("expired", None) => Some(Self::Expired),
            _ => None,
        };
        fault.ok_or_else(|| FaultParseError::unknown(text, KNOWN))
    }
}

impl fmt::Display for InvoiceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => f.write_str("down"),
            Self::RateLimited(time) => write!(f, "rate-limited{}", OptionalTime(*time)),
            Self::Slow(time) => write!(f, "slow={}", Time(*time)),
            Self::WrongAmount => f.write_str("wrong-amount"),
            Self::WrongHash => f.write_str("wrong-hash"),
            Self::WrongNetwork => f.write_str("wrong-network"),
            Self::Expired => f.write_str("expired"),
        }
    }
}

impl FromStr for PaymentFault {
    type Err = FaultParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const KNOWN: &str = "down, rate-limited[=TIME], slow=TIME, fail=REASON (such as no-route), stuck, \
            stuck-then-settle=TIME, stuck-then-fail=TIME, wrong-preimage, zero-preimage, pay-twice";
        let fault = match split(text) {
            ("down", None) => Some(Self::Down),
            ("rate-limited", time) => optional_time(time).map(Self::RateLimited),
            ("slow", Some(time)) => parse_time(time).map(Self::Slow),
            ("fail", Some(reason)) => Some(Self::Fail(parse_reason(reason)?)),
            ("stuck", None) => Some(Self::Stuck),
            ("stuck-then-settle", Some(time)) => parse_time(time).map(Self::StuckThenSettle),
            ("stuck-then-fail", Some(time)) => parse_time(time).map(Self::StuckThenFail),
            ("wrong-preimage", None) => Some(Self::WrongPreimage),
            ("zero-preimage", None) => Some(Self::ZeroPreimage),
            ("pay-twice", None) => Some(Self::PayTwice),
            _ => None,
        };
        fault.ok_or_else(|| FaultParseError::unknown(text, KNOWN))
    }
}

impl fmt::Display for PaymentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => f.write_str("down"),
            Self::RateLimited(time) => write!(f, "rate-limited{}", OptionalTime(*time)),
            Self::Slow(time) => write!(f, "slow={}", Time(*time)),
            Self::Fail(kind) => write!(f, "fail={}", reason(*kind)),
            Self::Stuck => f.write_str("stuck"),
            Self::StuckThenSettle(time) => write!(f, "stuck-then-settle={}", Time(*time)),
            Self::StuckThenFail(time) => write!(f, "stuck-then-fail={}", Time(*time)),
            Self::WrongPreimage => f.write_str("wrong-preimage"),
            Self::ZeroPreimage => f.write_str("zero-preimage"),
            Self::PayTwice => f.write_str("pay-twice"),
        }
    }
}

impl FromStr for LookupFault {
    type Err = FaultParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let fault = match split(text) {
            ("down", None) => Some(Self::Down),
            ("rate-limited", time) => optional_time(time).map(Self::RateLimited),
            ("slow", Some(time)) => parse_time(time).map(Self::Slow),
            _ => None,
        };
        fault.ok_or_else(|| FaultParseError::unknown(text, "down, rate-limited[=TIME], slow=TIME"))
    }
}

impl fmt::Display for LookupFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => f.write_str("down"),
            Self::RateLimited(time) => write!(f, "rate-limited{}", OptionalTime(*time)),
            Self::Slow(time) => write!(f, "slow={}", Time(*time)),
        }
    }
}

fn split(text: &str) -> (&str, Option<&str>) {
    text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)))
}

/// Whole milliseconds or seconds, in words of at most nine digits.
fn parse_time(text: &str) -> Option<Duration> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if digits > 9 {
        return None;
    }
    let number = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        _ => None,
    }
}

fn optional_time(text: Option<&str>) -> Option<Option<Duration>> {
    text.map_or(Some(None), |text| parse_time(text).map(Some))
}

struct Time(Duration);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.subsec_millis() == 0 {
            write!(f, "{}s", self.0.as_secs())
        } else {
            write!(f, "{}ms", self.0.as_millis())
        }
    }
}

struct OptionalTime(Option<Duration>);

impl fmt::Display for OptionalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |time| write!(f, "={}", Time(time)))
    }
}

/// The kinds a payment can be made to fail with.
const REASONS: [(&str, BackendErrorKind); 17] = [
    ("auth", BackendErrorKind::Auth),
    ("forbidden", BackendErrorKind::Forbidden),
    ("rate-limited", BackendErrorKind::RateLimited { retry_after: None }),
    ("invalid-invoice", BackendErrorKind::InvalidInvoice),
    ("expired", BackendErrorKind::Expired),
    ("already-paid", BackendErrorKind::AlreadyPaid),
    ("in-flight", BackendErrorKind::InFlight),
    ("no-route", BackendErrorKind::NoRoute),
    ("insufficient-balance", BackendErrorKind::InsufficientBalance),
    ("limit-exceeded", BackendErrorKind::LimitExceeded),
    ("fee-too-high", BackendErrorKind::FeeTooHigh),
    ("self-payment", BackendErrorKind::SelfPayment),
    ("not-found", BackendErrorKind::NotFound),
    ("unsupported", BackendErrorKind::Unsupported),
    ("unavailable", BackendErrorKind::Unavailable),
    ("timeout", BackendErrorKind::Timeout),
    ("protocol", BackendErrorKind::Protocol),
];

fn parse_reason(text: &str) -> Result<BackendErrorKind, FaultParseError> {
    let found = REASONS.iter().find(|(name, _)| *name == text);
    found.map(|(_, kind)| *kind).ok_or_else(|| {
        let names: Vec<_> = REASONS.iter().map(|(name, _)| *name).collect();
        FaultParseError(format!("a payment can fail with {}", names.join(", ")))
    })
}

fn reason(kind: BackendErrorKind) -> &'static str {
    let same = |other: &BackendErrorKind| core::mem::discriminant(other) == core::mem::discriminant(&kind);
    REASONS.iter().find(|(_, other)| same(other)).map_or("protocol", |(name, _)| name)
}
