//! SHA-256 and HMAC-SHA256 over the compression function.
//!
//! A macaroon is a chain of short HMACs, so nearly all the time of a verification is spent in the
//! compression function. Midstates save the blocks of keys that stay, and putting the blocks of a key that is used
//! once next to its message saves calls. HMAC is RFC 2104, SHA-256 is FIPS 180-4.

use crate::wipe::wipe_on_drop;

const BLOCK: usize = 64;
/// The most bytes of a message that fit its last block, next to the padding bit and the length.
const LONGEST_TAIL: usize = BLOCK - 1 - 8;
const INNER_PAD: u8 = 0x36;
const OUTER_PAD: u8 = 0x5c;

/// Eight words, big endian: an output of SHA-256, which may be the key of the next step. Wiped when dropped.
#[derive(Clone)]
pub(crate) struct Digest([u32; 8]);

wipe_on_drop!(Digest { 0 = [0; 8] });

impl Digest {
    #[inline]
    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut words = [0; 8];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<4>().0) {
            *word = u32::from_be_bytes(*bytes);
        }
        Self(words)
    }

    #[inline]
    pub(crate) fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        write(&mut bytes, &self.0, 0);
        bytes
    }
}

/// SHA-256 of 32 bytes, which is one compression.
#[inline]
pub(crate) fn sha256_of_32(message: &[u8; 32]) -> [u8; 32] {
    let mut state = INITIAL;
    let mut block = Block(const { last_block(32) });
    block.0[..32].copy_from_slice(message);
    compress(&mut state, core::slice::from_ref(&block.0));
    let mut digest = [0; 32];
    write(&mut digest, &state, 0);
    digest
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
        let mut block = Block([0; BLOCK]);
        for (state, pad) in [(&mut prepared.inner, INNER_PAD), (&mut prepared.outer, OUTER_PAD)] {
            fill_with_key(&mut block.0, &key.0, pad);
            compress(state, core::slice::from_ref(&block.0));
        }
        prepared
    }

    pub(crate) fn mac(&self, message: &[u8]) -> Digest {
        let mut block = Block([0; BLOCK]);
        let mut inner = Digest(self.inner);
        absorb(&mut inner.0, message, BLOCK, &mut block.0);
        self.finish(&inner, &mut block)
    }

    /// [`HmacKey::mac`] of 32 bytes, which is two compressions.
    #[inline]
    pub(crate) fn mac_of_32(&self, message: &[u8; 32]) -> Digest {
        let mut block = Block(const { last_block(BLOCK + 32) });
        block.0[..32].copy_from_slice(message);
        self.mac_of_block(&mut block)
    }

    /// The MAC of another MAC, without a detour over its bytes.
    #[inline]
    pub(crate) fn mac_of_digest(&self, message: &Digest) -> Digest {
        let mut block = Block([0; BLOCK]);
        fill_with_digest(&mut block.0, &message.0);
        self.mac_of_block(&mut block)
    }

    #[inline]
    fn mac_of_block(&self, block: &mut Block) -> Digest {
        let mut inner = Digest(self.inner);
        compress(&mut inner.0, core::slice::from_ref(&block.0));
        self.finish(&inner, block)
    }

    #[inline]
    fn finish(&self, inner: &Digest, block: &mut Block) -> Digest {
        let mut outer = Digest(self.outer);
        fill_with_digest(&mut block.0, &inner.0);
        compress(&mut outer.0, core::slice::from_ref(&block.0));
        outer
    }
}

/// A block that may hold a secret. Wiped when dropped.
struct Block([u8; BLOCK]);

wipe_on_drop!(Block { 0 = [0; BLOCK] });

/// HMACs each of which is the key of the next, so that every key is used once.
///
/// The blocks of a key stand next to what follows them, so that a caveat of one block takes two calls of the
/// compression function and not four. All that is secret stays in one place, which is wiped when it is dropped:
/// once, after a whole chain.
pub(crate) struct HmacChain {
    key: [u32; 8],
    inner: [u32; 8],
    blocks: [[u8; BLOCK]; 3],
}

