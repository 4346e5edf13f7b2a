//! Base64, in the one form that a challenge must have and in every form that exists.

use base64_simd::{STANDARD, STANDARD_NO_PAD};

pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode_to_string(bytes)
}

/// The standard alphabet, padded, in the one spelling that an encoder writes.
pub(crate) fn decode_strict(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode_to_vec(text).ok().filter(|bytes| encode(bytes) == text)
}

/// Either alphabet, padded or not.
pub(crate) fn decode_any(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    STANDARD_NO_PAD.decode_to_vec(text).ok()
}

/// The URL alphabet, without padding.
pub(crate) fn for_urls(bytes: &[u8]) -> String {
    respell_for_urls(&encode(bytes))
}

/// The same bytes in the URL alphabet, without padding.
pub(crate) fn respell_for_urls(text: &str) -> String {
    text.trim_end_matches('=').replace('+', "-").replace('/', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strict_means_the_one_standard_form() {
        assert_eq!(decode_strict("+/8="), Some(vec![0xfb, 0xff]));
        for other in ["-_8=", "+/8", "+/9=", "+/8=\n", "+/8=="] {
            assert_eq!(decode_strict(other), None, "{other:?}");
        }
    }

    #[test]
    fn any_means_all_forms_in_use() {
        for text in ["+/8=", "-_8=", "-_8", "+/8"] {
            assert_eq!(decode_any(text), Some(vec![0xfb, 0xff]), "{text}");
        }
        assert_eq!(decode_any("!"), None);
        assert_eq!(respell_for_urls("+/8="), "-_8");
    }
}
