//! The V2 binary format, read and written exactly as go-macaroon does.
//!
//! ```text
//! 02 | [01 len location] | 02 len identifier | 00
//!    | { [01 len location] 02 len caveat [04 len verification-id] 00 }*
//!    | 00 | 06 20 signature
//! ```
//!
//! Lengths are unsigned LEB128. The tags in the published macaroon-spec table are wrong; these are the ones
//! that every implementation uses.

use alloc::vec::Vec;

use super::{Caveat, Macaroon, MacaroonDecodeError, MacaroonRef, ThirdParty, TooLarge};
use crate::limits::Limits;

pub(super) const VERSION: u8 = 2;
const END_OF_SECTION: u8 = 0;
const LOCATION: u8 = 1;
const IDENTIFIER: u8 = 2;
const VERIFICATION_ID: u8 = 4;
const SIGNATURE: u8 = 6;
const MAX_LEN: usize = 0x7fff_ffff;

/// End of the caveat list, signature tag and length, signature.
pub(super) const TAIL_LEN: usize = 1 + 2 + 32;

#[inline(always)]
pub(super) fn decode<'a>(bytes: &'a [u8], limits: &Limits) -> Result<MacaroonRef<'a>, MacaroonDecodeError> {
    let mut rest = match bytes {
        [] => return Err(MacaroonDecodeError::Empty),
        [VERSION, rest @ ..] => rest,
        _ => return Err(MacaroonDecodeError::Version),
    };

    let location = optional_field(&mut rest, LOCATION)?.unwrap_or_default();
    if location.len() > limits.location_bytes {
        return Err(MacaroonDecodeError::LocationTooLong);
    }
    let identifier = field(&mut rest, IDENTIFIER)?;
    if identifier.len() > limits.identifier_bytes {
        return Err(MacaroonDecodeError::IdentifierTooLong);
    }
    end_of_section(&mut rest)?;

    let caveats_start = rest;
    let mut count = 0;
    while rest.first().is_some_and(|tag| *tag != END_OF_SECTION) {
        count += 1;
        if count > limits.caveats {
            return Err(MacaroonDecodeError::TooManyCaveats);
        }
        read_caveat(&mut rest, limits.caveat_bytes)?;
    }
    let caveats = &caveats_start[..caveats_start.len() - rest.len()];
    end_of_section(&mut rest)?;

    let signature =
        field(&mut rest, SIGNATURE)?.try_into().map_err(|_| MacaroonDecodeError::SignatureLength)?;
    if !rest.is_empty() {
        return Err(MacaroonDecodeError::TrailingBytes);
    }
    Ok(MacaroonRef { bytes, location, identifier, caveats, signature })
}

/// Location and identifier of a macaroon that may be cut off behind them, as a macaroon without caveats whose signature is
/// none.
#[inline]
pub(super) fn decode_head(bytes: &[u8]) -> Option<MacaroonRef<'_>> {
    let [VERSION, rest @ ..] = bytes else { return None };
    let mut rest = rest;
    let location = optional_field(&mut rest, LOCATION).ok()?.unwrap_or_default();
    let identifier = field(&mut rest, IDENTIFIER).ok()?;
    Some(MacaroonRef { bytes, location, identifier, caveats: &[], signature: &[0; 32] })
}

/// The next caveat of a section that [`decode`] has accepted.
#[inline]
pub(crate) fn next_caveat<'a>(rest: &mut &'a [u8]) -> Option<Caveat<'a>> {
    if rest.is_empty() { None } else { read_caveat(rest, MAX_LEN).ok() }
}

#[inline(always)]
fn read_caveat<'a>(rest: &mut &'a [u8], max_len: usize) -> Result<Caveat<'a>, MacaroonDecodeError> {
    if let Some((id, after)) = split_short_caveat(rest)
        && id.len() <= max_len
    {
        *rest = after;
        return Ok(Caveat { id, third_party: None });
    }
    read_any_caveat(rest, max_len)
}

/// Reads what nearly every caveat is, of the first party and shorter than 128 bytes, in one look.
#[inline(always)]
fn split_short_caveat(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    let [IDENTIFIER, len @ ..0x80, after_len @ ..] = rest else { return None };
    match after_len.split_at_checked(usize::from(*len))? {
        (id, [END_OF_SECTION, after @ ..]) => Some((id, after)),
        _ => None,
    }
}

