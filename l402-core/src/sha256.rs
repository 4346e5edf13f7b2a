//! SHA-256 and HMAC-SHA256 over the compression function, with the key's two blocks kept as midstates.
//!
//! A macaroon is a chain of short HMACs, so nearly all the time of a verification is spent in the
//! compression function. Keeping midstates saves the blocks that do not change, and building the padded
//! blocks in place saves everything around them. HMAC is RFC 2104, SHA-256 is FIPS 180-4.

use crate::wipe::wipe_on_drop;

/// Eight words, big endian: an output of SHA-256, which may be the key of the next step. Wiped when dropped.
#[derive(Clone)]
pub(crate) struct Digest([u32; 8]);

wipe_on_drop!(Digest { 0 = [0; 8] });

impl Digest {
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        Self(words)
    }

    pub(crate) fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.write(&mut bytes, 0);
        bytes
    }

    /// Writes the bytes, each xored with `pad`, to the start of `out`.
    fn write(&self, out: &mut [u8], pad: u8) {
        let pad = u32::from_ne_bytes([pad; 4]);
        for (bytes, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(&self.0) {
            *bytes = (word ^ pad).to_be_bytes();
        }
    }
}

/// SHA-256 of 32 bytes, which is one compression.
pub(crate) fn sha256_of_32(message: &[u8; 32]) -> [u8; 32] {
    let mut state = INITIAL;
    absorb(&mut state, message, 0, &mut Block::new());
    Digest(state).to_bytes()
}

/// An HMAC-SHA256 key: the hash states after its inner and outer key block. Wiped when dropped.
#[derive(Clone)]
pub(crate) struct HmacKey {
    inner: [u32; 8],
    outer: [u32; 8],
}

wipe_on_drop!(HmacKey { inner = [0; 8], outer = [0; 8] });

impl HmacKey {
    /// Prepares the key that every step of the chain has: the 32-byte output of the step before.
    pub(crate) fn from_digest(key: &Digest) -> Self {
        let mut prepared = Self { inner: INITIAL, outer: INITIAL };
        prepared.set(key, &mut Block::new());
        prepared
    }

    pub(crate) fn mac(&self, message: &[u8]) -> Digest {
        self.mac_with(message, &mut Block::new())
    }

    /// Takes the place of [`HmacKey::from_digest`] where many keys follow each other.
    pub(crate) fn set(&mut self, key: &Digest, block: &mut Block) {
        for (state, pad) in [(&mut self.inner, 0x36), (&mut self.outer, 0x5c)] {
            block.0 = [pad; Block::LEN];
            key.write(&mut block.0, pad);
            *state = INITIAL;
            compress(state, core::slice::from_ref(&block.0));
        }
    }

    /// [`HmacKey::mac`] in memory that is used again.
    pub(crate) fn mac_with(&self, message: &[u8], block: &mut Block) -> Digest {
        let mut inner = Digest(self.inner);
        absorb(&mut inner.0, message, Block::LEN, block);

        // The outer message is always 32 bytes after one key block: one block, with padding that never changes.
        block.0 = [0; Block::LEN];
        inner.write(&mut block.0, 0);
        block.0[32] = 0x80;
        block.0[Block::LEN - 2..].copy_from_slice(&(((Block::LEN + 32) * 8) as u16).to_be_bytes());
        let mut outer = Digest(self.outer);
        compress(&mut outer.0, core::slice::from_ref(&block.0));
        outer
    }
}

/// The block that is being hashed. It may hold a key, so it is wiped: once, after a whole chain.
pub(crate) struct Block([u8; Self::LEN]);

wipe_on_drop!(Block { 0 = [0; Block::LEN] });

impl Block {
    const LEN: usize = 64;

    pub(crate) const fn new() -> Self {
        Self([0; Self::LEN])
    }
}

/// The key `macaroons-key-generator`, with which every macaroon library derives its chain keys.
///
/// The two states are constants; a test recomputes them.
pub(crate) static KEY_GENERATOR: HmacKey = HmacKey { inner: GENERATOR_INNER, outer: GENERATOR_OUTER };

/// Absorbs `message` and the final padding into `state`, which has taken `before` bytes already.
fn absorb(state: &mut [u32; 8], message: &[u8], before: usize, block: &mut Block) {
    let (whole, tail) = message.as_chunks::<{ Block::LEN }>();
    if !whole.is_empty() {
        compress(state, whole);
    }
    block.0 = [0; Block::LEN];
    block.0[..tail.len()].copy_from_slice(tail);
    block.0[tail.len()] = 0x80;
    if tail.len() >= Block::LEN - 8 {
        compress(state, core::slice::from_ref(&block.0));
        block.0 = [0; Block::LEN];
    }
    let bits = (before + message.len()) as u64 * 8;
    block.0[Block::LEN - 8..].copy_from_slice(&bits.to_be_bytes());
    compress(state, core::slice::from_ref(&block.0));
}

fn compress(state: &mut [u32; 8], blocks: &[[u8; Block::LEN]]) {
    #[cfg(test)]
    cost::add(blocks.len());
    sha2::block_api::compress256(state, blocks);
}

/// Counts compressions on this thread, so that tests can tell what work costs without a clock.
#[cfg(test)]
pub(crate) mod cost {
    use core::cell::Cell;

    std::thread_local! {
        static BLOCKS: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn add(blocks: usize) {
        BLOCKS.set(BLOCKS.get() + blocks);
    }

    /// How many blocks `work` compresses.
    pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (usize, T) {
        let before = BLOCKS.get();
        let result = work();
        (BLOCKS.get() - before, result)
    }
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
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::prelude::*;
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn key_generator_midstates_are_those_of_the_key() {
        let mut block = [0; Block::LEN];
        block[..23].copy_from_slice(b"macaroons-key-generator");
        for (pad, expected) in [(0x36, GENERATOR_INNER), (0x5c, GENERATOR_OUTER)] {
            let mut state = INITIAL;
            compress(&mut state, &[block.map(|byte| byte ^ pad)]);
            assert_eq!(state, expected, "{state:#010x?}");
        }
    }

    proptest! {
        #[test]
        fn sha256_agrees_with_the_reference(message in any::<[u8; 32]>()) {
            prop_assert_eq!(sha256_of_32(&message).to_vec(), Sha256::digest(message).to_vec());
        }

        #[test]
        fn hmac_agrees_with_the_reference(
            key in any::<[u8; 32]>(),
            message in prop::collection::vec(any::<u8>(), 0..300),
        ) {
            let mut reference = Hmac::<Sha256>::new_from_slice(&key).unwrap();
            reference.update(&message);
            prop_assert_eq!(
                HmacKey::from_digest(&Digest::from_bytes(&key)).mac(&message).to_bytes().to_vec(),
                reference.finalize().into_bytes().to_vec()
            );
        }
    }
}
