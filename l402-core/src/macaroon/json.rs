//! The V2-JSON format, read as go-macaroon and libmacaroons write it.
//!
//! ```text
//! {"v":2, "l":location, "i":identifier, "c":[{"i":caveat, "v":verification-id, "l":location}], "s64":signature}
//! ```
//!
//! Each of `i`, `l`, `s` and of a caveat's `i`, `v`, `l` may be `i64` and so on instead, which is base64; `null` is as
//! good as nothing. `v` of the whole may be missing (go-macaroon does not write it). Keys that are not of the format
//! are skipped, in any number, since they say nothing about the macaroon.
//!
//! As with V1, what is read becomes a V2 macaroon with the same signature.

use alloc::vec::Vec;

use super::v2::{self, caveat_of};
use super::{Macaroon, MacaroonDecodeError};
use crate::codec::base64_decode_append;
use crate::json::{Bracket, JsonError, Reader};
use crate::limits::Limits;

/// Whether this is the first byte of the format.
pub(super) const fn starts_with(byte: u8) -> bool {
    byte == b'{'
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Macaroon, MacaroonDecodeError> {
    let text = core::str::from_utf8(bytes).map_err(|_| JsonError::Utf8)?;
    read(&mut Reader::new(text), limits)
}

fn read(reader: &mut Reader<'_>, limits: &Limits) -> Result<Macaroon, MacaroonDecodeError> {
    let [mut location, mut identifier, mut signature] = <[Field; 3]>::default();
    let mut version = false;
    let mut caveats = None;

    if !reader.open(Bracket::Object)? {
        return Err(MacaroonDecodeError::JsonType);
    }
    let (mut key, mut is_first) = (Vec::new(), true);
    while reader.next_item(Bracket::Object, &mut is_first)? {
        reader.key(&mut key)?;
        match &key[..] {
            b"v" if core::mem::replace(&mut version, true) => return Err(MacaroonDecodeError::DuplicateKey),
            b"v" => check_version(reader)?,
            b"l" => location.read_text(reader)?,
            b"l64" => location.read_base64(reader)?,
            b"i" => identifier.read_text(reader)?,
            b"i64" => identifier.read_base64(reader)?,
            b"s" => signature.read_text(reader)?,
            b"s64" => signature.read_base64(reader)?,
            b"c" if caveats.is_some() => return Err(MacaroonDecodeError::DuplicateKey),
            b"c" => caveats = Some(read_caveats(reader, limits)?),
            _ => reader.skip_value()?,
        }
    }
    if !reader.is_at_end() {
        return Err(MacaroonDecodeError::TrailingBytes);
    }

    let location = location.value.unwrap_or_default();
    if location.len() > limits.location_bytes {
        return Err(MacaroonDecodeError::LocationTooLong);
    }
    let identifier = identifier.value.ok_or(MacaroonDecodeError::MissingField)?;
    if identifier.len() > limits.identifier_bytes {
        return Err(MacaroonDecodeError::IdentifierTooLong);
    }
    let signature = signature.value.ok_or(MacaroonDecodeError::MissingField)?;
    let signature = signature.as_slice().try_into().map_err(|_| MacaroonDecodeError::SignatureLength)?;
    let caveats = caveats.unwrap_or_default();
    v2::encode(&location, &identifier, &caveats, signature).map_err(|_| MacaroonDecodeError::Length)
}

fn check_version(reader: &mut Reader<'_>) -> Result<(), MacaroonDecodeError> {
    match reader.scalar()? {
        b"2" => Ok(()),
        [] => Err(MacaroonDecodeError::JsonType),
        _ => Err(MacaroonDecodeError::JsonVersion),
    }
}

/// The caveats in the V2 format; none for `null`.
fn read_caveats(reader: &mut Reader<'_>, limits: &Limits) -> Result<Vec<u8>, MacaroonDecodeError> {
    let mut caveats = Vec::new();
    if !reader.open(Bracket::List)? {
        return read_null(reader).map(|()| caveats);
    }
    let (mut is_first, mut count) = (true, 0);
    while reader.next_item(Bracket::List, &mut is_first)? {
        count += 1;
        if count > limits.caveats {
            return Err(MacaroonDecodeError::TooManyCaveats);
        }
        read_caveat(reader, limits, &mut caveats)?;
    }
    Ok(caveats)
}

fn read_caveat(
    reader: &mut Reader<'_>,
    limits: &Limits,
    caveats: &mut Vec<u8>,
) -> Result<(), MacaroonDecodeError> {
    if !reader.open(Bracket::Object)? {
        return Err(MacaroonDecodeError::JsonType);
    }
    let [mut id, mut verification_id, mut location] = <[Field; 3]>::default();
    let (mut key, mut is_first) = (Vec::new(), true);
    while reader.next_item(Bracket::Object, &mut is_first)? {
        reader.key(&mut key)?;
        match &key[..] {
            b"i" => id.read_text(reader)?,
            b"i64" => id.read_base64(reader)?,
            b"v" => verification_id.read_text(reader)?,
            b"v64" => verification_id.read_base64(reader)?,
            b"l" => location.read_text(reader)?,
            b"l64" => location.read_base64(reader)?,
            _ => reader.skip_value()?,
        }
    }
    let id = id.value.ok_or(MacaroonDecodeError::MissingField)?;
    let verification_id = verification_id.value.as_deref();
    if verification_id.is_some_and(<[u8]>::is_empty) {
        return Err(MacaroonDecodeError::EmptyField);
    }
    let caveat = caveat_of(&id, verification_id, location.value.as_deref(), limits.caveat_bytes)?;
    v2::push_caveat(caveats, &caveat).map_err(|_| MacaroonDecodeError::Length)
}

/// A value that may stand under either of two keys, and under each of them once.
#[derive(Default)]
struct Field {
    value: Option<Vec<u8>>,
    has_text: bool,
    has_base64: bool,
}

impl Field {
    fn read_text(&mut self, reader: &mut Reader<'_>) -> Result<(), MacaroonDecodeError> {
        if core::mem::replace(&mut self.has_text, true) {
            return Err(MacaroonDecodeError::DuplicateKey);
        }
        match read_string(reader)? {
            Some(text) => self.set(text),
            None => Ok(()),
        }
    }

    fn read_base64(&mut self, reader: &mut Reader<'_>) -> Result<(), MacaroonDecodeError> {
        if core::mem::replace(&mut self.has_base64, true) {
            return Err(MacaroonDecodeError::DuplicateKey);
        }
        let Some(text) = read_string(reader)? else { return Ok(()) };
        let mut bytes = Vec::new();
        base64_decode_append(&text, &mut bytes).ok_or(MacaroonDecodeError::FieldBase64)?;
        self.set(bytes)
    }

    fn set(&mut self, value: Vec<u8>) -> Result<(), MacaroonDecodeError> {
        match self.value.replace(value) {
            None => Ok(()),
            Some(_) => Err(MacaroonDecodeError::AmbiguousField),
        }
    }
}

/// A string; `None` for `null`.
fn read_string(reader: &mut Reader<'_>) -> Result<Option<Vec<u8>>, MacaroonDecodeError> {
    let mut string = Vec::new();
    if reader.string(&mut string)? {
        return Ok(Some(string));
    }
    read_null(reader).map(|()| None)
}

fn read_null(reader: &mut Reader<'_>) -> Result<(), MacaroonDecodeError> {
    match reader.scalar()? {
        b"null" => Ok(()),
        _ => Err(MacaroonDecodeError::JsonType),
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;

    use super::*;

    /// Steps are counted, not seconds: see the reader's own test.
    #[test]
    fn the_steps_to_read_grow_with_the_length_and_no_faster() {
        const LEN: usize = 1 << 17;
        let items = [
            r#"{"i":""},"#,
            r#"{"i64":"AAAA"},"#,
            r#"{"x":[]},"#,
            r#""x":0,"#,
            r#""x":[[[[[[[[]]]]]]]],"#,
            r#""\u0078":{"i":{}},"#,
            "[",
            "{",
            "{\"i\":",
            " ",
            "\\n",
        ];
        let mut most = 0;
        for prefix in [r#"{"c":["#, "{", r#"{"i":""#, r#"{"x":"#, r#"{"x":[["#] {
            for item in items {
                let text: String = prefix.chars().chain(item.chars().cycle()).take(LEN).collect();
                let mut reader = Reader::new(&text);
                let _ = read(&mut reader, &Limits::UNLIMITED);
                assert!(reader.steps <= 6 * LEN, "{} steps for {prefix}{item}", reader.steps);
                most = most.max(reader.steps);
            }
        }
        assert!(most > LEN, "steps are counted, and some floods are read to their end");
    }

    /// What is kept is never longer than what it was read from.
    #[test]
    fn a_flood_of_caveats_becomes_no_more_bytes_than_it_has() {
        let signature = "A".repeat(43);
        for caveat in [r#"{"i":""}"#, r#"{"i64":""}"#, r#"{"i":"x","v":"y","l":"z"}"#] {
            let text = format!(
                r#"{{"i":"","c":[{}{caveat}],"s64":"{signature}"}}"#,
                format!("{caveat},").repeat(1 << 14)
            );
            let macaroon = decode(text.as_bytes(), &Limits::UNLIMITED).unwrap();
            assert!(macaroon.as_bytes().len() < text.len());
            assert_eq!(macaroon.as_macaroon_ref().caveats().count(), (1 << 14) + 1);
        }
    }
}
