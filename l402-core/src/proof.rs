//! What the preimage of a credential proves.

use crate::codec::ct_eq_32;
use crate::hash::PaymentHash;

/// The payment hash that a credential's preimage has. Of the preimage itself nothing is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Proof {
    /// Zeros where there is no preimage: an `Option` of bytes is moved in pieces, which costs as much as hex.
    payment_hash: PaymentHash,
    verdict: Verdict,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Verdict {
    /// There is no preimage.
    Missing,
    /// It belongs to the payment of the token.
    Fits,
    /// It does not, or nobody has looked yet.
    Wrong,
}

impl Proof {
    pub(crate) const MISSING: Self =
        Self { payment_hash: PaymentHash::from_bytes([0; 32]), verdict: Verdict::Missing };

    /// Takes what the preimage hashes to. It fits nothing until [`Proof::judge`] has compared it.
    #[inline]
    pub(crate) const fn of(payment_hash: PaymentHash) -> Self {
        Self { payment_hash, verdict: Verdict::Wrong }
    }

    /// Compares with the payment hash of the token, in constant time.
    #[inline]
    pub(crate) fn judge(&mut self, payment_hash: &[u8; 32]) {
        if !self.is_missing() && ct_eq_32(self.payment_hash.as_bytes(), payment_hash) {
            self.verdict = Verdict::Fits;
        }
    }

    #[inline]
    pub(crate) const fn verdict(&self) -> Verdict {
        self.verdict
    }

    #[inline]
    pub(crate) const fn is_missing(&self) -> bool {
        matches!(self.verdict, Verdict::Missing)
    }

    /// Whether both have no preimage, or both the same, since no two preimages have the same hash.
    pub(crate) fn is_same_as(&self, other: &Self) -> bool {
        match (self.is_missing(), other.is_missing()) {
            (false, false) => ct_eq_32(self.payment_hash.as_bytes(), other.payment_hash.as_bytes()),
            (one, other) => one && other,
        }
    }
}
