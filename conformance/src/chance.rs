//! [`Chance`]: random bytes that can be drawn again.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::wire::sha256;

/// Random bytes for one case, from the run's seed: the same seed gives the same bytes, whatever other cases do.
#[derive(Debug)]
pub(crate) struct Chance {
    key: [u8; 32],
    drawn: AtomicU64,
}

impl Chance {
    pub(crate) fn new(seed: u64, case: &str) -> Self {
        let key = sha256(&[seed.to_be_bytes().as_slice(), case.as_bytes()].concat());
        Self { key, drawn: AtomicU64::new(0) }
    }

    pub(crate) fn bytes(&self) -> [u8; 32] {
        let drawn = self.drawn.fetch_add(1, Ordering::Relaxed);
        sha256(&[self.key.as_slice(), &drawn.to_be_bytes()].concat())
    }

    /// A number below `limit`, which is small and not zero.
    pub(crate) fn below(&self, limit: usize) -> usize {
        let [a, b, c, d, ..] = self.bytes();
        u32::from_be_bytes([a, b, c, d]) as usize % limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_every_case_its_own_bytes_again() {
        let (first, again) = (Chance::new(1, "a"), Chance::new(1, "a"));
        let bytes = [first.bytes(), first.bytes()];
        assert_eq!(bytes, [again.bytes(), again.bytes()]);
        assert_ne!(bytes[0], bytes[1]);
        assert_ne!(Chance::new(1, "b").bytes(), bytes[0]);
        assert_ne!(Chance::new(2, "a").bytes(), bytes[0]);
        assert!((0..100).all(|_| first.below(3) < 3));
    }
}