#[cold]
fn read_any_caveat<'a>(rest: &mut &'a [u8], max_len: usize) -> Result<Caveat<'a>, MacaroonDecodeError> {
    let location = optional_field(rest, LOCATION)?;
    let id = field(rest, IDENTIFIER)?;
    let verification_id = optional_field(rest, VERIFICATION_ID)?;
    end_of_section(rest)?;

    caveat_of(id, verification_id, location, max_len)
}

/// Puts the parts of a caveat together, in whichever format they stood.
#[inline]
pub(super) fn caveat_of<'a>(
    id: &'a [u8],
    verification_id: Option<&'a [u8]>,
    location: Option<&'a [u8]>,
    max_len: usize,
) -> Result<Caveat<'a>, MacaroonDecodeError> {
    let longest = id.len().max(location.map_or(0, <[u8]>::len)).max(verification_id.map_or(0, <[u8]>::len));
    if longest > max_len {
        return Err(MacaroonDecodeError::CaveatTooLong);
    }
    let third_party = match (verification_id, location) {
        (None, None) => None,
        (None, Some(_)) => return Err(MacaroonDecodeError::FirstPartyLocation),
        (Some(verification_id), location) => {
            Some(ThirdParty { verification_id, location: location.unwrap_or_default() })
        }
    };
    Ok(Caveat { id, third_party })
}

/// A field that may be missing; where it stands it must not be empty, since nobody writes it then.
#[inline]
fn optional_field<'a>(rest: &mut &'a [u8], tag: u8) -> Result<Option<&'a [u8]>, MacaroonDecodeError> {
    if rest.first() != Some(&tag) {
        return Ok(None);
    }
    match field(rest, tag)? {
        [] => Err(MacaroonDecodeError::EmptyField),
        value => Ok(Some(value)),
    }
}

#[inline]
fn field<'a>(rest: &mut &'a [u8], tag: u8) -> Result<&'a [u8], MacaroonDecodeError> {
    let (found, after_tag) = rest.split_first().ok_or(MacaroonDecodeError::Truncated)?;
    if *found != tag {
        return Err(MacaroonDecodeError::UnexpectedField);
    }
    let (len, after_len) = varint(after_tag)?;
    let (value, after) = after_len.split_at_checked(len).ok_or(MacaroonDecodeError::Truncated)?;
    *rest = after;
    Ok(value)
}

#[inline]
fn end_of_section(rest: &mut &[u8]) -> Result<(), MacaroonDecodeError> {
    match *rest {
        [END_OF_SECTION, after @ ..] => {
            *rest = after;
            Ok(())
        }
        [] => Err(MacaroonDecodeError::Truncated),
        _ => Err(MacaroonDecodeError::UnexpectedField),
    }
}

/// An unsigned LEB128 number of at most 31 bits in its shortest form.
#[inline]
fn varint(bytes: &[u8]) -> Result<(usize, &[u8]), MacaroonDecodeError> {
    if let [byte @ ..0x80, after @ ..] = bytes {
        return Ok((usize::from(*byte), after)); // as nearly always
    }
    let mut value = 0;
    for (index, byte) in bytes.iter().take(5).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            let padded = index > 0 && *byte == 0;
            let overflows = index == 4 && *byte > 0x07;
            return if padded || overflows {
                Err(MacaroonDecodeError::Length)
            } else {
                Ok((value, &bytes[index + 1..]))
            };
        }
    }
    Err(if bytes.len() < 5 { MacaroonDecodeError::Truncated } else { MacaroonDecodeError::Length })
}

/// How many bytes [`varint`] reads for this value.
pub(super) const fn varint_len(value: usize) -> usize {
    let bits = usize::BITS - value.leading_zeros();
    if bits == 0 { 1 } else { bits.div_ceil(7) as usize }
}

/// Writes a macaroon whose caveats are written already, each with [`push_caveat`].
pub(super) fn encode(
    location: &[u8],
    identifier: &[u8],
    caveats: &[u8],
    signature: &[u8; 32],
) -> Result<Macaroon, TooLarge> {
    let len = 1 + 5 + location.len() + 5 + identifier.len() + 1 + caveats.len() + TAIL_LEN;
    let mut bytes = Vec::with_capacity(len);
    bytes.push(VERSION);
    if !location.is_empty() {
        push_field(&mut bytes, LOCATION, location)?;
    }
    let location = bytes.len() - location.len()..bytes.len();
    push_field(&mut bytes, IDENTIFIER, identifier)?;
    let identifier = bytes.len() - identifier.len()..bytes.len();
    bytes.push(END_OF_SECTION);
    bytes.extend_from_slice(caveats);
    let caveats = bytes.len() - caveats.len()..bytes.len();
    push_tail(&mut bytes, signature);
    Ok(Macaroon { bytes, location, identifier, caveats })
}

