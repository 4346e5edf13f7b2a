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

const KNOWN: [&str; 6] = [PATH, METHOD, AMOUNT, USES, EXPIRES_AT, PREIMAGE];

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
        match caveat.condition() {
            Some((PATH, value)) => {
                let matches = value == request.path || Some(value) == request.route;
                if matches { Ok(()) } else { Err(Rejection::OtherPath) }
            }
            Some((METHOD, value)) => {
                if value == request.method {
                    Ok(())
                } else {
                    Err(Rejection::OtherMethod)
                }
            }
            Some((AMOUNT, value)) => narrow(&mut self.amount, Msat::from_msat(number(value)?)),
            Some((USES, value)) => {
                let uses = u32::try_from(number(value)?).ok().and_then(NonZeroU32::new);
                narrow(&mut self.uses, uses.ok_or(Rejection::MalformedCaveat)?)
            }
            Some((EXPIRES_AT, value)) => {
                let expires_at = UnixTime::from_secs(number(value)?);
                narrow(&mut self.expires_at, expires_at)?;
                if request.now < expires_at { Ok(()) } else { Err(Rejection::Expired) }
            }
            Some((PREIMAGE, value)) => {
                let preimage = hex_decode_32(value.as_bytes()).ok_or(Rejection::MalformedCaveat)?;
                let matches = Preimage::from_bytes(preimage).payment_hash() == *payment_hash;
                if matches { Ok(()) } else { Err(Rejection::WrongPreimage) }
            }
            // A restriction that is known and cannot be read must not count as unknown, and be skipped.
            None if is_known(caveat.id()) => Err(Rejection::MalformedCaveat),
            _ => match unknown {
                UnknownCaveats::Skip => Ok(()),
                UnknownCaveats::Refuse => Err(Rejection::UnknownCaveat),
            },
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

/// Whether this is a known condition with a value, even one that is not text.
fn is_known(caveat: &[u8]) -> bool {
    KNOWN.iter().any(|name| caveat.strip_prefix(name.as_bytes()).is_some_and(|rest| rest.starts_with(b"=")))
}

/// A number in plain decimal digits: no sign, no spaces, no leading zero.
fn number(value: &str) -> Result<u64, Rejection> {
    let plain = value.bytes().all(|byte| byte.is_ascii_digit()) && (value == "0" || !value.starts_with('0'));
    if !plain {
        return Err(Rejection::MalformedCaveat);
    }
    value.parse().map_err(|_| Rejection::MalformedCaveat)
}
