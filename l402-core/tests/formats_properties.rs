//! What holds for every macaroon in every format: it is what `libmacaroon` takes it for, and nothing else is one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

mod common;

use common::packing::{V1Style, all_formats, to_v1};
use common::{base64_dialects, to_hex};
use l402_core::header::CredentialRef;
use l402_core::{Identifier, Limits, Macaroon, MacaroonFormat, MacaroonRef, RootKey, ThirdParty};
use libmacaroon::{Caveat, Format, MacaroonKey, Verifier};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// A macaroon for either library to mint.
#[derive(Clone, Debug)]
struct Plan {
    key: Vec<u8>,
    location: Option<String>,
    identifier: Vec<u8>,
    caveats: Vec<PlannedCaveat>,
}

#[derive(Clone, Debug)]
enum PlannedCaveat {
    FirstParty(Vec<u8>),
    ThirdParty { location: String, key: Vec<u8>, id: Vec<u8> },
}

fn plan() -> impl Strategy<Value = Plan> {
    let text = "[ -~é\u{1}\n]{1,40}";
    let bytes = |most| prop_oneof![vec(any::<u8>(), 1..most), text.prop_map(String::into_bytes)];
    let caveat = prop_oneof![
        4 => bytes(200).prop_map(PlannedCaveat::FirstParty),
        1 => (text, bytes(40), bytes(80))
            .prop_map(|(location, key, id)| PlannedCaveat::ThirdParty { location, key, id }),
    ];
    let key = vec(any::<u8>(), 1..80);
    (key, proptest::option::of(text), bytes(100), vec(caveat, 0..6))
        .prop_map(|(key, location, identifier, caveats)| Plan { key, location, identifier, caveats })
}

/// The macaroon as the other library mints it, and the discharges of its third-party caveats.
fn mint_elsewhere(plan: &Plan) -> (libmacaroon::Macaroon, Vec<libmacaroon::Macaroon>) {
    let key = MacaroonKey::generate(&plan.key);
    let mut macaroon =
        libmacaroon::Macaroon::create(plan.location.as_deref(), &key, &plan.identifier).unwrap();
    let mut discharges = Vec::new();
    for (index, caveat) in plan.caveats.iter().enumerate() {
        match caveat {
            PlannedCaveat::FirstParty(condition) => macaroon.add_first_party_caveat(condition).unwrap(),
            PlannedCaveat::ThirdParty { location, key, id } => {
                let key = MacaroonKey::generate(key);
                let id = [&[u8::try_from(index).unwrap()], &id[..]].concat(); // no two the same
                discharges.push(libmacaroon::Macaroon::create(None, &key, &id).unwrap());
                macaroon.add_third_party_caveat(location, &key, &id).unwrap()
            }
        };
    }
    for discharge in &mut discharges {
        macaroon.bind(discharge);
    }
    (macaroon, discharges)
}

/// That both libraries see the same in a macaroon.
fn assert_same(ours: &MacaroonRef<'_>, theirs: &libmacaroon::Macaroon) {
    let signature: &[u8; 32] = theirs.signature().as_ref();
    assert_eq!(ours.signature(), signature);
    assert_eq!(ours.identifier(), theirs.identifier());
    assert_eq!(ours.location(), theirs.location().unwrap_or_default().as_bytes());
    assert_eq!(ours.caveats().count(), theirs.caveats().len());
    for (ours, theirs) in ours.caveats().zip(theirs.caveats()) {
        match theirs {
            Caveat::FirstParty(theirs) => {
                assert_eq!((ours.id(), ours.third_party()), (theirs.predicate(), None))
            }
            Caveat::ThirdParty(theirs) => {
                assert_eq!(ours.id(), theirs.id());
                let third_party = ours.third_party().unwrap();
                assert_eq!(third_party.verification_id(), theirs.verifier_id());
                assert_eq!(third_party.location(), theirs.location().as_bytes());
            }
        }
    }
}

const FORMATS: [(fn() -> Format, MacaroonFormat); 3] = [
    (|| Format::V2, MacaroonFormat::V2),
    (|| Format::V1, MacaroonFormat::V1),
    (|| Format::V2JSON, MacaroonFormat::V2Json),
];

