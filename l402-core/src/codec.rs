//! The text encodings of the protocol: hex and the four dialects of base64.

use alloc::string::String;
use alloc::vec::Vec;

use base64_simd::{AsOut, Base64, STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use hex_simd::AsciiCase;
use memchr::memchr2;
use subtle::ConstantTimeEq;

/// Encodes as this project writes base64 everywhere: standard alphabet, padded.
pub(crate) fn base64_encode(bytes: &[u8]) -> String {
    STANDARD.encode_to_string(bytes)
}

/// Appends the decoding of `text` to `out`, in whichever of the four common dialects it is written.
///
/// The dialects differ by alphabet (`+/` or `-_`) and by padding. A text that mixes alphabets, or carries
/// bits that decode to nothing, is refused.
pub(crate) fn base64_decode_append(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    base64_dialect(text).decode_append(text, out)
}

/// How a text in base64 is written, as far as it shows.
#[derive(Clone, Copy)]
pub(crate) struct Base64Dialect {
    pub(crate) url_safe: bool,
    /// Also where there is nothing to pad.
    pub(crate) padded: bool,
}

pub(crate) fn base64_dialect(text: &[u8]) -> Base64Dialect {
    let url_safe = memchr2(b'-', b'_', text).is_some();
    Base64Dialect { url_safe, padded: text.len().is_multiple_of(4) }
}

impl Base64Dialect {
    /// Appends the decoding of the first groups of a text that goes on: padding would end it.
    pub(crate) fn decode_start(self, groups: &[u8], out: &mut Vec<u8>) -> Option<()> {
        if groups.ends_with(b"=") { None } else { self.decode_append(groups, out) }
    }

    /// Appends the decoding of a text, or of its last groups.
    pub(crate) fn decode_append(self, text: &[u8], out: &mut Vec<u8>) -> Option<()> {
        self.codec().decode_append(text, out).ok().map(|_| ())
    }

    const fn codec(self) -> Base64 {
        match (self.url_safe, self.padded) {
            (false, true) => STANDARD,
            (false, false) => STANDARD_NO_PAD,
            (true, true) => URL_SAFE,
            (true, false) => URL_SAFE_NO_PAD,
        }
    }
}

/// Appends what hex digits, in either case, stand for; leaves `out` alone if `text` is anything else.
pub(crate) fn hex_decode_append(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    hex_simd::decode_append(text, out).ok()
}

/// Decodes exactly 64 hex digits, in either case.
pub(crate) fn hex_decode_32(text: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex_decode(text, &mut bytes).map(|()| bytes)
}

/// Decodes exactly so many hex digits, in either case, that `out` is full.
#[inline]
pub(crate) fn hex_decode(text: &[u8], out: &mut [u8]) -> Option<()> {
    if text.len() != 2 * out.len() {
        return None;
    }
    hex_simd::decode(text, out.as_out()).ok().map(|_| ())
}

/// Whether two secrets are equal, in a time that does not depend on where they differ.
pub(crate) fn ct_eq_32(one: &[u8; 32], other: &[u8; 32]) -> bool {
    let words = |bytes: &[u8; 32]| -> [u64; 4] {
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_ne_bytes(*bytes);
        }
        words
    };
    let differing = words(one).iter().zip(words(other)).fold(0, |bits, (one, other)| bits | (one ^ other));
    differing.ct_eq(&0).into()
}

/// Writes `bytes` as lower-case hex.
pub(crate) fn fmt_hex(bytes: &[u8], f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
    let mut digits = [0; 66];
    bytes.chunks(digits.len() / 2).try_for_each(|bytes| {
        let digits = &mut digits[..2 * bytes.len()];
        f.write_str(hex_simd::encode_as_str(bytes, digits.as_out(), AsciiCase::Lower))
    })
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn decode(text: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        base64_decode_append(text.as_bytes(), &mut out).map(|()| out)
    }

    #[test]
    fn reads_all_four_base64_dialects_to_the_same_bytes() {
        let bytes = [0xfb, 0xff, 0xbf, 0x01];
        for text in ["+/+/AQ==", "+/+/AQ", "-_-_AQ==", "-_-_AQ"] {
            assert_eq!(decode(text).as_deref(), Some(&bytes[..]), "{text}");
        }
        assert_eq!(base64_encode(&bytes), "+/+/AQ==");
    }

    #[test]
    fn refuses_base64_that_is_not_canonical() {
        for text in ["+/-_", "AQ=", "AQ===", "AR==", "AR", "A", "A Q=", "AQ==\n", "AQ==AQ==", "=", "===="] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }

    #[test]
    fn appends_hex_or_nothing() {
        let mut out = Vec::from([1]);
        assert_eq!(hex_decode_append(b"aBfF", &mut out), Some(()));
        assert_eq!(out, [1, 0xab, 0xff]);
        for text in ["abc", "0g", " 00", "00 ", "0x00", "é"] {
            assert_eq!(hex_decode_append(text.as_bytes(), &mut out), None, "{text}");
            assert_eq!(out, [1, 0xab, 0xff], "{text}");
        }
    }

    #[test]
    fn reads_hex_in_either_case_and_no_other_length() {
        let lower = "ab".repeat(32);
        assert_eq!(hex_decode_32(lower.as_bytes()), Some([0xab; 32]));
        assert_eq!(hex_decode_32(lower.to_uppercase().as_bytes()), Some([0xab; 32]));
        assert_eq!(hex_decode_32(&lower.as_bytes()[1..]), None);
        assert_eq!(hex_decode_32(&lower.as_bytes()[2..]), None);
        assert_eq!(hex_decode_32(format!("{lower}00").as_bytes()), None);
        assert_eq!(hex_decode_32("zz".repeat(32).as_bytes()), None);
    }
}
