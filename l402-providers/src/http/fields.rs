//! Fields as backends write them: amounts, hashes and preimages. For `#[serde(deserialize_with)]`.

use std::fmt;

use l402_core::{Msat, PaymentHash, Preimage};
use serde::de::{DeserializeOwned, Deserializer, Error, Visitor};

/// Millisatoshi as a number, a string of digits, or one that ends in `msat`.
///
/// # Errors
/// Anything else, also amounts that are negative or not whole.
pub fn msat<'de, D: Deserializer<'de>>(input: D) -> Result<Msat, D::Error> {
    whole(input).map(Msat::from_msat)
}

/// As [`msat`] without its sign, which some versions of some backends give to fees; nothing where there is none.
///
/// # Errors
/// Anything else.
pub fn maybe_msat<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Msat>, D::Error> {
    let number = input.deserialize_any(Number)?;
    Ok(number.and_then(|number| u64::try_from(number.unsigned_abs()).ok()).map(Msat::from_msat))
}

/// Whole satoshi as a number or a string of digits.
///
/// # Errors
/// Anything else.
pub fn sat<'de, D: Deserializer<'de>>(input: D) -> Result<Msat, D::Error> {
    Msat::checked_from_sat(whole(input)?).ok_or_else(|| Error::custom("too large"))
}

/// Seconds or the like: a number, a string of digits, or nothing.
///
/// # Errors
/// Anything else.
pub fn maybe_secs<'de, D: Deserializer<'de>>(input: D) -> Result<Option<u64>, D::Error> {
    let number = input.deserialize_any(Number)?;
    Ok(number.and_then(|number| u64::try_from(number).ok()).filter(|&secs| secs > 0))
}

/// A preimage in hex. Whatever is no preimage (null, nothing, an empty text, zeros that stand for none) is none.
///
/// # Errors
/// Something that is neither a text nor null.
pub fn preimage<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Preimage>, D::Error> {
    input.deserialize_any(Text(|text: &str| text.parse().ok()))
}

/// A preimage in base64.
///
/// # Errors
/// As for [`preimage`].
pub fn preimage_base64<'de, D: Deserializer<'de>>(input: D) -> Result<Option<Preimage>, D::Error> {
    input.deserialize_any(Text(|text: &str| bytes_32(text).map(Preimage::from_bytes)))
}

/// A payment hash in hex, or none where there is none.
///
/// # Errors
/// A text that is no hash.
pub fn hash<'de, D: Deserializer<'de>>(input: D) -> Result<Option<PaymentHash>, D::Error> {
    match input.deserialize_any(Text(|text: &str| Some(text.parse())))? {
        Some(parsed) => parsed.map(Some).map_err(Error::custom),
        None => Ok(None),
    }
}

/// A payment hash in base64.
///
/// # Errors
/// Anything else.
pub fn hash_base64<'de, D: Deserializer<'de>>(input: D) -> Result<PaymentHash, D::Error> {
    let bytes = input.deserialize_any(Text(bytes_32))?;
    bytes.map(PaymentHash::from_bytes).ok_or_else(|| Error::custom("not 32 bytes in base64"))
}

/// Reads one JSON value, a line of a stream; nothing when it is none.
#[must_use]
pub fn read<T: DeserializeOwned>(json: &str) -> Option<T> {
    serde_json::from_str(json).ok()
}

/// URL-safe base64 with padding.
#[must_use]
pub fn base64_url(bytes: &[u8]) -> String {
    base64_simd::URL_SAFE.encode_to_string(bytes)
}

fn bytes_32(text: &str) -> Option<[u8; 32]> {
    // 32 bytes are 44 characters.
    if text.len() > 44 {
        return None;
    }
    base64_simd::STANDARD.decode_to_vec(text).ok()?.try_into().ok()
}

fn whole<'de, D: Deserializer<'de>>(input: D) -> Result<u64, D::Error> {
    let number = input.deserialize_any(Number)?;
    number.and_then(|number| u64::try_from(number).ok()).ok_or_else(|| Error::custom("not an amount"))
}

/// Reads a whole number, however it is written.
struct Number;

/// Above this a floating-point number may stand for a neighbour.
const EXACT: f64 = 9_007_199_254_740_992.0;

impl<'de> Visitor<'de> for Number {
    type Value = Option<i128>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.into()))
    }

    #[allow(clippy::cast_possible_truncation, reason = "whole and small enough")]
    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        if number.fract() == 0.0 && number.abs() < EXACT {
            Ok(Some(number as i128))
        } else {
            Err(E::custom("not a whole number"))
        }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let digits = text.strip_suffix("msat").unwrap_or(text);
        if digits.is_empty() {
            return Ok(None);
        }
        let number: i64 = digits.parse().map_err(|_| E::custom("not a number"))?;
        Ok(Some(number.into()))
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Reads a text with a function, so that secrets go straight to where they are wiped.
struct Text<F>(F);

impl<'de, T, F: FnOnce(&str) -> Option<T>> Visitor<'de> for Text<F> {
    type Value = Option<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(if text.is_empty() { None } else { (self.0)(text) })
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}
