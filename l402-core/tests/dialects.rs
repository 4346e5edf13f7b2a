//! Identifiers, credentials and challenges as others than the specification write them.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use common::{key, preimage, preimage_hex, request, to_hex, token, token_with};
use l402_core::header::{
    Challenge, ChallengeRef, CredentialError, CredentialRef, MacaroonParam, Quoting, Scheme,
};
use l402_core::{
    Grant, Identifier, IdentifierDialect, IdentifierError, Limits, Macaroon, MacaroonDecodeError, Rejection,
    UnknownCaveats,
};
use proptest::prelude::*;

#[test]
fn every_identifier_in_the_field_is_told_apart() {
    let identifier = common::identifier();
    let bytes = identifier.to_bytes();
    let hash = identifier.payment_hash;
    let cases = [
        (bytes.to_vec(), IdentifierDialect::Standard(identifier)),
        (to_hex(&bytes).into_bytes(), IdentifierDialect::HexText(identifier)),
        (to_hex(&bytes).to_uppercase().into_bytes(), IdentifierDialect::HexText(identifier)),
        (hash.as_bytes().to_vec(), IdentifierDialect::BareHash(hash)),
    ];
    for (bytes, dialect) in cases {
        assert_eq!(Identifier::decode_any(&bytes), Ok(dialect));
        assert_eq!(dialect.payment_hash(), hash);
        let token_id = (!matches!(dialect, IdentifierDialect::BareHash(_))).then_some(identifier.token_id);
        assert_eq!(dialect.token_id(), token_id);
        // The strict reader takes the first only.
        let strict = Identifier::decode(&bytes);
        assert_eq!(strict.ok(), matches!(dialect, IdentifierDialect::Standard(_)).then_some(identifier));
    }
}

#[test]
fn other_identifiers_have_exact_errors() {
    let bytes = common::identifier().to_bytes();
    let hex = to_hex(&bytes);
    let cases = [
        (vec![], IdentifierError::Length),
        (bytes[..65].to_vec(), IdentifierError::Length),
        ([&bytes[..], &[0]].concat(), IdentifierError::Length),
        (vec![0; 31], IdentifierError::Length),
        (vec![0; 33], IdentifierError::Length),
        (vec![0; 231], IdentifierError::Length),
        (hex.as_bytes()[..131].to_vec(), IdentifierError::Length),
        ([hex.as_bytes(), b"0"].concat(), IdentifierError::Length),
        (hex.as_bytes()[..64].to_vec(), IdentifierError::Length), // a hash in hex, which nobody writes
        ([&[0, 1], &bytes[2..]].concat(), IdentifierError::Version),
        ([b"0001", &hex.as_bytes()[4..]].concat(), IdentifierError::Version),
        ([b"0x00", &hex.as_bytes()[4..]].concat(), IdentifierError::Hex),
        ([&hex.as_bytes()[..131], b"g"].concat(), IdentifierError::Hex),
        (vec![0; 132], IdentifierError::Hex),
    ];
    for (bytes, error) in cases {
        assert_eq!(Identifier::decode_any(&bytes), Err(error), "{}", String::from_utf8_lossy(&bytes));
    }
}

/// The paid token as a client of the reference sends it.
fn paid() -> Macaroon {
    token().attenuate(format!("preimage={}", preimage_hex()).as_bytes()).unwrap()
}

fn open(field: &[u8]) -> Result<Result<Grant, Rejection>, CredentialError> {
    let limits = Limits::default();
    let mut buffer = vec![1, 2, 3];
    let credential = CredentialRef::from_macaroon_field(field, &limits)?;
    let unverified = credential.decode_into(&mut buffer, &limits)?;
    Ok(unverified
        .authenticate(&[key()])
        .and_then(|authentic| authentic.prove_payment())
        .and_then(|paid| paid.permit(&request(), UnknownCaveats::Refuse)))
}

