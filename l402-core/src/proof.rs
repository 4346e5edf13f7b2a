//! What the preimage of a credential proves.

use crate::codec::ct_eq_32;
use crate::hash::PaymentHash;

/// What the preimage of a credential proves about the payment of its token. Nothing of the preimage is kept, not even
/// its hash: what is moved from step to step is verified sooner when it is small.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Proof {
    /// There is no preimage.
    Missing,
    /// It belongs to the payment of the token.
    Fits,
    /// It belongs to another payment.
    Wrong,
}

impl Proof {
    /// Compares what the preimage hashes to with the payment hash of the token, in constant time.
    #[inline]
    pub(crate) fn of(hash_of_preimage: &PaymentHash, payment_hash: &[u8; 32]) -> Self {
        if ct_eq_32(hash_of_preimage.as_bytes(), payment_hash) { Self::Fits } else { Self::Wrong }
    }

    pub(crate) const fn is_same_as(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Missing, Self::Missing) | (Self::Fits, Self::Fits) | (Self::Wrong, Self::Wrong)
        )
    }
}
