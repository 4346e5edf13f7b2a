//! Every macaroon of `vectors/macaroon-v2.json`, which go-macaroon made and three other libraries checked.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use common::records::{Record, records};
use common::{RawMacaroon, base64, hex};
use l402_core::{Limits, Macaroon, MacaroonDecodeError, MacaroonRef, RootKey, ThirdParty};

/// A caveat as the record has it: its id, and what makes it one for a third party.
type ExpectedCaveat = (Vec<u8>, Option<(Vec<u8>, Vec<u8>)>);

impl Record {
    fn caveats(&self) -> Vec<ExpectedCaveat> {
        let mut caveats: Vec<_> = self.caveats_hex.iter().map(|caveat| (hex(caveat), None)).collect();
        for caveat in &self.third_party_caveats {
            let third_party = (hex(&caveat.vid_hex), caveat.location.clone().into_bytes());
            caveats.insert(caveat.position, (hex(&caveat.caveat_id_hex), Some(third_party)));
        }
        caveats
    }
}

fn decode(bytes: &[u8]) -> MacaroonRef<'_> {
    MacaroonRef::decode(bytes, &Limits::UNLIMITED).unwrap()
}

fn caveats_of(macaroon: &MacaroonRef<'_>) -> Vec<ExpectedCaveat> {
    let third_party = |party: ThirdParty<'_>| (party.verification_id().to_vec(), party.location().to_vec());
    macaroon.caveats().map(|caveat| (caveat.id().to_vec(), caveat.third_party().map(third_party))).collect()
}

#[test]
fn both_base64_forms_decode_to_the_recorded_fields() {
    for record in records() {
        let name = &record.name;
        let bytes = record.bytes();
        assert_eq!(bytes, base64(&record.v2_base64std), "{name}");

        let macaroon = decode(&bytes);
        assert_eq!(macaroon.as_bytes(), bytes, "{name}");
        assert_eq!(macaroon.location(), record.location.as_bytes(), "{name}");
        assert_eq!(macaroon.identifier(), hex(&record.identifier_hex), "{name}");
        assert_eq!(macaroon.signature()[..], hex(&record.signature_hex), "{name}");
        assert_eq!(caveats_of(&macaroon), record.caveats(), "{name}");
    }
}

#[test]
fn every_dialect_of_base64_is_read_to_the_same_macaroon() {
    for record in records() {
        for text in common::base64_dialects(&record.bytes()) {
            let macaroon = Macaroon::from_base64(&text, &Limits::UNLIMITED).unwrap();
            assert_eq!(macaroon, decode(&record.bytes()).to_owned(), "{}", record.name);
        }
    }
}

#[test]
fn a_text_that_is_no_macaroon_has_an_exact_error() {
    let text = common::token().to_base64();
    let exact = Limits::default().with_header_bytes(text.len());
    assert!(Macaroon::from_base64(&text, &exact).is_ok());
    let cases = [
        (text.clone(), exact.with_header_bytes(text.len() - 1), MacaroonDecodeError::TextTooLong),
        (text.clone(), exact.with_caveats(1), MacaroonDecodeError::TooManyCaveats),
        (text.clone(), exact.with_caveat_bytes(3), MacaroonDecodeError::CaveatTooLong),
        (format!("{text} "), Limits::default(), MacaroonDecodeError::Base64),
        ("!".to_owned(), Limits::default(), MacaroonDecodeError::Base64),
        (String::new(), Limits::default(), MacaroonDecodeError::Empty),
        ("AA==".to_owned(), Limits::default(), MacaroonDecodeError::Version),
    ];
    for (text, limits, error) in cases {
        assert_eq!(Macaroon::from_base64(&text, &limits), Err(error), "{text}");
    }
}

#[test]
fn the_root_key_signs_and_no_other_does() {
    for record in records() {
        let Some(key) = record.key() else { continue };
        let bytes = record.bytes();
        assert!(decode(&bytes).is_signed_by(&key), "{}", record.name);

        let mut other_key = hex(&record.root_key_hex);
        other_key[0] ^= 1;
        assert!(!decode(&bytes).is_signed_by(&RootKey::new(&other_key).unwrap()), "{}", record.name);
    }
}

/// Every bit where there are few, and many hundred evenly spread ones in the two longest vectors.
#[test]
fn a_flipped_bit_of_anything_signed_breaks_the_signature() {
    const MOST: usize = 4096;
    for record in records() {
        let Some(key) = record.key() else { continue };
        let bytes = record.bytes();
        let macaroon = decode(&bytes);
        let mut signed = vec![macaroon.identifier(), macaroon.signature()];
        for caveat in macaroon.caveats() {
            signed.push(caveat.id());
            signed.extend(caveat.third_party().map(|party| party.verification_id()));
        }
        let positions: Vec<usize> = signed.iter().flat_map(|part| bit_positions_of(part, &bytes)).collect();
        // An odd step visits every bit of a byte in turn.
        let step = (positions.len() / MOST * 2).max(1) | 1;
        for position in positions.into_iter().step_by(step) {
            let flipped = flip(&bytes, position);
            assert!(!decode(&flipped).is_signed_by(&key), "{} bit {position}", record.name);
        }
    }
}

