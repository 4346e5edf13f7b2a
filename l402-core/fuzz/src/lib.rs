//! What the fuzz targets share: one sale, and writers of every format that are not those under test.

#[path = "../../tests/common/packing.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod packing;
pub mod plain_invoice;

use l402_core::header::{CredentialError, CredentialRef};
use l402_core::{
    Identifier, Limits, Macaroon, MacaroonFormat, MacaroonRef, MasterKey, Preimage, RootKey, TokenId,
    UnixTime, Unverified,
};
use packing::V1Style;

pub const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);

pub fn preimage() -> Preimage {
    Preimage::from_bytes([0xab; 32])
}

pub fn master() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}

pub fn identifier() -> Identifier {
    let token_id = TokenId::sealing(master().id(), [3; 32]);
    Identifier { payment_hash: preimage().payment_hash(), token_id }
}

pub fn key() -> RootKey {
    master().root_key(&identifier().token_id)
}

/// A token of ours without caveats.
pub fn bare_token() -> Macaroon {
    Macaroon::new(&key(), &identifier().to_bytes(), b"lsat").unwrap()
}

/// Everything that a value of `Authorization` holds, or the error at which reading stops.
pub fn read<T>(
    value: &[u8],
    limits: &Limits,
    look: impl FnOnce(&[Unverified<'_>]) -> T,
) -> Result<T, CredentialError> {
    let found = CredentialRef::parse_all(value, limits).collect::<Result<Vec<_>, _>>()?;
    let mut buffers = vec![Vec::new(); found.len()];
    let decoded: Vec<Unverified<'_>> = found
        .iter()
        .zip(&mut buffers)
        .map(|(credential, buffer)| credential.decode_into(buffer, limits))
        .collect::<Result<_, _>>()?;
    Ok(look(&decoded))
}

/// A V1 packet, its length put right.
pub fn packet(key: &str, value: &[u8]) -> Vec<u8> {
    packing::packet(key, value)
}

/// The V1 format in the four ways that differ in which empty locations are written.
pub fn to_v1(macaroon: &MacaroonRef<'_>) -> [Vec<u8>; 4] {
    [(true, true), (true, false), (false, true), (false, false)].map(|(of_macaroon, of_caveats)| {
        let style = V1Style { writes_empty_location: of_macaroon, writes_empty_caveat_location: of_caveats };
        packing::to_v1(macaroon, style)
    })
}

/// V2-JSON, each field as text where it is UTF-8.
pub fn to_json(macaroon: &MacaroonRef<'_>) -> String {
    packing::to_json(macaroon)
}

/// The V2 format from what the accessors say.
pub fn to_v2(macaroon: &MacaroonRef<'_>) -> Vec<u8> {
    let mut bytes = vec![2];
    push_unless_empty(&mut bytes, 1, macaroon.location());
    push(&mut bytes, 2, macaroon.identifier());
    bytes.push(0);
    for caveat in macaroon.caveats() {
        let third_party = caveat.third_party();
        push_unless_empty(&mut bytes, 1, third_party.map_or(&[], |party| party.location()));
        push(&mut bytes, 2, caveat.id());
        push_unless_empty(&mut bytes, 4, third_party.map_or(&[], |party| party.verification_id()));
        bytes.push(0);
    }
    bytes.push(0);
    push(&mut bytes, 6, macaroon.signature());
    bytes
}

fn push_unless_empty(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) {
    if !value.is_empty() {
        push(bytes, tag, value);
    }
}

fn push(bytes: &mut Vec<u8>, tag: u8, value: &[u8]) {
    bytes.push(tag);
    let mut len = value.len();
    while len >= 0x80 {
        bytes.push(len as u8 | 0x80);
        len >>= 7;
    }
    bytes.push(len as u8);
    bytes.extend_from_slice(value);
}

/// Whether two macaroons are the same in all that can be seen of them.
pub fn assert_same(one: &MacaroonRef<'_>, other: &MacaroonRef<'_>) {
    assert_eq!(one.as_bytes(), other.as_bytes());
    assert_eq!(one.location(), other.location());
    assert_eq!(one.identifier(), other.identifier());
    assert_eq!(one.signature(), other.signature());
    assert!(one.caveats().eq(other.caveats()));
}

pub fn assert_within(macaroon: &MacaroonRef<'_>, limits: &Limits) {
    assert!(macaroon.location().len() <= limits.location_bytes);
    assert!(macaroon.identifier().len() <= limits.identifier_bytes);
    assert!(macaroon.caveats().count() <= limits.caveats);
    for caveat in macaroon.caveats() {
        assert!(caveat.id().len() <= limits.caveat_bytes);
        let Some(party) = caveat.third_party() else { continue };
        assert!(party.location().len() <= limits.caveat_bytes);
        assert!(party.verification_id().len() <= limits.caveat_bytes);
        assert!(!party.verification_id().is_empty());
    }
}

/// What holds for every macaroon that was accepted, in whatever format it came.
pub fn check_macaroon(macaroon: &Macaroon) {
    let view = macaroon.as_macaroon_ref();
    assert_eq!(view.as_bytes(), macaroon.as_bytes());
    assert_eq!(to_v2(&view), macaroon.as_bytes(), "there is one way to write a macaroon");
    assert_same(&view.to_owned().as_macaroon_ref(), &view);
    let again = MacaroonRef::decode(macaroon.as_bytes(), &Limits::UNLIMITED).unwrap();
    assert_same(&again, &view);

    let text = macaroon.to_base64();
    assert_eq!(Macaroon::from_base64(&text, &Limits::UNLIMITED).as_ref(), Ok(macaroon));
    assert_eq!(Macaroon::from_text_any(&text, &Limits::UNLIMITED).unwrap().0, *macaroon);
    let v1 = to_v1(&view).map(|bytes| (MacaroonFormat::V1, bytes));
    let json = (MacaroonFormat::V2Json, to_json(&view).into_bytes());
    for (format, bytes) in v1.into_iter().chain([json]) {
        let (same, found) = Macaroon::decode_any(&bytes, &Limits::UNLIMITED).unwrap();
        assert_eq!(found, format);
        assert_same(&same.as_macaroon_ref(), &view);
    }

    let longer = macaroon.clone().attenuate(b"one=more").unwrap();
    let longer = longer.as_macaroon_ref();
    assert_eq!(to_v2(&longer), longer.as_bytes());
    assert_eq!(longer.caveats().count(), view.caveats().count() + 1);
    assert!(view.caveats().eq(longer.caveats().take(view.caveats().count())));
    assert_ne!(longer.signature(), view.signature());
}
