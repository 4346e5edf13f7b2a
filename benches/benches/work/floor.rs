//! The floor: hashing that no implementation can avoid.

use sha2::block_api::compress256;

/// The compressions of SHA-256 that a token needs whoever verifies it, when its root key is given: two for the chain
/// key, five for the identifier of 66 bytes, four for each caveat of at most 55, one for the preimage.
pub(crate) const fn blocks(caveats: usize) -> usize {
    2 + 5 + caveats * blocks_of_caveat(55) + 1
}

/// The compressions of one caveat: two of key and as many as its bytes and their padding fill, and one around them.
pub(crate) const fn blocks_of_caveat(bytes: usize) -> usize {
    3 + (bytes + 9).div_ceil(64)
}

/// That many compressions in one call: one after another, as a chain has to be, and nothing in between.
pub(crate) fn compressions(count: usize) -> [u32; 8] {
    static MOST: [[u8; 64]; blocks(64)] = [[0; 64]; blocks(64)];
    let mut state = [0; 8];
    compress256(&mut state, &MOST[..count]);
    state
}