#[test]
fn locations_are_not_signed() {
    for record in records() {
        let Some(key) = record.key() else { continue };
        let bytes = record.bytes();
        let macaroon = decode(&bytes);
        let mut unsigned = vec![macaroon.location()];
        unsigned.extend(macaroon.caveats().filter_map(|caveat| Some(caveat.third_party()?.location())));
        for position in unsigned.iter().flat_map(|part| bit_positions_of(part, &bytes)) {
            assert!(decode(&flip(&bytes, position)).is_signed_by(&key), "{} bit {position}", record.name);
        }
    }
}

#[test]
fn owning_keeps_the_bytes_and_every_accessor() {
    for record in records() {
        let name = &record.name;
        let bytes = record.bytes();
        let borrowed = decode(&bytes);
        let owned = borrowed.to_owned();
        assert_eq!(owned.as_bytes(), bytes, "{name}");
        assert_eq!(owned.to_base64(), record.v2_base64std, "{name}");

        let viewed = owned.as_macaroon_ref();
        assert_eq!(viewed.as_bytes(), bytes, "{name}");
        assert_eq!(viewed.location(), borrowed.location(), "{name}");
        assert_eq!(viewed.identifier(), borrowed.identifier(), "{name}");
        assert_eq!(viewed.signature(), borrowed.signature(), "{name}");
        assert_eq!(caveats_of(&viewed), caveats_of(&borrowed), "{name}");
    }
}

#[test]
fn a_decoded_macaroon_can_be_lengthened() {
    for record in records() {
        let Some(key) = record.key() else { continue };
        let bytes = record.bytes();
        let longer = decode(&bytes).to_owned().attenuate(b"one = more").unwrap();
        let again = decode(longer.as_bytes());
        assert!(again.is_signed_by(&key), "{}", record.name);

        let mut caveats = record.caveats();
        caveats.push((b"one = more".to_vec(), None));
        assert_eq!(caveats_of(&again), caveats, "{}", record.name);
        assert_eq!(caveats_of(&longer.as_macaroon_ref()), caveats, "{}", record.name);
    }
}

#[test]
fn minting_the_same_again_gives_the_same_bytes() {
    let mut minted = 0;
    for record in records() {
        let Some(key) = record.key() else { continue };
        if !record.third_party_caveats.is_empty() {
            continue;
        }
        let mut macaroon =
            Macaroon::new(&key, &hex(&record.identifier_hex), record.location.as_bytes()).unwrap();
        for caveat in &record.caveats_hex {
            macaroon = macaroon.attenuate(&hex(caveat)).unwrap();
        }
        assert_eq!(macaroon.as_bytes(), record.bytes(), "{}", record.name);
        minted += 1;
    }
    assert_eq!(minted, 31, "all but the empty key and the two with third-party caveats");
}

/// Adding third-party caveats takes a feature, so the bytes come from the encoder of the tests.
#[test]
fn third_party_caveats_are_read_as_they_were_written() {
    let mut seen = 0;
    for record in records().iter().filter(|record| !record.third_party_caveats.is_empty()) {
        let mut raw = RawMacaroon::v2()
            .field(common::LOCATION, record.location.as_bytes())
            .field(common::IDENTIFIER, &hex(&record.identifier_hex))
            .end();
        for (id, third_party) in record.caveats() {
            raw = match third_party {
                None => raw.field(common::IDENTIFIER, &id),
                Some((verification_id, location)) => {
                    let raw = if location.is_empty() { raw } else { raw.field(common::LOCATION, &location) };
                    raw.field(common::IDENTIFIER, &id).field(common::VERIFICATION_ID, &verification_id)
                }
            };
            raw = raw.end();
        }
        let bytes = raw.end().field(common::SIGNATURE, &hex(&record.signature_hex)).build();
        assert_eq!(bytes, record.bytes(), "{}", record.name);
        assert!(decode(&bytes).is_signed_by(&record.key().unwrap()), "{}", record.name);
        seen += 1;
    }
    assert_eq!(seen, 2);
}

/// The discharges are bound to the macaroon that they discharge, so their signature is no longer that of their
/// key. They are read like any other macaroon.
#[test]
fn bound_discharges_decode() {
    for record in records() {
        for (discharge, caveat) in
            record.bound_discharges_v2_base64url.iter().zip(&record.third_party_caveats)
        {
            let bytes = base64(discharge);
            let macaroon = decode(&bytes);
            assert_eq!(macaroon.identifier(), hex(&caveat.caveat_id_hex), "{}", record.name);
            assert_eq!(macaroon.location(), caveat.location.as_bytes(), "{}", record.name);
            let key = RootKey::new(&hex(&caveat.caveat_root_key_hex)).unwrap();
            assert!(!macaroon.is_signed_by(&key), "{}", record.name);
        }
    }
}

/// Where the bits of `part`, a slice of `whole`, are in it. A part that is left out has none.
fn bit_positions_of(part: &[u8], whole: &[u8]) -> std::ops::Range<usize> {
    if part.is_empty() {
        return 0..0;
    }
    let start = part.as_ptr() as usize - whole.as_ptr() as usize;
    start * 8..(start + part.len()) * 8
}

fn flip(bytes: &[u8], bit: usize) -> Vec<u8> {
    let mut flipped = bytes.to_vec();
    flipped[bit / 8] ^= 1 << (bit % 8);
    flipped
}