/// Writes one caveat after those that stand in `caveats`.
pub(super) fn push_caveat(caveats: &mut Vec<u8>, caveat: &Caveat<'_>) -> Result<(), TooLarge> {
    if let Some(third_party) = &caveat.third_party
        && !third_party.location.is_empty()
    {
        push_field(caveats, LOCATION, third_party.location)?;
    }
    push_field(caveats, IDENTIFIER, caveat.id)?;
    if let Some(third_party) = &caveat.third_party {
        push_field(caveats, VERIFICATION_ID, third_party.verification_id)?;
    }
    caveats.push(END_OF_SECTION);
    Ok(())
}

/// Writes the first-party caveat `name=value` after those that stand in `caveats`.
pub(super) fn push_condition(caveats: &mut Vec<u8>, name: &[u8], value: &[u8]) -> Result<(), TooLarge> {
    let len = name.len() + 1 + value.len();
    caveats.reserve(1 + 5 + len + 1);
    push_head(caveats, IDENTIFIER, len)?;
    caveats.extend_from_slice(name);
    caveats.push(b'=');
    caveats.extend_from_slice(value);
    caveats.push(END_OF_SECTION);
    Ok(())
}

/// Puts a caveat and the new signature in the place of the old signature.
pub(super) fn append_caveat(
    bytes: &mut Vec<u8>,
    caveat: &Caveat<'_>,
    signature: &[u8; 32],
) -> Result<(), TooLarge> {
    bytes.truncate(bytes.len() - TAIL_LEN);
    push_caveat(bytes, caveat)?;
    push_tail(bytes, signature);
    Ok(())
}

fn push_tail(bytes: &mut Vec<u8>, signature: &[u8; 32]) {
    bytes.extend_from_slice(&[END_OF_SECTION, SIGNATURE, 32]);
    bytes.extend_from_slice(signature);
}

fn push_field(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) -> Result<(), TooLarge> {
    push_head(bytes, tag, value.len())?;
    bytes.extend_from_slice(value);
    Ok(())
}

/// Writes what stands before the value of a field: its tag and its length.
fn push_head(bytes: &mut Vec<u8>, tag: u8, mut len: usize) -> Result<(), TooLarge> {
    if len > MAX_LEN {
        return Err(TooLarge);
    }
    bytes.push(tag);
    while len >= 0x80 {
        bytes.push((len & 0x7f) as u8 | 0x80);
        len >>= 7;
    }
    bytes.push(len as u8);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn varints_are_read_only_in_their_shortest_form() {
        assert_eq!(varint(&[0]), Ok((0, &[][..])));
        assert_eq!(varint(&[0x7f, 9]), Ok((127, &[9][..])));
        assert_eq!(varint(&[0x80, 1]), Ok((128, &[][..])));
        assert_eq!(varint(&[0xff, 0xff, 0xff, 0xff, 0x07]), Ok((MAX_LEN, &[][..])));
        assert_eq!(varint(&[0x80, 0]), Err(MacaroonDecodeError::Length));
        assert_eq!(varint(&[0xff, 0xff, 0xff, 0xff, 0x08]), Err(MacaroonDecodeError::Length));
        assert_eq!(varint(&[0x80; 9]), Err(MacaroonDecodeError::Length));
        assert_eq!(varint(&[0x80]), Err(MacaroonDecodeError::Truncated));
        assert_eq!(varint(&[]), Err(MacaroonDecodeError::Truncated));
    }

    #[test]
    fn varint_lengths_are_those_that_are_written() {
        for value in [0, 1, 127, 128, 16_383, 16_384, MAX_LEN] {
            let mut bytes = Vec::new();
            let mut rest = value;
            while rest >= 0x80 {
                bytes.push((rest & 0x7f) as u8 | 0x80);
                rest >>= 7;
            }
            bytes.push(rest as u8);
            assert_eq!(varint_len(value), bytes.len(), "{value}");
            assert_eq!(varint(&bytes), Ok((value, &[][..])));
        }
    }
}
