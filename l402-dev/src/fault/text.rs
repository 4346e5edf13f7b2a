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

    pub(super) fn hash_of_an_invoice() -> Self {
        Self(
            "an invoice has no payment hash before it is created; say how many of the next ones, or every"
                .to_owned(),
        )
    }

    pub(super) fn never() -> Self {
        Self("0 times is never; say how many of the next calls, or every".to_owned())
    }

    /// `own`: what there is at this operation alone.
    fn unknown(text: &str, own: &str) -> Self {
        let text: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        let known = Outage::KNOWN;
        Self(format!("no such fault: '{text}'; there are {known}{own}, with times such as 500ms or 5s"))
    }
}

/// What can happen at every operation.
enum Outage {
    Down,
    RateLimited(Option<Duration>),
    Slow(Duration),
}

impl Outage {
    const KNOWN: &str = "down, rate-limited[=TIME], slow=TIME";

    fn parse(name: &str, value: Option<&str>) -> Option<Self> {
        match (name, value) {
            ("down", None) => Some(Self::Down),
            ("rate-limited", None) => Some(Self::RateLimited(None)),
            ("rate-limited", Some(time)) => parse_time(time).map(|time| Self::RateLimited(Some(time))),
            ("slow", Some(time)) => parse_time(time).map(Self::Slow),
            _ => None,
        }
    }
}

impl fmt::Display for Outage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => f.write_str("down"),
            Self::RateLimited(None) => f.write_str("rate-limited"),
            Self::RateLimited(Some(time)) => write!(f, "rate-limited={}", Time(*time)),
            Self::Slow(time) => write!(f, "slow={}", Time(*time)),
        }
    }
}

macro_rules! outages_of {
    ($($fault:ident),+) => { $(
        impl From<Outage> for $fault {
            fn from(outage: Outage) -> Self {
                match outage {
                    Outage::Down => Self::Down,
                    Outage::RateLimited(time) => Self::RateLimited(time),
                    Outage::Slow(time) => Self::Slow(time),
                }
            }
        }
    )+ };
}
outages_of!(InvoiceFault, PaymentFault, LookupFault);

impl FromStr for InvoiceFault {
    type Err = FaultParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = split(text);
        let fault = match (name, value) {
            ("wrong-amount", None) => Some(Self::WrongAmount),
            ("wrong-hash", None) => Some(Self::WrongHash),
            ("wrong-network", None) => Some(Self::WrongNetwork),
            ("expired", None) => Some(Self::Expired),
            _ => Outage::parse(name, value).map(Self::from),
        };
        fault.ok_or_else(|| {
            FaultParseError::unknown(text, ", wrong-amount, wrong-hash, wrong-network, expired")
        })
    }
}

impl fmt::Display for InvoiceFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => Outage::Down.fmt(f),
            Self::RateLimited(time) => Outage::RateLimited(*time).fmt(f),
            Self::Slow(time) => Outage::Slow(*time).fmt(f),
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
        const OWN: &str = ", fail=REASON (such as no-route), stuck, stuck-then-settle=TIME, stuck-then-fail=TIME, \
            wrong-preimage, zero-preimage, pay-twice";
        let (name, value) = split(text);
        let fault = match (name, value) {
            ("fail", Some(reason)) => Some(Self::Fail(parse_reason(reason)?)),
            ("stuck", None) => Some(Self::Stuck),
            ("stuck-then-settle", Some(time)) => parse_time(time).map(Self::StuckThenSettle),
            ("stuck-then-fail", Some(time)) => parse_time(time).map(Self::StuckThenFail),
            ("wrong-preimage", None) => Some(Self::WrongPreimage),
            ("zero-preimage", None) => Some(Self::ZeroPreimage),
            ("pay-twice", None) => Some(Self::PayTwice),
            _ => Outage::parse(name, value).map(Self::from),
        };
        fault.ok_or_else(|| FaultParseError::unknown(text, OWN))
    }
}

impl fmt::Display for PaymentFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => Outage::Down.fmt(f),
            Self::RateLimited(time) => Outage::RateLimited(*time).fmt(f),
            Self::Slow(time) => Outage::Slow(*time).fmt(f),
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
        let (name, value) = split(text);
        let fault = Outage::parse(name, value).map(Self::from);
        fault.ok_or_else(|| FaultParseError::unknown(text, ""))
    }
}

impl fmt::Display for LookupFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Down => Outage::Down.fmt(f),
            Self::RateLimited(time) => Outage::RateLimited(*time).fmt(f),
            Self::Slow(time) => Outage::Slow(*time).fmt(f),
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

/// The kinds of failure, as words.
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
    let found = REASONS.iter().find(|(name, _)| *name == text).map(|(_, kind)| *kind);
    if found == Some(BackendErrorKind::InFlight) {
        let advice = "a payment that is under way has not failed; order stuck, or stuck-then-fail=TIME";
        return Err(FaultParseError(advice.to_owned()));
    }
    found.ok_or_else(|| {
        let failures = REASONS.iter().filter(|(_, kind)| *kind != BackendErrorKind::InFlight);
        let names: Vec<_> = failures.map(|(name, _)| *name).collect();
        FaultParseError(format!("a payment can fail with {}", names.join(", ")))
    })
}

fn reason(kind: BackendErrorKind) -> &'static str {
    let same = |other: &BackendErrorKind| core::mem::discriminant(other) == core::mem::discriminant(&kind);
    REASONS.iter().find(|(_, other)| same(other)).map_or("protocol", |(name, _)| name)
}
