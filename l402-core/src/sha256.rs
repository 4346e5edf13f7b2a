//! SHA-256 and HMAC-SHA256 over the compression function, with the key's two blocks kept as midstates.
//!
//! A macaroon is a chain of short HMACs, so nearly all the time of a verification is spent in the
//! compression function. Keeping midstates saves the blocks that do not change, and building the padded
//! blocks in place saves everything around them. HMAC is RFC 2104, SHA-256 is FIPS 180-4.

use sha2::block_api::compress256;
use zeroize::{Zeroize, ZeroizeOnDrop};

const BLOCK: usize = 64;

/// A 32-byte output of HMAC-SHA256 or SHA-256 that may be secret: wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct Digest(pub(crate) [u8; 32]);

/// SHA-256 of 32 bytes, which is one compression.
pub(crate) fn sha256_of_32(message: &[u8; 32]) -> [u8; 32] {
    let mut state = INITIAL;
    absorb(&mut state, &[message], 0);
    to_bytes(&state)
}

/// An HMAC-SHA256 key: the hash states after its inner and outer key block.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct HmacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl HmacKey {
    /// The key `macaroons-key-generator`, with which every macaroon library derives its chain keys.
    ///
    /// The two states are constants; a test recomputes them.
    pub(crate) const KEY_GENERATOR: Self = Self { inner: GENERATOR_INNER, outer: GENERATOR_OUTER };

    /// Prepares the key that every step of the chain has: the 32-byte output of the step before.
    pub(crate) fn from_digest(key: &Digest) -> Self {
        let mut block = [0; BLOCK];
        block[..32].copy_from_slice(&key.0);
        let prepared = Self::from_block(&mut block);
        block.zeroize();
        prepared
    }

    fn from_block(block: &mut [u8; BLOCK]) -> Self {
        let mut inner = INITIAL;
        block.iter_mut().for_each(|byte| *byte ^= 0x36);
        compress256(&mut inner, core::slice::from_ref(block));
        let mut outer = INITIAL;
        block.iter_mut().for_each(|byte| *byte ^= 0x36 ^ 0x5c);
        compress256(&mut outer, core::slice::from_ref(block));
        Self { inner, outer }
    }

    /// HMAC of the concatenation of `parts`.
    pub(crate) fn mac(&self, parts: &[&[u8]]) -> Digest {
        let mut inner = self.inner;
        absorb(&mut inner, parts, BLOCK);
        let mut digest = to_bytes(&inner);
        let mut outer = self.outer;
        absorb(&mut outer, &[&digest], BLOCK);
        digest.zeroize();
        inner.zeroize();
        Digest(to_bytes(&outer))
    }
}

/// Absorbs `parts` and the final padding into `state`, which has taken `before` bytes already.
fn absorb(state: &mut [u32; 8], parts: &[&[u8]], before: usize) {
    let mut block = [0; BLOCK];
    let mut filled = 0;
    let mut total = before;
    for part in parts {
        total += part.len();
        let mut rest = *part;
        if filled > 0 {
            let (head, tail) = rest.split_at(rest.len().min(BLOCK - filled));
            block[filled..filled + head.len()].copy_from_slice(head);
            filled += head.len();
            rest = tail;
            if filled < BLOCK {
                continue;
            }
            compress256(state, core::slice::from_ref(&block));
        }
        let (whole, tail) = rest.as_chunks::<BLOCK>();
        compress256(state, whole);
        block[..tail.len()].copy_from_slice(tail);
        filled = tail.len();
    }
    block[filled] = 0x80;
    block[filled + 1..].fill(0);
    if filled >= BLOCK - 8 {
        compress256(state, core::slice::from_ref(&block));
        block.fill(0);
    }
    block[BLOCK - 8..].copy_from_slice(&(total as u64 * 8).to_be_bytes());
    compress256(state, core::slice::from_ref(&block));
    block.zeroize();
}

fn to_bytes(state: &[u32; 8]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (chunk, word) in bytes.chunks_exact_mut(4).zip(state) {
        chunk.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

/// FIPS 180-4 section 5.3.3.
const INITIAL: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

const GENERATOR_INNER: [u32; 8] =
    [0x9077_a15b, 0xd63d_8c38, 0x24d7_0d8b, 0xa0d6_3f24, 0x4803_6cbf, 0x16ff_ae7d, 0x4857_e31d, 0xbb1f_1d67];
const GENERATOR_OUTER: [u32; 8] =
    [0xbdcc_52d8, 0x514c_306d, 0xa461_4039, 0xaa6e_3e88, 0xc98a_3415, 0xb547_216b, 0x5b29_34f4, 0x8053_6d5f];

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn key_generator_midstates_are_those_of_the_key() {
        let mut block = [0; BLOCK];
        block[..23].copy_from_slice(b"macaroons-key-generator");
        let computed = HmacKey::from_block(&mut block);
        assert_eq!(computed.inner, GENERATOR_INNER, "inner {:#010x?}", computed.inner);
        assert_eq!(computed.outer, GENERATOR_OUTER, "outer {:#010x?}", computed.outer);
    }

    proptest! {
        #[test]
        fn sha256_agrees_with_the_reference(message in any::<[u8; 32]>()) {
            prop_assert_eq!(sha256_of_32(&message).to_vec(), Sha256::digest(message).to_vec());
        }

        #[test]
        fn hmac_agrees_with_the_reference(
            key in any::<[u8; 32]>(),
            parts in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..4),
        ) {
            let slices: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
            let mut reference = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            slices.iter().for_each(|part| reference.update(part));
            prop_assert_eq!(
                HmacKey::from_digest(&Digest(key)).mac(&slices).0.to_vec(),
                reference.finalize().into_bytes().to_vec()
            );
        }
    }
}