#[test]
fn a_macaroon_in_a_field_of_its_own_pays() {
    let hex = to_hex(paid().as_bytes());
    let grant = open(hex.as_bytes()).unwrap().unwrap();
    assert_eq!(grant.payment_hash, preimage().payment_hash());
    for value in [hex.to_uppercase(), format!(" {hex}\t")] {
        assert_eq!(open(value.as_bytes()), Ok(Ok(grant)), "{value}");
    }
    // It is the same credential as the one of the other field.
    let limits = Limits::default();
    let header = format!("L402 {}", paid().to_base64());
    let (mut one, mut other) = (Vec::new(), Vec::new());
    let in_header = CredentialRef::parse_all(header.as_bytes(), &limits).next().unwrap().unwrap();
    let in_field = CredentialRef::from_macaroon_field(hex.as_bytes(), &limits).unwrap();
    assert_eq!(in_field.scheme(), Scheme::L402);
    let in_header = in_header.decode_into(&mut one, &limits).unwrap();
    assert!(in_field.decode_into(&mut other, &limits).unwrap().is_same_as(&in_header));
}

/// Vector 2: the reference's own test of this field. It is no L402 token: its identifier is four letters.
#[test]
fn the_field_of_the_reference_test_is_read() {
    let field = b"0201086170657274757265020441413d3d000249707265696d6167653d3439333439646665613461626564336364313466366433\
                  353661666138336465393738376236303966303838633864663039626163633762346264323162333900000620a329f0d7149a\
                  d54162e7448d868825e9a508d4de95fb86d5d0060002493ca6b5";
    assert_eq!(open(field), Err(CredentialError::Identifier(IdentifierError::Length)));
}

#[test]
fn the_last_preimage_counts_and_every_one_must_fit() {
    let fits = format!("preimage={}", preimage_hex());
    let other = format!("preimage={}", "00".repeat(32));
    for (caveats, expected) in [
        (vec![], Err(Rejection::MissingPreimage)),
        (vec![&fits], Ok(())),
        (vec![&fits, &fits], Ok(())),
        (vec![&fits, &other], Err(Rejection::WrongPreimage)),
        (vec![&other, &fits], Err(Rejection::WrongPreimage)),
        (vec![&other], Err(Rejection::WrongPreimage)),
    ] {
        let hex = to_hex(token_with(&caveats).as_bytes());
        assert_eq!(open(hex.as_bytes()).unwrap().map(|_| ()), expected, "{caveats:?}");
    }
}

#[test]
fn fields_that_are_no_macaroon_have_exact_errors() {
    let hex = to_hex(paid().as_bytes());
    for (value, error) in [
        (String::new(), CredentialError::MissingMacaroon),
        (" \t".into(), CredentialError::MissingMacaroon),
        (hex[1..].into(), CredentialError::Hex),
        (format!("0x{hex}"), CredentialError::Hex),
        (format!("{hex},{hex}"), CredentialError::Hex),
        (format!("{hex}:{}", preimage_hex()), CredentialError::Hex),
        (format!("\"{hex}\""), CredentialError::Hex),
        (paid().to_base64(), CredentialError::Hex),
        (format!("L402 {}", paid().to_base64()), CredentialError::Hex),
        ("é".into(), CredentialError::Hex),
        ("00".into(), CredentialError::Macaroon(MacaroonDecodeError::Version)),
        (hex[..hex.len() - 2].into(), CredentialError::Macaroon(MacaroonDecodeError::Truncated)),
        (format!("{hex}00"), CredentialError::Macaroon(MacaroonDecodeError::TrailingBytes)),
        ("0".repeat(8 * 1024 + 1), CredentialError::TooLong),
    ] {
        assert_eq!(open(value.as_bytes()), Err(error), "{value}");
        // Whether it is hex is known before anything is decoded.
        let at_once = CredentialRef::from_macaroon_field(value.as_bytes(), &Limits::default()).err();
        assert_eq!(at_once, (!matches!(error, CredentialError::Macaroon(_))).then_some(error), "{value}");
    }
    assert_eq!(CredentialError::Hex.code(), "malformed_credential");
}

#[test]
fn a_field_prints_nothing_of_itself() {
    let hex = to_hex(paid().as_bytes());
    let credential = CredentialRef::from_macaroon_field(hex.as_bytes(), &Limits::default()).unwrap();
    assert_eq!(format!("{credential:?}"), "CredentialRef(L402 [redacted])");
}

