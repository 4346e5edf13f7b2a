//! What servers write, read leniently enough to go on testing after a deviation, and strictly enough to see it.

pub(crate) mod base64;
pub(crate) mod challenge;
pub(crate) mod invoice;
pub(crate) mod macaroon;

use sha2::{Digest, Sha256};

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower)
}

/// 32 bytes from 64 hex digits of either case.
pub(crate) fn unhex32(text: &str) -> Option<[u8; 32]> {
    hex_simd::decode_to_vec(text).ok()?.try_into().ok()
}
