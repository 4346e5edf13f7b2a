//! What the tests share: one sale to look at from all sides, and encoders of their own to check ours against.

#![allow(dead_code, reason = "every test file uses its part")]

pub(crate) mod invoices;
pub(crate) mod packing;
pub(crate) mod records;

use hmac::{Hmac, KeyInit, Mac};
use l402_core::header::{CredentialError, CredentialRef};
use l402_core::{
    Identifier, Limits, Macaroon, MasterKey, MintRequest, Msat, Preimage, RequestContext, RootKey, TokenId,
    UnixTime, Unverified, Uses, mint,
};
use sha2::Sha256;

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);
pub(crate) const EXPIRES_AT: UnixTime = UnixTime::from_secs(1_900_003_600);
pub(crate) const PRICE: Msat = Msat::from_sat(10);

pub(crate) fn master() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}

pub(crate) fn preimage() -> Preimage {
    Preimage::from_bytes([0xab; 32])
}

pub(crate) fn preimage_hex() -> String {
    "ab".repeat(32)
}

/// What is bought: `GET /report`.
pub(crate) fn request() -> RequestContext<'static> {
    RequestContext::new("GET", "/report", NOW)
}

pub(crate) fn identifier() -> Identifier {
    identifier_of(&preimage(), [3; 32])
}

pub(crate) fn identifier_of(preimage: &Preimage, entropy: [u8; 32]) -> Identifier {
    let token_id = TokenId::sealing(master().id(), entropy);
    Identifier { payment_hash: preimage.payment_hash(), token_id }
}

pub(crate) fn key() -> RootKey {
    master().root_key(&identifier().token_id)
}

/// The token as a server sells it: once, within the hour.
pub(crate) fn token() -> Macaroon {
    let terms = MintRequest::new(identifier(), &request(), PRICE).with_uses(Uses::ONCE);
    mint(&terms.with_expiry(EXPIRES_AT), &key()).unwrap()
}

/// A token of ours with these caveats and no others.
pub(crate) fn token_with<C: AsRef<[u8]>>(caveats: impl IntoIterator<Item = C>) -> Macaroon {
    attenuate(Macaroon::new(&key(), &identifier().to_bytes(), b"lsat").unwrap(), caveats)
}

pub(crate) fn attenuate<C: AsRef<[u8]>>(
    macaroon: Macaroon,
    caveats: impl IntoIterator<Item = C>,
) -> Macaroon {
    caveats.into_iter().fold(macaroon, |macaroon, caveat| macaroon.attenuate(caveat.as_ref()).unwrap())
}

/// Everything that a value of `Authorization` holds, or the error at which reading stops.
pub(crate) fn read<T>(value: &[u8], look: impl FnOnce(&[Unverified<'_>]) -> T) -> Result<T, CredentialError> {
    let limits = Limits::default();
    let found = CredentialRef::parse_all(value, &limits).collect::<Result<Vec<_>, _>>()?;
    let mut buffers = vec![Vec::new(); found.len()];
    let decoded: Vec<Unverified<'_>> = found
        .iter()
        .zip(&mut buffers)
        .map(|(credential, buffer)| credential.decode_into(buffer, &limits))
        .collect::<Result<_, _>>()?;
    Ok(look(&decoded))
}

/// How many credentials a value of `Authorization` holds.
pub(crate) fn count(value: &[u8]) -> Result<usize, CredentialError> {
    read(value, |found| found.len())
}

/// The four dialects of base64: standard and URL alphabet, with padding and without.
pub(crate) fn base64_dialects(bytes: &[u8]) -> [String; 4] {
    [
        base64_simd::STANDARD.encode_to_string(bytes),
        base64_simd::STANDARD_NO_PAD.encode_to_string(bytes),
        base64_simd::URL_SAFE.encode_to_string(bytes),
        base64_simd::URL_SAFE_NO_PAD.encode_to_string(bytes),
    ]
}

/// Decodes base64 in the alphabet it is written in, padded or not.
pub(crate) fn base64(text: &str) -> Vec<u8> {
    let text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    base64_simd::STANDARD_NO_PAD.decode_to_vec(text).unwrap()
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    hex_simd::decode_to_vec(text).unwrap()
}

pub(crate) fn to_hex(bytes: &[u8]) -> String {
    hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower)
}

/// HMAC-SHA256 by another library than the one under test.
pub(crate) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// A macaroon in the V2 format, written field by field: whatever is given is written, sense or no sense.
#[derive(Clone, Default)]
pub(crate) struct RawMacaroon(Vec<u8>);

impl RawMacaroon {
    pub(crate) fn v2() -> Self {
        Self(vec![2])
    }

    pub(crate) fn field(mut self, tag: u8, value: &[u8]) -> Self {
        self.0.push(tag);
        let mut len = value.len();
        while len >= 0x80 {
            self.0.push(len as u8 | 0x80);
            len >>= 7;
        }
        self.0.push(len as u8);
        self.0.extend_from_slice(value);
        self
    }

    pub(crate) fn end(self) -> Self {
        self.bytes(&[0])
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    pub(crate) fn build(self) -> Vec<u8> {
        self.0
    }
}

pub(crate) const LOCATION: u8 = 1;
pub(crate) const IDENTIFIER: u8 = 2;
pub(crate) const VERIFICATION_ID: u8 = 4;
pub(crate) const SIGNATURE: u8 = 6;