fn other_key(key: &[u8], differs: bool) -> Vec<u8> {
    if differs { [key, b"!"].concat() } else { key.to_vec() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    /// What the other library mints and writes, we read, in all formats, as the very same V2 bytes, and give the
    /// same verdict for the right key and for a wrong one.
    #[test]
    fn macaroons_of_another_library_are_the_same_here(plan in plan(), wrong_key in any::<bool>()) {
        let (theirs, discharges) = mint_elsewhere(&plan);
        let v2 = common::base64(&theirs.serialize(Format::V2).unwrap());
        let key = other_key(&plan.key, wrong_key);
        let mut verifier = Verifier::default();
        verifier.satisfy_general(|_| true);
        let verdict = verifier.verify(&theirs, &MacaroonKey::generate(&key), &discharges).is_ok();
        prop_assert_eq!(verdict, !wrong_key);

        for (format, expected) in FORMATS {
            let text = theirs.serialize(format()).unwrap();
            let (ours, format, _) = Macaroon::from_text_any(&text, &Limits::default()).unwrap();
            prop_assert_eq!(format, expected);
            prop_assert_eq!(ours.as_bytes(), &v2[..]);
            let view = ours.as_macaroon_ref();
            assert_same(&view, &theirs);
            prop_assert_eq!(view.is_signed_by(&RootKey::new(&key).unwrap()), verdict);
        }
    }

    /// The same the other way round, with our minting and the formats as go-macaroon writes them.
    #[test]
    fn macaroons_minted_here_are_the_same_elsewhere(plan in plan()) {
        let key = RootKey::new(&plan.key).unwrap();
        let location = plan.location.as_deref().unwrap_or_default();
        let minted = Macaroon::new(&key, &plan.identifier, location.as_bytes()).unwrap();
        let conditions = plan.caveats.iter().map(|caveat| match caveat {
            PlannedCaveat::FirstParty(condition) => condition,
            PlannedCaveat::ThirdParty { id, .. } => id,
        });
        let minted = common::attenuate(minted, conditions);
        for (name, bytes) in all_formats(&minted) {
            let theirs = match name {
                "V2-JSON" => match std::str::from_utf8(minted.as_macaroon_ref().signature()) {
                    Ok(_) => continue, // which they cannot read
                    Err(_) => libmacaroon::Macaroon::deserialize(&bytes).unwrap(),
                },
                _ => libmacaroon::Macaroon::deserialize_binary(&bytes).unwrap(),
            };
            assert_same(&minted.as_macaroon_ref(), &theirs);
            let mut verifier = Verifier::default();
            verifier.satisfy_general(|_| true);
            prop_assert!(verifier.verify(&theirs, &MacaroonKey::generate(&plan.key), &[]).is_ok());
            let (ours, _) = Macaroon::decode_any(&bytes, &Limits::default()).unwrap();
            prop_assert_eq!(ours, minted.clone());
        }
    }
}

/// A macaroon, some of its bytes changed, in some format.
#[derive(Clone, Debug)]
struct Damage {
    edits: Vec<Edit>,
}

#[derive(Clone, Debug)]
enum Edit {
    Set(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, Index, Index),
}

impl Damage {
    fn apply(&self, bytes: &mut Vec<u8>) {
        for edit in &self.edits {
            match edit {
                _ if bytes.is_empty() => {}
                Edit::Set(at, byte) => {
                    let at = at.index(bytes.len());
                    bytes[at] = *byte;
                }
                Edit::Insert(at, inserted) => {
                    let at = at.index(bytes.len() + 1);
                    bytes.splice(at..at, inserted.iter().copied());
                }
                Edit::Remove(at, len) => {
                    let at = at.index(bytes.len());
                    bytes.drain(at..bytes.len().min(at + len));
                }
                Edit::Repeat(from, to, at) => {
                    let (from, to) = (from.index(bytes.len()), to.index(bytes.len()));
                    let part = bytes[from.min(to)..from.max(to)].to_vec();
                    let at = at.index(bytes.len() + 1);
                    bytes.splice(at..at, part);
                }
            }
        }
    }
}

/// Bytes and pieces that mean something in one of the formats.
fn damage() -> impl Strategy<Value = Damage> {
    let pieces = select(vec![
        &b"0009cid \n"[..],
        b"0006 \n",
        b"000acid a\n",
        b"0009vid v\n",
        b"0007cl \n",
        b"000elocation \n",
        b"{",
        b"}",
        b"[",
        b"]",
        b",",
        b":",
        b"\"",
        b"\\",
        b" ",
        b"\n",
        b"null",
        b"\"i\":\"\",",
        b"{\"i\":\"\"},",
        b"\"i64\":\"AAAA\",",
        b"\"v\":2,",
        b"\"x\":[{}],",
        b"\\u0041",
        b"\\ud83d",
        b"\x02\x00\x00",
        b"\x00",
        b"\xff",
    ]);
    let byte =
        prop_oneof![any::<u8>(), select(b"0123456789abcdef{}[]\",:\\ \n\x00\x01\x02\x04\x06".to_vec())];
    let edit = prop_oneof![
        3 => (any::<Index>(), byte).prop_map(|(at, byte)| Edit::Set(at, byte)),
        3 => (any::<Index>(), pieces).prop_map(|(at, piece)| Edit::Insert(at, piece.to_vec())),
        1 => (any::<Index>(), 1..12_usize).prop_map(|(at, len)| Edit::Remove(at, len)),
        1 => (any::<Index>(), any::<Index>(), any::<Index>()).prop_map(|(a, b, c)| Edit::Repeat(a, b, c)),
    ];
    vec(edit, 1..4).prop_map(|edits| Damage { edits })
}

/// Gives `bytes` to every reader there is. What is a macaroon must be one in every text, and with nothing after it.
fn read_as_everything(bytes: &[u8]) -> Option<(Macaroon, MacaroonFormat)> {
    let limits = Limits::UNLIMITED;
    let _ = Identifier::decode_any(bytes);
    let mut buffer = Vec::new();
    for value in [bytes, to_hex(bytes).as_bytes()] {
        if let Ok(credential) = CredentialRef::from_macaroon_field(value, &limits) {
            let _ = credential.decode_into(&mut buffer, &limits);
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let _ = Macaroon::from_text_any(text, &limits);
    }
    let read = Macaroon::decode_any(bytes, &limits);
    for text in base64_dialects(bytes).iter().chain([&to_hex(bytes)]) {
        let again = Macaroon::from_text_any(text, &limits).map(|(macaroon, format, _)| (macaroon, format));
        // The base64 of what is no macaroon may be hex digits, and is then read as hex: to something else.
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(again == read || (read.is_err() && is_hex), "{again:?} {read:?}");
    }
    let (macaroon, format) = read.ok()?;
    assert_eq!(MacaroonRef::decode(macaroon.as_bytes(), &limits).unwrap().to_owned(), macaroon);
    for byte in [0, b'\n', b' ', b'0', b'}', 0xff] {
        assert!(Macaroon::decode_any(&[bytes, &[byte]].concat(), &limits).is_err());
    }
    assert!(Macaroon::decode_any(&[bytes, bytes].concat(), &limits).is_err());
    Some((macaroon, format))
}

/// The few ways in which one macaroon may stand in V1.
fn v1_packings(macaroon: &Macaroon) -> impl Iterator<Item = Vec<u8>> + '_ {
    [(true, true), (true, false), (false, true), (false, false)].into_iter().map(|(one, other)| {
        let style = V1Style { writes_empty_location: one, writes_empty_caveat_location: other };
        to_v1(&macaroon.as_macaroon_ref(), style)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn no_bytes_panic(
        start in select(vec![&b""[..], b"\x02", b"0012identifier id\n", b"0", b"{", b"{\"i\":\"", b"{\"c\":["]),
        bytes in vec(any::<u8>(), 0..200),
    ) {
        read_as_everything(&[start, &bytes[..]].concat());
    }

    #[test]
    fn no_packets_panic(bytes in r#"(00[0-2][0-9a-f](cid|vid|cl|location|identifier|signature) [a-z ]{0,32}\n){0,6}"#) {
        read_as_everything(bytes.as_bytes());
    }

    #[test]
    fn no_json_panics(text in r#"\{("(i|i64|c|v|v64|l|l64|s|s64|x)":("[a-zA-Z0-9_]{0,43}"|\[\{"i":"a"\}\]|2|null|\{\}),?){0,7}\}"#) {
        read_as_everything(text.as_bytes());
    }

    /// Damage is noticed, or makes a macaroon that other readers see in the same way. V1 has one form for what was
    /// read, up to empty packets.
    #[test]
    fn a_damaged_macaroon_is_none_or_the_same_elsewhere(plan in plan(), which in 0..3_usize, damage in damage()) {
        let (theirs, _) = mint_elsewhere(&plan);
        let text = theirs.serialize(FORMATS[which].0()).unwrap();
        let mut bytes = if text.starts_with('{') { text.into_bytes() } else { common::base64(&text) };
        damage.apply(&mut bytes);
        let Some((ours, format)) = read_as_everything(&bytes) else { return Ok(()) };
        let theirs = match format {
            MacaroonFormat::V2Json => libmacaroon::Macaroon::deserialize(&bytes),
            _ => libmacaroon::Macaroon::deserialize_binary(&bytes),
        };
        let view = ours.as_macaroon_ref();
        match theirs {
            Ok(theirs) => assert_same(&view, &theirs),
            // They refuse what we allow: keys that nobody knows and empty values in JSON, locations in any encoding,
            // third-party caveats without one.
            Err(error) => {
                let is_theirs = |party: ThirdParty<'_>| {
                    !party.location().is_empty() && std::str::from_utf8(party.location()).is_ok()
                };
                let excused = format == MacaroonFormat::V2Json
                    || view.identifier().is_empty()
                    || std::str::from_utf8(view.location()).is_err()
                    || !view.caveats().filter_map(|caveat| caveat.third_party()).all(is_theirs);
                prop_assert!(excused, "{error}");
            }
        }
        if format == MacaroonFormat::V1 {
            prop_assert!(v1_packings(&ours).any(|packing| packing == bytes));
        }
    }
}
