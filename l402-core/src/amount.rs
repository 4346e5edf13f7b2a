//! Money: [`Msat`], a whole number of millisatoshi.

use core::fmt;

/// An amount of bitcoin in millisatoshi (1 sat = 1000 msat), the unit of BOLT11 and of every price here.
///
/// There is no conversion from or to floating point, and arithmetic is checked: an amount that does not
/// fit is an error to handle, never a wrapped price.
///
/// ```
/// use l402_core::Msat;
///
/// let price = Msat::from_sat(10);
/// assert_eq!(price.as_msat(), 10_000);
/// assert_eq!(price.to_string(), "10 sat");
/// assert_eq!(Msat::from_msat(1_500).to_string(), "1500 msat");
/// assert_eq!(Msat::from_msat(1_500).to_sat_ceil(), 2);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Msat(u64);

impl Msat {
    /// No money at all.
    pub const ZERO: Self = Self(0);
    /// The largest amount this type can hold, more than 8 times all bitcoin there will ever be.
    pub const MAX: Self = Self(u64::MAX);

    /// Creates an amount from millisatoshi.
    #[must_use]
    pub const fn from_msat(msat: u64) -> Self {
        Self(msat)
    }

    /// Creates an amount from whole satoshi.
    ///
    /// # Panics
    /// When `sat * 1000` does not fit in 64 bits, that is above 18 446 744 073 709 551 sat, which is more
    /// than 8 times the bitcoin supply. Use [`Msat::checked_from_sat`] for numbers from outside.
    #[must_use]
    pub const fn from_sat(sat: u64) -> Self {
        match Self::checked_from_sat(sat) {
            Some(amount) => amount,
            None => panic!("amount in satoshi does not fit in 64 bits of millisatoshi"),
        }
    }

    /// Creates an amount from whole satoshi, or `None` when it does not fit.
    #[must_use]
    pub const fn checked_from_sat(sat: u64) -> Option<Self> {
        match sat.checked_mul(1000) {
            Some(msat) => Some(Self(msat)),
            None => None,
        }
    }

    /// The amount in millisatoshi.
    #[must_use]
    pub const fn as_msat(self) -> u64 {
        self.0
    }

    /// The amount in whole satoshi, rounded up: never less than what is owed.
    #[must_use]
    pub const fn to_sat_ceil(self) -> u64 {
        self.0.div_ceil(1000)
    }

    /// The amount in whole satoshi, or `None` when it is not a whole number of them.
    #[must_use]
    pub const fn to_sat_exact(self) -> Option<u64> {
        if self.0.is_multiple_of(1000) { Some(self.0 / 1000) } else { None }
    }

    /// Whether this is no money at all.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Adds, or `None` on overflow.
    #[must_use]
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(sum) => Some(Self(sum)),
            None => None,
        }
    }

    /// Subtracts, or `None` when `other` is larger.
    #[must_use]
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(difference) => Some(Self(difference)),
            None => None,
        }
    }

    /// So many times the amount, or `None` when the product does not fit.
    #[must_use]
    pub const fn checked_mul(self, times: u64) -> Option<Self> {
        match self.0.checked_mul(times) {
            Some(product) => Some(Self(product)),
            None => None,
        }
    }
}

/// Whole satoshi are written as `10 sat`, anything finer as `1500 msat`.
impl fmt::Display for Msat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_sat_exact() {
            Some(sat) => write!(f, "{sat} sat"),
            None => write!(f, "{} msat", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arithmetic_refuses_to_wrap() {
        assert_eq!(Msat::MAX.checked_add(Msat::from_msat(1)), None);
        assert_eq!(Msat::ZERO.checked_sub(Msat::from_msat(1)), None);
        assert_eq!(Msat::MAX.checked_mul(2), None);
        assert_eq!(Msat::from_sat(2).checked_mul(3), Some(Msat::from_sat(6)));
        assert_eq!(Msat::checked_from_sat(u64::MAX / 1000 + 1), None);
        assert_eq!(Msat::from_sat(2).checked_sub(Msat::from_msat(1)), Some(Msat::from_msat(1_999)));
    }

    #[test]
    fn rounding_to_satoshi_never_loses_money() {
        assert_eq!(Msat::from_msat(1).to_sat_ceil(), 1);
        assert_eq!(Msat::from_msat(1_000).to_sat_ceil(), 1);
        assert_eq!(Msat::MAX.to_sat_ceil(), 18_446_744_073_709_552);
        assert_eq!(Msat::from_msat(1_001).to_sat_exact(), None);
    }
}
