//! What must hold for every input, and not only for those that somebody thought of.
//!
//! Invoices have their properties in `bolt11.rs`, since they need a feature.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use std::time::{Duration, Instant};

use common::{
    IDENTIFIER, LOCATION, NOW, RawMacaroon, SIGNATURE, VERIFICATION_ID, attenuate, base64_dialects,
    identifier, key, preimage, preimage_hex, read, request, token, token_with,
};
use l402_core::header::{Challenge, ChallengeRef, CredentialRef, Scheme, credential_header_value};
use l402_core::{
    Grant, Identifier, Limits, Macaroon, MacaroonRef, PaymentHash, Preimage, Rejection, RequestContext,
    RootKey, TokenId, UnixTime, UnknownCaveats, Uses,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Reads bytes as everything that comes from outside. That is all there is to it: it must come back.
fn read_as_everything(bytes: &[u8]) {
    for limits in [Limits::default(), Limits::UNLIMITED] {
        for challenge in ChallengeRef::parse_all(bytes, &limits).flatten() {
            assert!(!challenge.macaroon.is_empty() && !challenge.invoice.is_empty());
        }
        let mut buffer = Vec::new();
        for credential in CredentialRef::parse_all(bytes, &limits).flatten() {
            if let Ok(unverified) = credential.decode_into(&mut buffer, &limits) {
                let tokens = unverified.token_ids().count();
                assert!((1..=4).contains(&tokens));
                let _ = unverified.authenticate(&vec![key(); tokens]);
            }
        }
        if let Ok(macaroon) = MacaroonRef::decode(bytes, &limits) {
            assert_eq!(encode(&macaroon), bytes, "there is one way to write a macaroon");
            assert_eq!(macaroon.to_owned().as_bytes(), bytes);
        }
        if let Ok(identifier) = Identifier::decode(bytes) {
            assert_eq!(identifier.to_bytes()[..], *bytes);
        }
    }
}

/// Writes what the accessors say, with the encoder of the tests.
fn encode(macaroon: &MacaroonRef<'_>) -> Vec<u8> {
    let optional =
        |raw: RawMacaroon, tag, value: &[u8]| if value.is_empty() { raw } else { raw.field(tag, value) };
    let mut raw = optional(RawMacaroon::v2(), LOCATION, macaroon.location())
        .field(IDENTIFIER, macaroon.identifier())
        .end();
    for caveat in macaroon.caveats() {
        let (location, verification_id) = caveat
            .third_party()
            .map_or_else(Default::default, |party| (party.location(), party.verification_id()));
        raw = optional(raw, LOCATION, location).field(IDENTIFIER, caveat.id());
        raw = optional(raw, VERIFICATION_ID, verification_id).end();
    }
    raw.end().field(SIGNATURE, macaroon.signature()).build()
}

/// One of everything valid, to be damaged.
fn valid_inputs() -> Vec<Vec<u8>> {
    let text = token().to_base64();
    let preimage = preimage_hex();
    let third_party = RawMacaroon::v2()
        .field(LOCATION, b"lsat")
        .field(IDENTIFIER, &identifier().to_bytes())
        .end()
        .field(LOCATION, b"l")
        .field(IDENTIFIER, b"c")
        .field(VERIFICATION_ID, b"v")
        .end()
        .end()
        .field(SIGNATURE, &[7; 32])
        .build();
    vec![
        Challenge::new(token(), "lnbc1".to_owned()).unwrap().to_header_value().into_bytes(),
        format!(r#"Digest qop="a, \"b\"", LSAT token={text} invoice=lnbc1, Negotiate a=="#).into_bytes(),
        credential_header_value(Scheme::L402, &text, &common::preimage()).into_bytes(),
        format!("LSAT {text}, {text}:{preimage}, L402 {text}:{preimage}, Bearer z").into_bytes(),
        format!(r#"L402 x="a\"b:c", macaroon="{text}", preimage="{preimage}""#).into_bytes(),
        token().as_bytes().to_vec(),
        third_party,
        identifier().to_bytes().to_vec(),
    ]
}

#[derive(Clone, Debug)]
enum Edit {
    Replace(Index, u8),
    Insert(Index, Vec<u8>),
    Remove(Index, usize),
    Repeat(Index, Index),
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let at = |index: &Index, len: usize| index.index(len + 1);
        match self {
            Self::Replace(index, byte) => {
                let at = at(index, bytes.len());
                if let Some(old) = bytes.get_mut(at) {
                    *old = *byte;
                }
            }
            Self::Insert(index, new) => {
                let at = at(index, bytes.len());
                bytes.splice(at..at, new.iter().copied());
            }
            Self::Remove(index, count) => {
                let at = at(index, bytes.len());
                bytes.drain(at..(at + count).min(bytes.len()));
            }
            Self::Repeat(from, to) => {
                let (from, to) = (at(from, bytes.len()), at(to, bytes.len()));
                bytes.extend_from_within(from.min(to)..from.max(to));
            }
        }
    }
}

fn edit() -> impl Strategy<Value = Edit> {
    let telling = select(b" \t,:=\"\\/+-_.;LT42\0\x01\x02\x04\x06\x7f\x80\xff\r\n".to_vec());
    let byte = prop_oneof![telling, any::<u8>()].boxed();
    prop_oneof![
        (any::<Index>(), byte.clone()).prop_map(|(at, byte)| Edit::Replace(at, byte)),
        (any::<Index>(), vec(byte, 1..8)).prop_map(|(at, bytes)| Edit::Insert(at, bytes)),
        (any::<Index>(), 1..20_usize).prop_map(|(at, count)| Edit::Remove(at, count)),
        (any::<Index>(), any::<Index>()).prop_map(|(from, to)| Edit::Repeat(from, to)),
    ]
}

/// Pieces of headers in no order.
fn header_like() -> impl Strategy<Value = Vec<u8>> {
    let piece = select(vec![
        "L402", "LSAT", "l402", "Bearer", " ", "  ", "\t", ",", ", ", ":", "=", "==", "\"", "\\", "\\\"",
        "macaroon", "token", "invoice", "preimage", "version", "AgEE", "lnbc1", "0", "\0", "é", "/", "+",
        "-", "_",
    ]);
    vec(piece, 0..40).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_bytes_panic(bytes in vec(any::<u8>(), 0..400)) {
        read_as_everything(&bytes);
        read_as_everything(&[&[2][..], &bytes].concat());
        read_as_everything(&[b"L402 ", &bytes[..]].concat());
    }

    #[test]
    fn no_header_panics(bytes in header_like()) {
        read_as_everything(&bytes);
    }

    #[test]
    fn no_damaged_input_panics(which in 0..8_usize, edits in vec(edit(), 1..6)) {
        let mut bytes = valid_inputs().swap_remove(which);
        edits.iter().for_each(|edit| edit.apply(&mut bytes));
        read_as_everything(&bytes);
    }

    /// A credential that stands alone has a short way through the parser. Behind another scheme it has not.
    #[test]
    fn the_short_way_reads_what_the_long_way_reads(
        damaged in vec(edit(), 0..4),
        arbitrary in prop::option::of(header_like()),
        space in select(vec![" ", "  ", "\t"]),
    ) {
        let body = arbitrary.unwrap_or_else(|| {
            let mut body = format!("{}:{}", token().to_base64(), preimage_hex()).into_bytes();
            damaged.iter().for_each(|edit| edit.apply(&mut body));
            body
        });
        let alone = [b"L402", space.as_bytes(), &body].concat();
        let behind = [b"Bearer z, ", &alone[..]].concat();
        let outcome = read(&alone, |alone| {
            read(&behind, |behind| {
                assert_eq!(alone.len(), behind.len());
                assert!(alone.iter().zip(behind).all(|(one, other)| one.is_same_as(other)));
            })
        });
        match outcome {
            Ok(behind) => prop_assert_eq!(behind, Ok(())),
            Err(error) => prop_assert_eq!(read(&behind, |_| ()), Err(error)),
        }
    }

    #[test]
    fn a_minted_macaroon_is_read_back(
        secret in vec(any::<u8>(), 1..100),
        identifier in vec(any::<u8>(), 0..300),
        location in vec(any::<u8>(), 0..300),
        caveats in vec(vec(any::<u8>(), 0..300), 0..6),
    ) {
        let key = RootKey::new(&secret).unwrap();
        let minted = attenuate(Macaroon::new(&key, &identifier, &location).unwrap(), &caveats);
        let read = MacaroonRef::decode(minted.as_bytes(), &Limits::UNLIMITED).unwrap();
        prop_assert_eq!(read.identifier(), identifier);
        prop_assert_eq!(read.location(), location);
        let read_caveats: Vec<_> = read.caveats().map(|caveat| caveat.id().to_vec()).collect();
        prop_assert_eq!(read_caveats, caveats);
        prop_assert!(read.is_signed_by(&key));
        prop_assert_eq!(read.to_owned(), minted);
    }

    #[test]
    fn a_truncated_macaroon_is_an_error(
        identifier in vec(any::<u8>(), 0..200),
        location in vec(any::<u8>(), 0..200),
        caveats in vec(vec(any::<u8>(), 0..200), 0..6),
    ) {
        let minted = attenuate(Macaroon::new(&key(), &identifier, &location).unwrap(), &caveats);
        for len in 0..minted.as_bytes().len() {
            prop_assert!(MacaroonRef::decode(&minted.as_bytes()[..len], &Limits::UNLIMITED).is_err());
        }
    }

    #[test]
    fn an_identifier_is_read_back(hash in any::<[u8; 32]>(), token in any::<[u8; 32]>()) {
        let identifier =
            Identifier { payment_hash: PaymentHash::from_bytes(hash), token_id: TokenId::from_bytes(token) };
        prop_assert_eq!(Identifier::decode(&identifier.to_bytes()), Ok(identifier));
    }

    #[test]
    fn a_challenge_is_read_back(invoice in "[0-9A-Za-z]{1,400}", caveat in vec(any::<u8>(), 0..200)) {
        let macaroon = attenuate(token(), [caveat]);
        let value = Challenge::new(macaroon.clone(), invoice.clone()).unwrap().to_header_value();
        let found: Vec<_> = ChallengeRef::parse_all(value.as_bytes(), &Limits::default()).collect();
        prop_assert_eq!(found.len(), 1);
        let found = found[0].unwrap();
        prop_assert_eq!((found.macaroon, found.invoice), (&macaroon.to_base64()[..], &invoice[..]));
    }

    #[test]
    fn a_credential_is_read_back(secret in any::<[u8; 32]>(), caveat in vec(any::<u8>(), 0..200)) {
        let preimage = Preimage::from_bytes(secret);
        let identifier = common::identifier_of(&preimage, [1; 32]);
        let root_key = common::master().root_key(&identifier.token_id);
        let macaroon = Macaroon::new(&root_key, &identifier.to_bytes(), b"lsat").unwrap();
        let macaroon = attenuate(macaroon, [caveat]);
        for text in base64_dialects(macaroon.as_bytes()) {
            let paid = read(credential_header_value(Scheme::L402, &text, &preimage).as_bytes(), |found| {
                let authentic = found[0].clone().authenticate(std::slice::from_ref(&root_key));
                found.len() == 1 && authentic.and_then(|authentic| authentic.prove_payment()).is_ok()
            });
            prop_assert_eq!(paid, Ok(true));
        }
    }
}

/// Caveats that often hold, often do not, and sometimes make no sense.
fn caveat() -> impl Strategy<Value = Vec<u8>> {
    let now = NOW.as_secs();
    let number = prop_oneof![
        4 => (1..5_u64).prop_map(|number| number.to_string()),
        4 => (now - 1..now + 4).prop_map(|number| number.to_string()),
        1 => any::<u64>().prop_map(|number| number.to_string()),
        1 => "[ +0-9-]{0,22}",
    ];
    let numeric = (select(vec!["amount", "uses", "expires_at"]), number);
    let known = select(vec![
        "path=/report".to_owned(),
        "path=/items/{id}".to_owned(),
        "route=/items/{id}".to_owned(),
        "path=/other".to_owned(),
        "method=GET".to_owned(),
        "method=POST".to_owned(),
        format!("preimage={}", preimage_hex()),
        format!("preimage={}", preimage_hex().to_uppercase()),
        format!("preimage={}", "00".repeat(32)),
        "preimage=".to_owned(),
        "services=x:0".to_owned(),
        "path".to_owned(),
    ]);
    prop_oneof![
        6 => numeric.prop_map(|(name, number)| format!("{name}={number}").into_bytes()),
        4 => known.prop_map(String::into_bytes),
        1 => (select(vec!["path=", "uses=", "preimage=", "amount="]), vec(any::<u8>(), 0..8))
            .prop_map(|(name, value)| [name.as_bytes(), &value].concat()),
        1 => vec(any::<u8>(), 0..80),
    ]
}

#[derive(Clone, Copy, Debug)]
struct Situation {
    unknown: UnknownCaveats,
    now: UnixTime,
    route: Option<&'static str>,
}

fn situation() -> impl Strategy<Value = Situation> {
    let unknown = select(vec![UnknownCaveats::Skip, UnknownCaveats::Refuse]);
    let now = NOW.as_secs();
    let route = select(vec![None, Some("/items/{id}"), Some("/report")]);
    (unknown, 0..3_u64, route).prop_map(move |(unknown, later, route)| Situation {
        unknown,
        now: UnixTime::from_secs(now + later),
        route,
    })
}

fn verify(value: &str, tokens: usize, situation: Situation) -> Result<Grant, Rejection> {
    let mut context = RequestContext::new("GET", "/report", situation.now);
    if let Some(route) = situation.route {
        context = context.with_route(route);
    }
    read(value.as_bytes(), |found| {
        let keys = vec![key(); tokens];
        found[0].clone().authenticate(&keys)?.prove_payment()?.permit(&context, situation.unknown)
    })
    .unwrap()
}

/// That `after` allows nothing that `before` did not.
fn assert_narrower(before: Result<Grant, Rejection>, after: Result<Grant, Rejection>) {
    let Ok(after) = after else { return };
    let before =
        before.unwrap_or_else(|rejection| panic!("one more caveat turned {rejection:?} into a grant"));
    assert_eq!((after.payment_hash, after.token_id), (before.payment_hash, before.token_id));
    let most = |grant: &Grant| {
        let uses = match grant.uses {
            Uses::Limited(uses) => u64::from(uses.get()),
            Uses::Unlimited => u64::MAX,
        };
        (grant.amount.map_or(u128::MAX, |amount| amount.as_msat().into()), uses, grant.expires_at)
    };
    let (before, after) = (most(&before), most(&after));
    assert!(after.0 <= before.0 && after.1 <= before.1 && after.2 <= before.2, "{after:?} from {before:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Attack A6: nobody gains anything by adding something.
    #[test]
    fn one_more_caveat_never_allows_more(
        caveats in vec(caveat(), 0..4),
        extra in caveat(),
        situation in situation(),
    ) {
        let before = token_with(&caveats);
        let after = attenuate(before.clone(), [&extra]);
        let value = |macaroon: &Macaroon| format!("L402 {}:{}", macaroon.to_base64(), preimage_hex());
        assert_narrower(verify(&value(&before), 1, situation), verify(&value(&after), 1, situation));
    }

    /// The same where the preimage is itself a caveat. It is the one thing that makes more of a token: a paid one.
    #[test]
    fn one_more_caveat_never_allows_more_of_a_token_with_its_preimage(
        caveats in vec(caveat(), 0..3),
        extra in caveat(),
        situation in situation(),
    ) {
        let paid = format!("preimage={}", preimage_hex()).into_bytes();
        let before = token_with([vec![paid], caveats].concat());
        let after = attenuate(before.clone(), [&extra]);
        let value = |macaroon: &Macaroon| format!("L402 {}", macaroon.to_base64());
        assert_narrower(verify(&value(&before), 1, situation), verify(&value(&after), 1, situation));
    }

    /// The same for one token of a list.
    #[test]
    fn one_more_caveat_never_allows_more_of_a_list(
        caveats in [vec(caveat(), 0..3), vec(caveat(), 0..3)],
        extra in caveat(),
        which in 0..2_usize,
        situation in situation(),
    ) {
        let before = caveats.map(token_with);
        let mut after = before.clone();
        after[which] = attenuate(after[which].clone(), [&extra]);
        let value = |[one, other]: &[Macaroon; 2]| {
            format!("L402 {},{}:{}", one.to_base64(), other.to_base64(), preimage_hex())
        };
        assert_narrower(verify(&value(&before), 2, situation), verify(&value(&after), 2, situation));
    }

    /// One more token in the list is one more set of conditions, too.
    #[test]
    fn one_more_token_never_allows_more(
        caveats in [vec(caveat(), 0..3), vec(caveat(), 0..3)],
        situation in situation(),
    ) {
        let [one, other] = caveats.map(token_with).map(|macaroon| macaroon.to_base64());
        let alone = format!("L402 {one}:{}", preimage_hex());
        let both = format!("L402 {one},{other}:{}", preimage_hex());
        assert_narrower(verify(&alone, 1, situation), verify(&both, 2, situation));
    }

    /// Whatever is done to the bytes of a token, if it still passes, then as what it was. (The location is free.)
    #[test]
    fn no_damage_makes_another_token(edits in vec(edit(), 1..4)) {
        let token = token();
        let mut bytes = token.as_bytes().to_vec();
        edits.iter().for_each(|edit| edit.apply(&mut bytes));
        let text = base64_simd::STANDARD.encode_to_string(&bytes);
        let grant = read(format!("L402 {text}:{}", preimage_hex()).as_bytes(), |found| {
            found[0].clone().authenticate(&[key()])?.prove_payment()?.permit(&request(), UnknownCaveats::Skip)
        });
        if let Ok(Ok(_)) = grant {
            let damaged = MacaroonRef::decode(&bytes, &Limits::default()).unwrap();
            let damaged: Vec<_> = damaged.caveats().map(|caveat| caveat.id().to_vec()).collect();
            let original: Vec<_> = token.as_macaroon_ref().caveats().map(|caveat| caveat.id().to_vec()).collect();
            prop_assert_eq!(damaged, original);
        }
    }
}

/// A quarter of a megabyte of what a parser may trip over. It takes a few hundredths of a second, and would take
/// minutes if one part of it were read again for every other part.
#[test]
fn the_time_to_read_grows_with_the_length_and_no_faster() {
    const LEN: usize = 1 << 18;
    const ENOUGH: Duration = Duration::from_secs(20);
    let patterns = [
        "L402 ",
        "L402,",
        "L402 x:y, ",
        "L402 x, ",
        "LSAT a=b, ",
        ",",
        ", ",
        " ",
        "\t",
        "=",
        "a=",
        "a= ",
        "\"",
        "\\",
        "\\\"",
        "\"a\", ",
        "a ",
        "a b, ",
        "Bearer x, ",
        "x=\"\\\", ",
        "L402 \"",
        ":",
        "A,",
        "A =",
        "a, b c",
    ];
    for pattern in patterns {
        for prefix in ["", "L402 ", "L402 macaroon=\"", "Bearer ", "Bearer \"", "L402 x:"] {
            let mut bytes = prefix.as_bytes().to_vec();
            bytes.extend(pattern.bytes().cycle().take(LEN));
            let start = Instant::now();
            let limits = Limits::UNLIMITED;
            let _ = ChallengeRef::parse_all(&bytes, &limits).count();
            let mut buffer = Vec::new();
            for credential in CredentialRef::parse_all(&bytes, &limits).flatten() {
                let _ = credential.decode_into(&mut buffer, &limits);
            }
            assert!(start.elapsed() < ENOUGH, "{prefix:?} {pattern:?}");
        }
    }
}

/// A token as long as the limits allow, with as many caveats as they allow.
#[test]
fn the_largest_token_is_read_and_a_larger_one_is_not() {
    let limits = Limits::default();
    let fits = |caveats: usize, len: usize| {
        let macaroon = token_with((0..caveats).map(|_| vec![b'x'; len]));
        let value = credential_header_value(Scheme::L402, &macaroon.to_base64(), &preimage());
        let short_enough = value.len() <= limits.header_bytes;
        let granted = read(value.as_bytes(), |found| found[0].clone().authenticate(&[key()]).is_ok());
        assert_eq!(granted.is_ok(), short_enough && caveats <= limits.caveats && len <= limits.caveat_bytes);
        granted.is_ok()
    };
    assert!(fits(64, 80));
    assert!(!fits(65, 80));
    assert!(!fits(64, 100));
    assert!(fits(5, 1024));
    assert!(!fits(5, 1025));
    assert!(!fits(6, 1024));
}