#[test]
fn the_pair_of_the_reference_is_written_exactly() {
    let macaroon = token();
    let text = macaroon.to_base64();
    let values = Challenge::new(macaroon, "lnbcrt1invoice".into()).unwrap().to_aperture_header_values();
    assert_eq!(
        values,
        [
            format!("LSAT macaroon=\"{text}\", invoice=\"lnbcrt1invoice\""),
            format!("L402 macaroon=\"{text}\", invoice=\"lnbcrt1invoice\""),
        ]
    );
    for (value, scheme) in values.iter().zip([Scheme::Lsat, Scheme::L402]) {
        let read = ChallengeRef::parse_all(value.as_bytes(), &Limits::default()).next().unwrap().unwrap();
        assert_eq!((read.scheme, read.macaroon, read.invoice), (scheme, &text[..], "lnbcrt1invoice"));
    }
    // As a proxy may join them.
    let joined = values.join(", ");
    assert_eq!(ChallengeRef::parse_all(joined.as_bytes(), &Limits::default()).count(), 2);
}

#[test]
fn the_way_a_challenge_is_written_is_told() {
    use MacaroonParam::{Both, Macaroon, Token};
    use Quoting::{Bare, Mixed, Quoted};
    for (value, macaroon_param, quoting) in [
        (r#"LSAT macaroon="M", invoice="I""#, Macaroon, Quoted),
        (r#"L402 version="0", token="M", invoice="I""#, Token, Quoted),
        (r#"L402 macaroon="M", invoice="I", version="0", token="M""#, Both, Quoted),
        (r#"L402 token="M", invoice="I", macaroon="M""#, Both, Quoted),
        ("L402 macaroon=M, invoice=I", Macaroon, Bare),
        ("l402 invoice=I token=M", Token, Bare),
        (r#"L402 macaroon="M", invoice=I"#, Macaroon, Mixed),
        (r#"L402 macaroon=M, invoice = "I""#, Macaroon, Mixed),
        (r#"L402 macaroon=M, invoice=I, version="0", token="M""#, Both, Bare),
    ] {
        let challenge =
            ChallengeRef::parse_all(value.as_bytes(), &Limits::default()).next().unwrap().unwrap();
        assert_eq!((challenge.macaroon, challenge.invoice), ("M", "I"), "{value}");
        assert_eq!(challenge.dialect.macaroon_param, macaroon_param, "{value}");
        assert_eq!(challenge.dialect.quoting, quoting, "{value}");
    }
    let ours = Challenge::new(token(), "lnbcrt1".into()).unwrap().to_header_value();
    let ours = ChallengeRef::parse_all(ours.as_bytes(), &Limits::default()).next().unwrap().unwrap();
    assert_eq!((ours.dialect.macaroon_param, ours.dialect.quoting), (Both, Quoted));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Whatever is in the field, it is a macaroon exactly when its bytes are one in `Authorization`.
    #[test]
    fn the_field_takes_what_the_header_takes(
        caveats in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 0..4),
        flip in proptest::option::of((any::<proptest::sample::Index>(), any::<u8>())),
    ) {
        let mut bytes = token_with(&caveats).as_bytes().to_vec();
        if let Some((at, byte)) = flip {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        let limits = Limits::default();
        let header = format!("L402 {}", base64_simd::STANDARD.encode_to_string(&bytes));
        let hex = to_hex(&bytes);
        let (mut one, mut other) = (Vec::new(), Vec::new());
        let in_header = CredentialRef::parse_all(header.as_bytes(), &limits).next().unwrap().unwrap();
        let in_field = CredentialRef::from_macaroon_field(hex.as_bytes(), &limits).unwrap();
        match (in_header.decode_into(&mut one, &limits), in_field.decode_into(&mut other, &limits)) {
            (Ok(one), Ok(other)) => prop_assert!(one.is_same_as(&other)),
            (one, other) => prop_assert_eq!(one.map(|_| ()), other.map(|_| ())),
        }
    }
}
