//! The caveats this implementation knows, what they allow, and how they combine.
//!
//! | caveat | holds when | written by |
//! |---|---|---|
//! | `path=/report` | the request's path or route template is exactly this | mint |
//! | `method=GET` | the request's method is exactly this | mint |
//! | `amount=10000` | always; the price paid, in msat | mint |
//! | `uses=1` | the use count, kept elsewhere, is below it | mint |
//! | `expires_at=1900000000` | the time, in Unix seconds, is before it | mint |
//! | `preimage=<64 hex>` | it is the preimage of the payment hash | some clients |
//!
//! Every caveat must hold, so that adding one never allows more. A repeated number must not grow.

use core::num::NonZeroU32;

use crate::amount::Msat;
use crate::codec::hex_decode_32;
use crate::hash::PaymentHash;
use crate::macaroon::Caveat;
use crate::secret::Preimage;
use crate::time::UnixTime;
use crate::verify::Rejection;

pub(crate) const PATH: &str = "path";
pub(crate) const METHOD: &str = "method";
pub(crate) const AMOUNT: &str = "amount";
pub(crate) const USES: &str = "uses";
pub(crate) const EXPIRES_AT: &str = "expires_at";
pub(crate) const PREIMAGE: &str = "preimage";

/// What a request is, as far as caveats ask.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RequestContext<'a> {
    /// The method, as in the request line.
    pub method: &'a str,
    /// The path, as in the request line: not decoded, without the query.
    pub path: &'a str,
    /// The template that the router matched, such as `/items/{id}`, if it tells.
    pub route: Option<&'a str>,
    /// The time of the request.
    pub now: UnixTime,
}

impl<'a> RequestContext<'a> {
    /// Describes a request without a route template.
    #[must_use]
    pub const fn new(method: &'a str, path: &'a str, now: UnixTime) -> Self {
        Self { method, path, route: None, now }
    }

    /// Adds the template that the router matched.
    #[must_use]
    pub const fn with_route(mut self, route: &'a str) -> Self {
        self.route = Some(route);
        self
    }
}

/// What to do with a caveat whose condition nobody here knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum UnknownCaveats {
    /// Ignore it, as the L402 specification demands ("MUST skip").
    #[default]
    Skip,
    /// Refuse the token, as macaroons are meant: a restriction that is not understood is not honoured.
    Refuse,
}

impl UnknownCaveats {
    const fn verdict(self) -> Result<(), Rejection> {
        match self {
            Self::Skip => Ok(()),
            Self::Refuse => Err(Rejection::UnknownCaveat),
        }
    }
}

/// The numbers that the caveats of a token add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) amount: Option<Msat>,
    pub(crate) uses: Option<NonZeroU32>,
    pub(crate) expires_at: Option<UnixTime>,
}

impl Allowance {
    /// Checks one more caveat of the same macaroon.
    pub(crate) fn apply(
        &mut self,
        caveat: &Caveat<'_>,
        payment_hash: &PaymentHash,
        request: &RequestContext<'_>,
        unknown: UnknownCaveats,
    ) -> Result<(), Rejection> {
        if caveat.third_party().is_some() {
            return Err(Rejection::Undischarged);
        }
        let Some((condition, value)) = caveat.condition_bytes() else {
            return unknown.verdict();
        };
        if condition == PATH.as_bytes() {
            let matches = value == request.path.as_bytes()
                || request.route.is_some_and(|route| value == route.as_bytes());
            if matches { Ok(()) } else { Err(Rejection::OtherPath) }
        } else if condition == METHOD.as_bytes() {
            if value == request.method.as_bytes() { Ok(()) } else { Err(Rejection::OtherMethod) }
        } else if condition == AMOUNT.as_bytes() {
            narrow(&mut self.amount, Msat::from_msat(number(value)?))
        } else if condition == USES.as_bytes() {
            let uses = u32::try_from(number(value)?).ok().and_then(NonZeroU32::new);
            narrow(&mut self.uses, uses.ok_or(Rejection::MalformedCaveat)?)
        } else if condition == EXPIRES_AT.as_bytes() {
            let expires_at = UnixTime::from_secs(number(value)?);
            narrow(&mut self.expires_at, expires_at)?;
            if request.now < expires_at { Ok(()) } else { Err(Rejection::Expired) }
        } else if condition == PREIMAGE.as_bytes() {
            let preimage = hex_decode_32(value).ok_or(Rejection::MalformedCaveat)?;
            let matches = Preimage::from_bytes(preimage).payment_hash() == *payment_hash;
            if matches { Ok(()) } else { Err(Rejection::WrongPreimage) }
        } else {
            unknown.verdict()
        }
    }

    /// What two macaroons allow together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            amount: smaller(self.amount, other.amount),
            uses: smaller(self.uses, other.uses),
            expires_at: smaller(self.expires_at, other.expires_at),
        }
    }
}

/// Takes a repeated value only if it does not allow more than the one before.
fn narrow<T: Copy + Ord>(current: &mut Option<T>, next: T) -> Result<(), Rejection> {
    if current.is_some_and(|current| next > current) {
        return Err(Rejection::WidenedCaveat);
    }
    *current = Some(next);
    Ok(())
}

fn smaller<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// A number in plain decimal digits: no sign, no spaces, no leading zero.
fn number(value: &[u8]) -> Result<u64, Rejection> {
    let canonical = matches!(value, [b'0'] | [b'1'..=b'9', ..]);
    let parsed = value.iter().try_fold(0_u64, |number, digit| {
        let digit = digit.wrapping_sub(b'0');
        (digit < 10).then_some(())?;
        number.checked_mul(10)?.checked_add(u64::from(digit))
    });
    parsed.filter(|_| canonical).ok_or(Rejection::MalformedCaveat)
}
