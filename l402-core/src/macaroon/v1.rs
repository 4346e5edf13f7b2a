//! The V1 packet format, read as go-macaroon, libmacaroons and pymacaroons write it.
//!
//! ```text
//! [location] identifier { cid [vid [cl]] }* signature
//! packet = 4 lower-case hex digits: length of the whole packet | key | space | value | newline
//! ```
//!
//! It is only ever read: what is read becomes a V2 macaroon with the same signature, which covers values, not
//! their packing.

use alloc::vec::Vec;

use super::v2::{self, caveat_of};
use super::{Macaroon, MacaroonDecodeError};
use crate::limits::Limits;

/// Whether this may be the first byte of the format.
pub(super) const fn starts_with(byte: u8) -> bool {
    hex_digit(byte).is_some()
}

pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Macaroon, MacaroonDecodeError> {
    let mut rest = bytes;
    let mut packet = next_packet(&mut rest)?;

    let mut location: &[u8] = &[]; // as it is when a writer has none, and some write the packet all the same
    if packet.is(b"location") {
        location = packet.value;
        packet = next_packet(&mut rest)?;
    }
    if location.len() > limits.location_bytes {
        return Err(MacaroonDecodeError::LocationTooLong);
    }
    let identifier = packet.value_of(b"identifier")?;
    if identifier.len() > limits.identifier_bytes {
        return Err(MacaroonDecodeError::IdentifierTooLong);
    }

    packet = next_packet(&mut rest)?;
    let mut caveats = Vec::new();
    let mut count = 0;
    while packet.is(b"cid") {
        count += 1;
        if count > limits.caveats {
            return Err(MacaroonDecodeError::TooManyCaveats);
        }
        let id = packet.value;
        packet = next_packet(&mut rest)?;
        let verification_id = optional(&mut packet, b"vid", &mut rest)?;
        if verification_id.is_some_and(<[u8]>::is_empty) {
            return Err(MacaroonDecodeError::EmptyField);
        }
        let location = optional(&mut packet, b"cl", &mut rest)?;
        let caveat = caveat_of(id, verification_id, location, limits.caveat_bytes)?;
        v2::push_caveat(&mut caveats, &caveat).map_err(|_| MacaroonDecodeError::Length)?;
    }

    let signature = packet.value_of(b"signature")?;
    let signature = signature.try_into().map_err(|_| MacaroonDecodeError::SignatureLength)?;
    if !rest.is_empty() {
        return Err(MacaroonDecodeError::TrailingBytes);
    }
    v2::encode(location, identifier, &caveats, signature).map_err(|_| MacaroonDecodeError::Length)
}

/// The value of `packet` if it has this key, after which the next packet takes its place.
fn optional<'a>(
    packet: &mut Packet<'a>,
    key: &[u8],
    rest: &mut &'a [u8],
) -> Result<Option<&'a [u8]>, MacaroonDecodeError> {
    if !packet.is(key) {
        return Ok(None);
    }
    let value = packet.value;
    *packet = next_packet(rest)?;
    Ok(Some(value))
}

struct Packet<'a> {
    key: &'a [u8],
    value: &'a [u8],
}

impl<'a> Packet<'a> {
    fn is(&self, key: &[u8]) -> bool {
        self.key == key
    }

    fn value_of(&self, key: &[u8]) -> Result<&'a [u8], MacaroonDecodeError> {
        if self.is(key) { Ok(self.value) } else { Err(MacaroonDecodeError::UnexpectedField) }
    }
}

/// The longest key is `identifier`. Looking no further for the space keeps packets without one cheap.
const MAX_KEY_LEN: usize = 10;

fn next_packet<'a>(rest: &mut &'a [u8]) -> Result<Packet<'a>, MacaroonDecodeError> {
    let (digits, _) = rest.split_first_chunk::<4>().ok_or(MacaroonDecodeError::Truncated)?;
    let len = digits
        .iter()
        .try_fold(0, |len, digit| Some(len << 4 | hex_digit(*digit)?))
        .ok_or(MacaroonDecodeError::Length)?;
    let (packet, after) = rest.split_at_checked(len).ok_or(MacaroonDecodeError::Truncated)?;

    let body = packet.get(digits.len()..).ok_or(MacaroonDecodeError::Length)?;
    let [line @ .., b'\n'] = body else {
        return Err(MacaroonDecodeError::Packet);
    };
    let space = line.iter().take(MAX_KEY_LEN + 1).position(|byte| *byte == b' ');
    let space = space.ok_or(MacaroonDecodeError::Packet)?;
    *rest = after;
    Ok(Packet { key: &line[..space], value: &line[space + 1..] })
}

const fn hex_digit(digit: u8) -> Option<usize> {
    match digit {
        b'0'..=b'9' => Some((digit - b'0') as usize),
        b'a'..=b'f' => Some((digit - b'a') as usize + 10),
        _ => None,
    }
}
