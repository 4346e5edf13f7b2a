//! SHA-256 and HMAC-SHA256 over the compression function.
//!
//! A macaroon is a chain of short HMACs, so nearly all the time of a verification is spent in the
//! compression function. Midstates save the blocks of keys that stay, and putting the blocks of a key that is used
//! once next to its message saves calls. HMAC is RFC 2104, SHA-256 is FIPS 180-4.

use crate::wipe::wipe_on_drop;

const BLOCK: usize = 64;
/// The most bytes of a message that fit its last block, next to the padding bit and the length.
const LONGEST_TAIL: usize = BLOCK - 1 - 8;

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
    let mut scratch = Scratch::new();
    fill_with_tail(&mut scratch.0[0], message, message.len());
    compress(&mut state, &scratch.0[..1]);
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
    /// Prepares a 32-byte key.
    pub(crate) fn from_digest(key: &Digest) -> Self {
        let mut prepared = Self { inner: INITIAL, outer: INITIAL };
        let mut scratch = Scratch::new();
        for (state, pad) in [(&mut prepared.inner, 0x36), (&mut prepared.outer, 0x5c)] {
            scratch.set_key(key, pad);
            compress(state, &scratch.0[..1]);
        }
        prepared
    }

    pub(crate) fn mac(&self, message: &[u8]) -> Digest {
        let mut scratch = Scratch::new();
        let [block, _] = &mut scratch.0;
        let mut inner = Digest(self.inner);
        absorb(&mut inner.0, message, BLOCK, block);
        let mut outer = Digest(self.outer);
        fill_with_digest(block, &inner);
        compress(&mut outer.0, core::slice::from_ref(block));
        outer
    }
}

/// HMAC-SHA256 under a key that is used once, as every key of a chain is.
///
/// The key's blocks stand next to what follows them, so that a caveat of one block takes two calls of the compression
/// function and not four.
pub(crate) fn hmac(key: &Digest, message: &[u8], scratch: &mut Scratch) -> Digest {
    let mut inner = Digest(INITIAL);
    scratch.set_key(key, 0x36);
    if message.len() <= LONGEST_TAIL {
        fill_with_tail(&mut scratch.0[1], message, BLOCK + message.len());
        compress(&mut inner.0, &scratch.0);
    } else {
        compress(&mut inner.0, &scratch.0[..1]);
        absorb(&mut inner.0, message, BLOCK, &mut scratch.0[1]);
    }
    let mut outer = Digest(INITIAL);
    scratch.set_key(key, 0x5c);
    fill_with_digest(&mut scratch.0[1], &inner);
    compress(&mut outer.0, &scratch.0);
    outer
}

/// The blocks that are being hashed. They may hold a key, so they are wiped: once, after a whole chain.
pub(crate) struct Scratch([[u8; BLOCK]; 2]);

wipe_on_drop!(Scratch { 0 = [[0; BLOCK]; 2] });

impl Scratch {
    pub(crate) const fn new() -> Self {
        Self([[0; BLOCK]; 2])
    }

    /// Makes the first block the inner or outer block of a key.
    fn set_key(&mut self, key: &Digest, pad: u8) {
        let [block, _] = &mut self.0;
        *block = [pad; BLOCK];
        key.write(block, pad);
    }
}

/// The key `macaroons-key-generator`, with which every macaroon library derives its chain keys.
///
/// The two states are constants; a test recomputes them.
pub(crate) static KEY_GENERATOR: HmacKey = HmacKey { inner: GENERATOR_INNER, outer: GENERATOR_OUTER };

/// Absorbs `message` and the final padding into `state`, which has taken `before` bytes already.
fn absorb(state: &mut [u32; 8], message: &[u8], before: usize, block: &mut [u8; BLOCK]) {
    let (whole, tail) = message.as_chunks::<BLOCK>();
    if !whole.is_empty() {
        compress(state, whole);
    }
    let total = before + message.len();
    if tail.len() > LONGEST_TAIL {
        *block = [0; BLOCK];
        block[..tail.len()].copy_from_slice(tail);
        block[tail.len()] = 0x80;
        compress(state, core::slice::from_ref(block));
        *block = [0; BLOCK];
        block[BLOCK - 8..].copy_from_slice(&bit_length(total));
    } else {
        fill_with_tail(block, tail, total);
    }
    compress(state, core::slice::from_ref(block));
}

/// Makes `block` the last one: the end of the message, the padding bit, the length of everything.
fn fill_with_tail(block: &mut [u8; BLOCK], tail: &[u8], total: usize) {
    *block = [0; BLOCK];
    block[..tail.len()].copy_from_slice(tail);
    block[tail.len()] = 0x80;
    block[BLOCK - 8..].copy_from_slice(&bit_length(total));
}

/// Makes `block` the one that follows an outer key block.
fn fill_with_digest(block: &mut [u8; BLOCK], digest: &Digest) {
    *block = [0; BLOCK];
    digest.write(block, 0);
    block[32] = 0x80;
    block[BLOCK - 8..].copy_from_slice(&bit_length(BLOCK + 32));
}

const fn bit_length(bytes: usize) -> [u8; 8] {
    (bytes as u64 * 8).to_be_bytes()
}

fn compress(state: &mut [u32; 8], blocks: &[[u8; BLOCK]]) {
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
        let mut block = [0; BLOCK];
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
            let expected = reference.finalize().into_bytes().to_vec();
            let key = Digest::from_bytes(&key);
            prop_assert_eq!(HmacKey::from_digest(&key).mac(&message).to_bytes().to_vec(), expected.clone());
            prop_assert_eq!(hmac(&key, &message, &mut Scratch::new()).to_bytes().to_vec(), expected);
        }
    }
}
