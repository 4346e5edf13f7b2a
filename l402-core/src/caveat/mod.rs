//! Caveats that are known: what they allow, how they combine, and how to add one's own.
//!
//! | caveat | holds when | written by |
//! |---|---|---|
//! | `path=/report` | the request's path is exactly this | mint |
//! | `route=/items/{id}` | the template that the router matched is exactly this | mint, for a whole route |
//! | `method=GET` | the request's method is exactly this | mint |
//! | `amount=10000` | always; the price paid, in msat | mint |
//! | `uses=1` | the use count, kept elsewhere, is below it | mint |
//! | `expires_at=1900000000` | the time, in Unix seconds, is before it | mint |
//! | `preimage=<64 hex>` | it is the preimage of the payment hash | some clients |
//! | `services=<name>:<tier>,…` | the request's service is one of them | mint, for passes; other servers |
//! | `<service>_capabilities=<name>,…` | the request's capability is one of them | other servers |
//! | `<service>_valid_until=1900000000` | the time is before it | other servers |
//!
//! Every caveat must hold, so that adding one never allows more, and a repeated one must not allow more than the one
//! before. A [`Satisfier`] adds a condition of one's own.

mod allowance;
mod service;

use core::fmt;

use crate::hash::PaymentHash;
use crate::macaroon::{Caveat, MacaroonRef};
use crate::time::UnixTime;
use crate::verify::Rejection;
pub(crate) use allowance::{AMOUNT, Allowance, EXPIRES_AT, METHOD, PATH, PREIMAGE, ROUTE, USES};
pub use service::AtMost;
pub(crate) use service::SERVICES;
use service::{Capabilities, Services, ValidUntil};

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
    /// The service asked for, where caveats such as `services=<name>:<tier>` are to be understood.
    pub service: Option<&'a str>,
    /// What is asked of the service, where `<service>_capabilities` caveats are.
    pub capability: Option<&'a str>,
    /// The time of the request.
    pub now: UnixTime,
}

impl<'a> RequestContext<'a> {
    /// Describes a request without a route template.
    #[must_use]
    pub const fn new(method: &'a str, path: &'a str, now: UnixTime) -> Self {
        Self { method, path, route: None, service: None, capability: None, now }
    }

    /// Adds the template that the router matched.
    #[must_use]
    pub const fn with_route(mut self, route: &'a str) -> Self {
        self.route = Some(route);
        self
    }

    /// Adds the service asked for.
    #[must_use]
    pub const fn with_service(mut self, service: &'a str) -> Self {
        self.service = Some(service);
        self
    }

    /// Adds what is asked of the service.
    #[must_use]
    pub const fn with_capability(mut self, capability: &'a str) -> Self {
        self.capability = Some(capability);
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

/// Understands one condition, or a family of them.
///
/// [`AtMost`] is one for numbers. Of a condition that several understand, the first in [`CaveatPolicy`] decides; what
/// this crate knows itself cannot be replaced.
///
/// # Security
/// Every caveat must hold, so a satisfier can refuse and never allow. `narrows` must be true only if whatever satisfies
/// `next` would have satisfied `previous`: holders of a token add caveats, and an addition that widens must show.
pub trait Satisfier: Send + Sync {
    /// Whether this understands the condition, the part of a caveat before its first `=`.
    fn handles(&self, condition: &str, request: &RequestContext<'_>) -> bool;

    /// Whether `next` allows nothing that `previous`, an earlier caveat of the same condition, does not.
    fn narrows(&self, previous: &str, next: &str) -> bool;

    /// Whether a caveat with this value holds for the request.
    fn holds(&self, value: &str, request: &RequestContext<'_>) -> bool;
}

/// How caveats are judged beyond those this crate always knows.
#[derive(Clone, Copy, Default)]
#[non_exhaustive]
pub struct CaveatPolicy<'a> {
    /// What happens to those that nobody understands.
    pub unknown: UnknownCaveats,
    /// Conditions of one's own.
    pub satisfiers: &'a [&'a dyn Satisfier],
}

impl<'a> CaveatPolicy<'a> {
    /// The specification's policy with conditions of one's own.
    #[must_use]
    pub const fn with_satisfiers(satisfiers: &'a [&'a dyn Satisfier]) -> Self {
        Self { unknown: UnknownCaveats::Skip, satisfiers }
    }

    /// Sets [`CaveatPolicy::unknown`].
    #[must_use]
    pub const fn with_unknown(mut self, unknown: UnknownCaveats) -> Self {
        self.unknown = unknown;
        self
    }

    #[inline]
    fn satisfier(&self, condition: &str, request: &RequestContext<'_>) -> Option<&'a dyn Satisfier> {
        let known: [&'static dyn Satisfier; 3] = [&Services, &Capabilities, &ValidUntil];
        let handles = |satisfier: &&'a dyn Satisfier| satisfier.handles(condition, request);
        known.into_iter().find(handles).or_else(|| self.satisfiers.iter().copied().find(handles))
    }
}

impl From<UnknownCaveats> for CaveatPolicy<'_> {
    fn from(unknown: UnknownCaveats) -> Self {
        Self { unknown, satisfiers: &[] }
    }
}

impl fmt::Debug for CaveatPolicy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CaveatPolicy({:?}, {} satisfiers)", self.unknown, self.satisfiers.len())
    }
}

