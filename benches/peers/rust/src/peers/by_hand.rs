//! What one writes without a library for macaroons: HMAC of the usual crates, over a V2 macaroon read field by field.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::{Form, Peer, is_satisfied, locked, split};

const KEY_GENERATOR: &[u8] = b"macaroons-key-generator";
const VERIFIES: &[&str] = &["preimage", "HMAC chain", "caveats"];

pub(super) fn rustcrypto<'a>(key: [u8; 32], now: u64) -> Peer<'a> {
    let hmac = |key: &[u8], data: &[u8]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("a key of any length");
        mac.update(data);
        mac.finalize().into_bytes().into()
    };
    let sha256 = |data: &[u8]| Sha256::digest(data).into();
    Peer {
        name: "hmac + sha2",
        language: "Rust",
        version: format!("{}, {}", locked("hmac"), locked("sha2")),
        verifies: VERIFIES,
        form: Form::V2,
        verify: Box::new(move |header| verify(header, &key, now, hmac, sha256).is_some()),
    }
}

pub(super) fn ring<'a>(key: [u8; 32], now: u64) -> Peer<'a> {
    let hmac = |key: &[u8], data: &[u8]| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
        ring::hmac::sign(&key, data).as_ref().try_into().expect("32 bytes")
    };
    let sha256 = |data: &[u8]| {
        ring::digest::digest(&ring::digest::SHA256, data).as_ref().try_into().expect("32 bytes")
    };
    Peer {
        name: "ring",
        language: "Rust",
        version: locked("ring"),
        verifies: VERIFIES,
        form: Form::V2,
        verify: Box::new(move |header| verify(header, &key, now, hmac, sha256).is_some()),
    }
}

fn verify(
    header: &str,
    key: &[u8],
    now: u64,
    hmac: impl Fn(&[u8], &[u8]) -> [u8; 32],
    sha256: impl Fn(&[u8]) -> [u8; 32],
) -> Option<()> {
    let (macaroon, preimage) = split(header)?;
    let bytes = base64_simd::STANDARD.decode_to_vec(macaroon).ok()?;
    let mut fields = Fields(bytes.strip_prefix(&[2])?);
    let identifier = match fields.next()? {
        (LOCATION, _) => fields.expect(IDENTIFIER)?,
        (IDENTIFIER, identifier) => identifier,
        _ => return None,
    };
    fields.expect(END)?;
    if identifier.get(2..34)? != sha256(&preimage) {
        return None;
    }
    let mut signature = hmac(&hmac(KEY_GENERATOR, key), identifier);
    loop {
        match fields.next()? {
            (END, _) => break,
            (IDENTIFIER, caveat) if is_satisfied(caveat, now) => signature = hmac(&signature, caveat),
            _ => return None,
        }
        fields.expect(END)?;
    }
    let expected = fields.expect(SIGNATURE)?;
    let difference = expected.iter().zip(signature).fold(0, |bits, (left, right)| bits | (left ^ right));
    (expected.len() == 32 && difference == 0 && fields.0.is_empty()).then_some(())
}

/// The fields of a V2 macaroon: a type, and what follows but for the end of a section a length and as many bytes.
struct Fields<'a>(&'a [u8]);

const END: u8 = 0;
const LOCATION: u8 = 1;
const IDENTIFIER: u8 = 2;
const SIGNATURE: u8 = 6;

impl<'a> Fields<'a> {
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let kind = self.byte()?;
        if kind == END {
            return Some((END, &[]));
        }
        let mut length = 0;
        for shift in (0..28).step_by(7) {
            let byte = self.byte()?;
            length |= usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                let (value, rest) = self.0.split_at_checked(length)?;
                self.0 = rest;
                return Some((kind, value));
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    fn expect(&mut self, kind: u8) -> Option<&'a [u8]> {
        self.next().and_then(|(found, value)| (found == kind).then_some(value))
    }
}
