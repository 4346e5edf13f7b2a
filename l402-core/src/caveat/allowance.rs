//! The conditions that minted tokens have, added up.

use core::num::NonZeroU32;

use super::{RequestContext, decimal};
use crate::amount::Msat;
use crate::codec::hex_decode_32;
use crate::hash::PaymentHash;
use crate::secret::Preimage;
use crate::time::UnixTime;
use crate::verify::Rejection;

pub(crate) const PATH: &str = "path";
/// Not another meaning of `path`: a path can be written like a template, and would open all paths of the route.
pub(crate) const ROUTE: &str = "route";
pub(crate) const METHOD: &str = "method";
pub(crate) const AMOUNT: &str = "amount";
pub(crate) const USES: &str = "uses";
pub(crate) const EXPIRES_AT: &str = "expires_at";
pub(crate) const PREIMAGE: &str = "preimage";

/// The numbers that the caveats of a token add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allowance {
    pub(crate) amount: Option<Msat>,
    pub(crate) uses: Option<NonZeroU32>,
    pub(crate) expires_at: Option<UnixTime>,
    first_expiry: Option<UnixTime>,
}

impl Allowance {
    /// Checks one more caveat of the same macaroon, `name=value`. `false` when it is not one of these.
    #[inline]
    pub(crate) fn apply(
        &mut self,
        (name, value): (&[u8], &[u8]),
        payment_hash: &PaymentHash,
        request: &RequestContext<'_>,
    ) -> Result<bool, Rejection> {
        let is = |condition: &str| name == condition.as_bytes();
        if is(PATH) {
            holds(value == request.path.as_bytes(), Rejection::OtherPath)?;
        } else if is(METHOD) {
            holds(value == request.method.as_bytes(), Rejection::OtherMethod)?;
        } else if is(AMOUNT) {
            // What was paid is a fact: the first amount stays, whatever a holder adds.
            let amount = Msat::from_msat(number(value)?);
            holds(self.amount.is_none_or(|paid| amount <= paid), Rejection::WidenedCaveat)?;
            self.amount.get_or_insert(amount);
        } else if is(USES) {
            let uses = u32::try_from(number(value)?).ok().and_then(NonZeroU32::new);
            narrow(&mut self.uses, uses.ok_or(Rejection::MalformedCaveat)?)?;
        } else if is(EXPIRES_AT) {
            let expires_at = UnixTime::from_secs(number(value)?);
            narrow(&mut self.expires_at, expires_at)?;
            self.first_expiry.get_or_insert(expires_at);
            holds(request.now < expires_at, Rejection::Expired)?;
        } else if is(ROUTE) {
            holds(request.route.is_some_and(|route| value == route.as_bytes()), Rejection::OtherPath)?;
        } else if is(PREIMAGE) {
            let preimage = hex_decode_32(value).ok_or(Rejection::MalformedCaveat)?;
            let matches = Preimage::from_bytes(preimage).payment_hash() == *payment_hash;
            holds(matches, Rejection::WrongPreimage)?;
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    /// When the macaroon stopped working as it was minted: its first expiry, which no holder can take out.
    pub(crate) fn issued_until(&self) -> UnixTime {
        self.first_expiry.unwrap_or(UnixTime::MAX)
    }

    /// What two macaroons allow together.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            amount: smaller(self.amount, other.amount),
            uses: smaller(self.uses, other.uses),
            expires_at: smaller(self.expires_at, other.expires_at),
            first_expiry: self.first_expiry, // asked of each macaroon by itself
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

fn holds(condition: bool, otherwise: Rejection) -> Result<(), Rejection> {
    if condition { Ok(()) } else { Err(otherwise) }
}

fn number(value: &[u8]) -> Result<u64, Rejection> {
    decimal(value).ok_or(Rejection::MalformedCaveat)
}