wipe_on_drop!(HmacChain { key = [0; 8], inner = [0; 8], blocks = [[0; BLOCK]; 3] });

impl HmacChain {
    #[inline]
    pub(crate) const fn new(key: &Digest) -> Self {
        Self { key: key.0, inner: [0; 8], blocks: [[0; BLOCK]; 3] }
    }

    /// Makes the HMAC of `message` under the current key the next key.
    pub(crate) fn link(&mut self, message: &[u8]) {
        let [key_block, message_blocks @ ..] = &mut self.blocks;
        fill_with_key(key_block, &self.key, INNER_PAD);
        self.inner = INITIAL;
        let total = BLOCK + message.len();
        if message.len() <= LONGEST_TAIL {
            fill_with_tail(&mut message_blocks[0], message, total);
            compress(&mut self.inner, &self.blocks[..2]);
        } else if message.len() <= BLOCK + LONGEST_TAIL {
            fill_with_tail(message_blocks.as_flattened_mut(), message, total);
            compress(&mut self.inner, &self.blocks);
        } else {
            compress(&mut self.inner, core::slice::from_ref(key_block));
            absorb(&mut self.inner, message, BLOCK, &mut message_blocks[0]);
        }
        let [key_block, digest_block, _] = &mut self.blocks;
        fill_with_key(key_block, &self.key, OUTER_PAD);
        fill_with_digest(digest_block, &self.inner);
        self.key = INITIAL;
        compress(&mut self.key, &self.blocks[..2]);
    }

    /// The current key: the HMAC of the last message.
    #[inline]
    pub(crate) const fn digest(&self) -> Digest {
        Digest(self.key)
    }

    /// Goes on with another key.
    pub(crate) const fn replace(&mut self, key: &Digest) {
        self.key = key.0;
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

/// Makes `blocks` the last ones: the end of the message, the padding bit, the length of everything.
#[inline(always)]
fn fill_with_tail(blocks: &mut [u8], tail: &[u8], total: usize) {
    blocks.fill(0);
    blocks[..tail.len()].copy_from_slice(tail);
    blocks[tail.len()] = 0x80;
    let length_at = blocks.len() - 8;
    blocks[length_at..].copy_from_slice(&bit_length(total));
}

/// Makes `block` the inner or outer block of a key.
#[inline]
fn fill_with_key(block: &mut [u8; BLOCK], key: &[u32; 8], pad: u8) {
    *block = [pad; BLOCK];
    write(block, key, pad);
}

/// Makes `block` the one that follows an outer key block.
#[inline]
fn fill_with_digest(block: &mut [u8; BLOCK], digest: &[u32; 8]) {
    *block = const { last_block(BLOCK + 32) };
    write(block, digest, 0);
}

/// Writes the words, each byte xored with `pad`, to the start of `out`.
#[inline]
fn write(out: &mut [u8], words: &[u32; 8], pad: u8) {
    let pad = u32::from_ne_bytes([pad; 4]);
    for (bytes, word) in out.as_chunks_mut::<4>().0.iter_mut().zip(words) {
        *bytes = (word ^ pad).to_be_bytes();
    }
}

/// The last block of a message of `total` bytes, of which 32 are to stand here.
///
/// As a constant it is written in whole words: single bytes that are read back as words at once would stall.
const fn last_block(total: usize) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    block[32] = 0x80;
    let length = bit_length(total);
    let mut at = 0;
    while at < length.len() {
        block[BLOCK - 8 + at] = length[at];
        at += 1;
    }
    block
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
        fn the_short_ways_agree_with_the_long_one(key in any::<[u8; 32]>(), message in any::<[u8; 32]>()) {
            let key = HmacKey::from_digest(&Digest::from_bytes(&key));
            let expected = key.mac(&message).to_bytes();
            prop_assert_eq!(key.mac_of_32(&message).to_bytes(), expected);
            prop_assert_eq!(key.mac_of_digest(&Digest::from_bytes(&message)).to_bytes(), expected);
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
            let mut chain = HmacChain::new(&key);
            chain.link(&message);
            prop_assert_eq!(chain.digest().to_bytes().to_vec(), expected);
        }
    }
}