/// What caveats are judged by.
pub(crate) struct Judge<'r> {
    pub(crate) payment_hash: PaymentHash,
    pub(crate) request: &'r RequestContext<'r>,
    pub(crate) policy: CaveatPolicy<'r>,
}

impl Judge<'_> {
    /// Checks every caveat of one macaroon, and says what they leave.
    pub(crate) fn allowance<'a>(
        &self,
        macaroon: &MacaroonRef<'a>,
        is_discharged: impl Fn(&Caveat<'_>) -> bool,
    ) -> Result<Allowance, Rejection> {
        let mut allowance = Allowance::default();
        let mut latest = Latest::default();
        for (index, caveat) in macaroon.caveats().enumerate() {
            if caveat.third_party().is_some() {
                if !is_discharged(&caveat) {
                    return Err(Rejection::Undischarged);
                }
                continue;
            }
            let Some(condition) = caveat.condition_bytes() else {
                self.policy.unknown.verdict()?;
                continue;
            };
            if !allowance.apply(condition, &self.payment_hash, self.request)? {
                let previous = |name: &'a str, value: &'a str| {
                    latest.replace(name, value).unwrap_or_else(|Full| last_before(macaroon, index, name))
                };
                self.check_extension(condition, previous)?;
            }
        }
        Ok(allowance)
    }

    /// Checks a caveat that is not one of [`Allowance`]'s, against the one before it and against the request.
    fn check_extension<'a>(
        &self,
        (name, value): (&'a [u8], &'a [u8]),
        previous: impl FnOnce(&'a str, &'a str) -> Option<&'a str>,
    ) -> Result<(), Rejection> {
        let Ok(name) = str::from_utf8(name) else {
            return self.policy.unknown.verdict();
        };
        let Some(satisfier) = self.policy.satisfier(name, self.request) else {
            return self.policy.unknown.verdict();
        };
        let value = str::from_utf8(value).map_err(|_| Rejection::MalformedCaveat)?;
        if previous(name, value).is_some_and(|previous| !satisfier.narrows(previous, value)) {
            return Err(Rejection::WidenedCaveat);
        }
        if satisfier.holds(value, self.request) { Ok(()) } else { Err(Rejection::CaveatNotMet) }
    }
}

/// The latest value of each condition that a satisfier has judged. Without it every repetition would be looked for from
/// the first caveat on, and the cost of a token grow with the square of its length.
#[derive(Default)]
struct Latest<'a> {
    /// More conditions than these are repeated by nobody who is honest; they are looked for the long way.
    values: [Option<(&'a str, &'a str)>; 4],
}

/// There is no place for one more condition.
struct Full;

impl<'a> Latest<'a> {
    /// Remembers a value and returns the one before it.
    #[inline]
    fn replace(&mut self, name: &'a str, value: &'a str) -> Result<Option<&'a str>, Full> {
        for slot in &mut self.values {
            match slot {
                Some((known, latest)) if *known == name => {
                    return Ok(Some(core::mem::replace(latest, value)));
                }
                Some(_) => {}
                None => {
                    *slot = Some((name, value));
                    return Ok(None);
                }
            }
        }
        Err(Full)
    }
}

/// The value that a condition had last, before this place. One that is not text was refused when its turn was.
#[cold]
fn last_before<'a>(macaroon: &MacaroonRef<'a>, index: usize, name: &str) -> Option<&'a str> {
    let earlier = macaroon.caveats().take(index).filter_map(|caveat| caveat.condition_bytes());
    let same = earlier.filter(|(earlier, _)| *earlier == name.as_bytes());
    same.last().and_then(|(_, previous)| str::from_utf8(previous).ok())
}

/// A number in plain decimal digits: no sign, no spaces, no leading zero.
fn decimal(value: &[u8]) -> Option<u64> {
    if !matches!(value, [b'0'] | [b'1'..=b'9', ..]) {
        return None;
    }
    let (first, rest) = value.split_at(value.len().min(ALWAYS_FIT));
    let mut number = 0_u64;
    for digit in first {
        number = number * 10 + digit_of(*digit)?;
    }
    rest.iter().try_fold(number, |number, digit| number.checked_mul(10)?.checked_add(digit_of(*digit)?))
}

/// So many digits make no number that is too large, and need not be asked one by one.
const ALWAYS_FIT: usize = 19;

#[inline]
fn digit_of(character: u8) -> Option<u64> {
    let digit = character.wrapping_sub(b'0');
    (digit < 10).then_some(u64::from(digit))
}
