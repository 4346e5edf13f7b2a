//! `Authorization`, read in every form that deployed clients and proxies write.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use common::{
    attenuate, base64_dialects, count, identifier_of, key, preimage, preimage_hex, read, token, token_with,
};
use l402_core::header::{CredentialError, CredentialRef, Scheme, credential_header_value};
use l402_core::{
    IdentifierError, Limits, Macaroon, MacaroonDecodeError, PaymentHash, Preimage, Rejection, Unverified,
};

/// Asserts that a value holds exactly `count` credentials, each of which is the one of the test sale.
#[track_caller]
fn assert_is_the_credential(value: &[u8], count: usize) {
    let reference = credential_header_value(Scheme::L402, &token().to_base64(), &preimage());
    let shown = String::from_utf8_lossy(value);
    read(reference.as_bytes(), |reference| {
        let outcome = read(value, |found| {
            assert_eq!(found.len(), count, "{shown}");
            assert!(found.iter().all(|found| found.is_same_as(&reference[0])), "{shown}");
        });
        assert_eq!(outcome, Ok(()), "{shown}");
    })
    .unwrap();
}

#[track_caller]
fn assert_refused(value: impl AsRef<[u8]>, error: CredentialError) {
    let value = value.as_ref();
    let outcome = count(value);
    assert_eq!(outcome, Err(error), "{}", String::from_utf8_lossy(&value[..value.len().min(200)]));
}

/// Fills in the token as `$M` and the preimage as `$P`.
fn fill(form: &str) -> String {
    form.replace("$M", &token().to_base64()).replace("$P", &preimage_hex())
}

/// What a decoded credential says of itself, in the order of its macaroons.
fn token_ids(found: &[Unverified<'_>]) -> Vec<[u8; 32]> {
    found.iter().flat_map(|found| found.token_ids().map(|id| *id.as_bytes())).collect()
}

#[test]
fn the_output_is_exactly_one_form() {
    assert_eq!(
        credential_header_value(Scheme::L402, "AgEE==", &preimage()),
        format!("L402 AgEE==:{}", "ab".repeat(32))
    );
    assert_eq!(
        credential_header_value(Scheme::Lsat, "AgEE", &preimage()),
        format!("LSAT AgEE:{}", "ab".repeat(32))
    );
    for scheme in [Scheme::L402, Scheme::Lsat] {
        let value = credential_header_value(scheme, &token().to_base64(), &preimage());
        assert_is_the_credential(value.as_bytes(), 1);
    }
}

#[test]
fn every_form_in_the_field_is_read() {
    let forms = [
        "L402 $M:$P",
        "  L402 $M:$P  ",
        "L402    $M:$P",
        "L402\t$M:$P",
        "L402 \t $M:$P\t",
        "L402 $M : $P",
        "L402 \"$M:$P\"",
        "L402 macaroon=\"$M\", preimage=\"$P\"",
        "L402 preimage=\"$P\", macaroon=\"$M\"",
        "L402 token=\"$M\", preimage=\"$P\"",
        "L402 macaroon=\"$M\",preimage=\"$P\"",
        "L402 macaroon=\"$M\" preimage=\"$P\"",
        "L402 macaroon = \"$M\" , preimage = \"$P\"",
        "L402 macaroon=$M, preimage=$P",
        "L402 preimage=$P, macaroon=$M",
        "L402 MACAROON=\"$M\", Preimage=\"$P\"",
        "L402 version=\"0\", token=\"$M\", preimage=\"$P\", x=y",
        "L402 realm=\"a \\\"b\\\", L402 c\", macaroon=\"$M\", preimage=\"$P\"",
        "L402 macaroon=\"$M\", token=\"$M\", preimage=\"$P\", preimage=\"$P\"",
        // An unknown parameter may hold a colon, before or after those that matter.
        "L402 macaroon=\"$M\", preimage=\"$P\", origin=\"https://example.org\"",
        "L402 origin=\"https://example.org\", macaroon=\"$M\", preimage=\"$P\"",
    ];
    for form in forms {
        assert_is_the_credential(fill(form).as_bytes(), 1);
        for scheme in ["l402", "LSAT", "lsat", "LsAt"] {
            let value = fill(form).replacen("L402", scheme, 1);
            assert_is_the_credential(value.as_bytes(), 1);
        }
    }
}

#[test]
fn the_scheme_is_told_apart() {
    let scheme = |value: &str| {
        let value = fill(value);
        let found = CredentialRef::parse_all(value.as_bytes(), &Limits::default()).next();
        found.unwrap().unwrap().scheme()
    };
    assert_eq!(scheme("l402 $M:$P"), Scheme::L402);
    assert_eq!(scheme("lsat $M:$P"), Scheme::Lsat);
}

#[test]
fn all_dialects_of_base64_and_hex_are_the_same_credential() {
    // A caveat that ends the signature on characters that the two alphabets write differently.
    let macaroon = (0..1000_u32)
        .map(|n| attenuate(token(), [format!("n={n}")]))
        .find(|macaroon| {
            let text = macaroon.to_base64();
            text.contains('+') && text.contains('/') && text.ends_with('=')
        })
        .unwrap();
    let reference = credential_header_value(Scheme::L402, &macaroon.to_base64(), &preimage());
    read(reference.as_bytes(), |reference| {
        for text in base64_dialects(macaroon.as_bytes()) {
            for preimage in [preimage_hex(), preimage_hex().to_uppercase(), "aB".repeat(32)] {
                for form in ["L402 $M:$P", "L402 macaroon=\"$M\", preimage=$P"] {
                    let value = form.replace("$M", &text).replace("$P", &preimage);
                    let same = read(value.as_bytes(), |found| found[0].is_same_as(&reference[0]));
                    assert_eq!(same, Ok(true), "{value}");
                }
            }
        }
    })
    .unwrap();
}

#[test]
fn a_macaroon_may_carry_its_preimage_as_a_caveat() {
    let macaroon = attenuate(token(), [format!("preimage={}", preimage_hex())]).to_base64();
    let forms = ["L402 $M", "L402 \"$M\"", "L402 macaroon=\"$M\"", "LSAT token=$M"];
    for form in forms {
        let value = form.replace("$M", &macaroon);
        let paid = read(value.as_bytes(), |found| {
            found[0].clone().authenticate(&[key()]).and_then(|authentic| authentic.prove_payment()).is_ok()
        });
        assert_eq!(paid, Ok(true), "{value}");
    }
    // Without the caveat it is a credential, too, but not a paid one.
    let unpaid = read(fill("L402 $M").as_bytes(), |found| {
        found[0].clone().authenticate(&[key()]).unwrap().prove_payment().unwrap_err()
    });
    assert_eq!(unpaid, Ok(Rejection::MissingPreimage));
}

#[test]
fn a_comma_list_of_macaroons_is_one_credential() {
    let other = Macaroon::new(&key(), &identifier_of(&preimage(), [4; 32]).to_bytes(), b"").unwrap();
    let (one, other) = (token().to_base64(), other.to_base64());
    let expected =
        [*common::identifier().token_id.as_bytes(), *identifier_of(&preimage(), [4; 32]).token_id.as_bytes()];
    let forms = [
        "L402 $1,$2:$P",
        "L402 $1, $2:$P",
        "L402 $1 , $2 : $P",
        "L402 \"$1,$2:$P\"",
        "L402 macaroon=\"$1,$2\", preimage=\"$P\"",
        "L402 $1,$2",
    ];
    for form in forms {
        let value = form.replace("$1", &one).replace("$2", &other).replace("$P", &preimage_hex());
        assert_eq!(count(value.as_bytes()), Ok(1), "{form}");
        assert_eq!(read(value.as_bytes(), token_ids), Ok(expected.to_vec()), "{form}");
    }
    let four = format!("L402 {one},{one},{other},{other}:{}", preimage_hex());
    assert_eq!(read(four.as_bytes(), |found| token_ids(found).len()), Ok(4));
}

#[test]
fn joined_fields_give_every_credential() {
    let twins = [
        "LSAT $M:$P, L402 $M:$P",
        "L402 $M:$P,LSAT $M:$P",
        "L402 \"$M:$P\" , l402 \"$M:$P\"",
        "LSAT macaroon=\"$M\", preimage=\"$P\", L402 macaroon=\"$M\", preimage=\"$P\"",
        "L402 $M:$P, L402 token=$M, preimage=$P",
        "LSAT $M:$P, Bearer z, L402 $M:$P",
    ];
    for value in twins {
        assert_is_the_credential(fill(value).as_bytes(), 2);
    }
    let others = [
        "Bearer z",
        "Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln",
        "Basic dXNlcjpwYXNz",
        r#"Digest username="Mufasa", realm="a, L402 b:c", uri="/x?y=z:1", qop=auth, response="00""#,
        r#"Digest username="a\", L402 x:y", realm="b""#,
        "AWS4-HMAC-SHA256 Credential=AKIA/20130524/s3, SignedHeaders=host;range, Signature=fe5f",
        "Negotiate YII==",
    ];
    for other in others {
        assert_is_the_credential(fill(&format!("{other}, L402 $M:$P")).as_bytes(), 1);
        assert_is_the_credential(fill(&format!("L402 $M:$P, {other}")).as_bytes(), 1);
        assert_is_the_credential(fill(&format!("{other}, L402 \"$M:$P\", {other}")).as_bytes(), 1);
        let params = "L402 macaroon=\"$M\", preimage=\"$P\"";
        assert_is_the_credential(fill(&format!("{other}, {params}, {other}")).as_bytes(), 1);
    }
}

#[test]
fn other_schemes_hold_nothing() {
    let values = [
        "",
        " ",
        "\t",
        "Bearer z",
        "Bearer L402 $M:$P",
        "Basic dXNlcjpwYXNz",
        "L4022 $M:$P",
        "L40 $M:$P",
        "xL402 $M:$P",
        "L402x $M:$P",
        "LSAT2 $M:$P",
        "Negotiate",
        "Bearer \"x, L402 $M:$P\"",
        r#"Digest username="a\", L402 $M:$P""#,
        r#"Digest realm="LSAT $M:$P, L402 $M:$P", x="y""#,
    ];
    for value in values {
        assert_eq!(count(fill(value).as_bytes()), Ok(0), "{value}");
    }
}

#[test]
fn malformed_credentials_have_exact_errors() {
    use CredentialError::{Ambiguous, Base64, MissingMacaroon, Preimage, Scheme, Syntax, TooLong};
    let cases: [(&str, CredentialError); 46] = [
        // No scheme.
        ("$M:$P", Scheme),
        (":$P", Scheme),
        ("\"L402\" $M:$P", Scheme),
        ("L402:$M:$P", Scheme),
        ("L402=$M:$P", Scheme),
        ("L402,$M:$P", Scheme),
        ("\0L402 $M:$P", Scheme),
        ("L402\0 $M:$P", Scheme),
        ("L402\u{a0}$M:$P", Scheme),
        ("ü $M:$P", Scheme),
        // No macaroon.
        ("L402", MissingMacaroon),
        ("L402 ", MissingMacaroon),
        ("LSAT\t", MissingMacaroon),
        ("L402 :$P", MissingMacaroon),
        ("L402 :", MissingMacaroon),
        ("L402 \"\"", MissingMacaroon),
        ("L402 \":$P\"", MissingMacaroon),
        ("L402 preimage=\"$P\"", MissingMacaroon),
        ("L402 macaroon=\"\", preimage=\"$P\"", MissingMacaroon),
        ("L402 x=y", MissingMacaroon),
        ("L402 $M,:$P", MissingMacaroon),
        ("L402 ,$M:$P", MissingMacaroon),
        ("L402 $M,,$M:$P", MissingMacaroon),
        ("L402 $M:$P, L402", MissingMacaroon),
        // No base64.
        ("L402 not-base64***:$P", Base64),
        ("L402 $M=:$P", Base64),
        ("L402 =:$P", Base64),
        ("L402 A:$P", Base64),
        ("L402 $M\0:$P", Base64),
        ("L402 a b:$P", Base64),
        ("L402 \u{7f}:$P", Base64),
        ("L402 Ag+_:$P", Base64),
        ("L402 \"$M\":$P", Base64),
        // No preimage.
        ("L402 $M:", Preimage),
        ("L402 $M:$P0", Preimage),
        ("L402 $M:$P:$P", Preimage),
        ("L402 $M:0x$P", Preimage),
        ("L402 \"$M\":\"$P\"", Preimage),
        ("L402 $M:$P junk", Preimage),
        ("L402 macaroon=\"$M\", preimage=\"\"", Preimage),
        // No parameters, or contradictory ones.
        ("L402 macaroon=\"$M\", preimage=\"$P\" junk", Syntax),
        ("L402 macaroon=\"$M\", preimage=\"a\\bc\"", Syntax),
        ("L402 macaroon=\"$M\", preimage=\"$P", Syntax),
        ("L402 x=\"$M:$P", Syntax),
        ("L402 macaroon=\"$M\", token=\"AgEE\", preimage=\"$P\"", Ambiguous),
        ("L402 macaroon=\"$M\", preimage=\"$P\", preimage=\"00\"", Ambiguous),
    ];
    for (form, error) in cases {
        assert_refused(fill(form), error);
    }
    // What has no macaroon is no credential even before it is decoded.
    let (value, limits) = (fill("L402 :$P"), Limits::default());
    let undecoded = CredentialRef::parse_all(value.as_bytes(), &limits).next().unwrap();
    assert_eq!(undecoded.unwrap_err(), MissingMacaroon);

    assert_refused("A".repeat(10_000), TooLong);
    assert_refused(format!("L402 {}:{}", "A".repeat(10_000), preimage_hex()), TooLong);
    assert_refused(fill(&"L402 $M:$P, ".repeat(40)), TooLong);
}

#[test]
fn no_byte_but_hex_digits_makes_a_preimage() {
    for position in [0, 1, 31, 32, 62, 63] {
        for byte in 0..=u8::MAX {
            let mut value = fill("L402 $M:$P").into_bytes();
            let start = value.len() - 64;
            value[start + position] = byte;
            let expected = if byte.is_ascii_hexdigit() { Ok(1) } else { Err(CredentialError::Preimage) };
            assert_eq!(count(&value), expected, "{byte:#04x} at {position}");
        }
    }
}

/// Replaces one character of the macaroon by every byte there is: what is no base64 never becomes a credential.
#[test]
fn no_byte_but_base64_makes_a_macaroon() {
    let text = token().to_base64();
    for position in [0, 1, 40, text.len() / 2, text.len() - 5] {
        for byte in 0..=u8::MAX {
            let mut macaroon = text.clone().into_bytes();
            macaroon[position] = byte;
            let value = [b"L402 ", &macaroon[..], b":", preimage_hex().as_bytes()].concat();
            if !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')) {
                assert!(count(&value).is_err(), "{byte:#04x} at {position}");
            }
        }
    }
}

/// A text is decoded in two pieces where that saves work; padding ends base64 all the same, and does not join pieces.
#[test]
fn padding_ends_a_macaroon() {
    let bytes = token().as_bytes().to_vec();
    let encode = |bytes: &[u8]| base64_simd::STANDARD.encode_to_string(bytes);
    for cut in 1..bytes.len() {
        let (head, tail) = bytes.split_at(cut);
        let joined = format!("{}{}", encode(head), encode(tail));
        if joined == encode(&bytes) {
            continue; // whole groups, without padding between
        }
        for value in
            [fill(&format!("L402 {joined}:$P")), fill(&format!("L402 macaroon={joined}, preimage=$P"))]
        {
            assert_refused(value, CredentialError::Base64);
        }
    }
}

#[test]
fn invalid_utf8_is_refused() {
    assert_refused(b"\xff\xfe L402 AgEE:00", CredentialError::Scheme);
    assert_refused([b"L402 \xff\xfe:", preimage_hex().as_bytes()].concat(), CredentialError::Base64);
    assert_refused([fill("L402 $M:").as_bytes(), &[0xff; 64]].concat(), CredentialError::Preimage);
    assert_refused(
        [fill("L402 macaroon=\"$M\", preimage=\"").as_bytes(), b"\xff\""].concat(),
        CredentialError::Syntax,
    );
}

#[test]
fn preimages_of_other_lengths_are_refused() {
    for digits in (0..=130).filter(|digits| *digits != 64) {
        assert_refused(fill(&format!("L402 $M:{}", "a".repeat(digits))), CredentialError::Preimage);
    }
}

#[test]
fn a_fifth_macaroon_is_refused() {
    let five = [&token().to_base64()[..]; 5].join(",");
    assert_refused(format!("L402 {five}:{}", preimage_hex()), CredentialError::TooManyMacaroons);
    // Even if it is nothing at all.
    let commas = format!("L402 {}:{}", ["AgEE"; 2000].join(","), preimage_hex());
    let limits = Limits::UNLIMITED;
    let credential = CredentialRef::parse_all(commas.as_bytes(), &limits).next().unwrap().unwrap();
    let error = credential.decode_into(&mut Vec::new(), &limits).unwrap_err();
    assert_eq!(error, CredentialError::TooManyMacaroons);
}

#[test]
fn macaroons_of_different_payments_are_refused() {
    let stranger = Preimage::from_bytes([0xcd; 32]);
    let other = Macaroon::new(&key(), &identifier_of(&stranger, [3; 32]).to_bytes(), b"").unwrap();
    assert_refused(
        format!("L402 {},{}:{}", token().to_base64(), other.to_base64(), preimage_hex()),
        CredentialError::MixedPayments,
    );
}

#[test]
fn bytes_that_are_no_macaroon_have_exact_errors() {
    use MacaroonDecodeError::{
        CaveatTooLong, EmptyField, FirstPartyLocation, IdentifierTooLong, Length, LocationTooLong,
        SignatureLength, TooManyCaveats, TrailingBytes, Truncated, UnexpectedField, Version,
    };
    use common::{IDENTIFIER, LOCATION, RawMacaroon, SIGNATURE, VERIFICATION_ID};

    let good = token_with(["a=b"]).as_bytes().to_vec();
    let id = common::identifier().to_bytes();
    let start = || RawMacaroon::v2().field(LOCATION, b"lsat").field(IDENTIFIER, &id).end();
    let finish = |raw: RawMacaroon| raw.end().field(SIGNATURE, &[0; 32]).build();
    let caveats = |count: usize| (0..count).fold(start(), |raw, _| raw.field(IDENTIFIER, b"a=b").end());

    let cases = [
        (b"0021location x".to_vec(), Version),
        (br#"{"v":2}"#.to_vec(), Version),
        (vec![3], Version),
        (vec![2], Truncated),
        (good[..good.len() - 1].to_vec(), Truncated),
        ([&good[..], &[0]].concat(), TrailingBytes),
        ([&good[..], &good[..]].concat(), TrailingBytes),
        // A length of 4, written in two bytes; and one that needs 32 bits.
        ([&[2, LOCATION, 0x84, 0][..], &good[3..]].concat(), Length),
        (vec![2, IDENTIFIER, 0xff, 0xff, 0xff, 0xff, 0x08], Length),
        (vec![2, IDENTIFIER, 0xff, 0xff, 0xff, 0xff, 0x07], Truncated),
        (finish(RawMacaroon::v2().field(LOCATION, b"").field(IDENTIFIER, &id).end()), EmptyField),
        (finish(RawMacaroon::v2().field(IDENTIFIER, &id).field(LOCATION, b"lsat").end()), UnexpectedField),
        (finish(RawMacaroon::v2().field(3, b"x").field(IDENTIFIER, &id).end()), UnexpectedField),
        (finish(RawMacaroon::v2().end()), UnexpectedField),
        (finish(start().field(VERIFICATION_ID, b"v").end()), UnexpectedField),
        (finish(start().field(IDENTIFIER, b"c").field(VERIFICATION_ID, b"").end()), EmptyField),
        (finish(start().field(LOCATION, b"l").field(IDENTIFIER, b"c").end()), FirstPartyLocation),
        (start().end().field(SIGNATURE, &[0; 31]).build(), SignatureLength),
        (start().end().field(SIGNATURE, &[0; 33]).build(), SignatureLength),
        (start().end().field(SIGNATURE, &[]).build(), SignatureLength),
        (start().end().build(), Truncated),
        (start().build(), Truncated),
        (finish(caveats(65)), TooManyCaveats),
        (finish(start().field(IDENTIFIER, &[b'x'; 1025]).end()), CaveatTooLong),
        (finish(start().field(IDENTIFIER, b"c").field(VERIFICATION_ID, &[b'x'; 1025]).end()), CaveatTooLong),
        (
            finish(start().field(LOCATION, &[b'x'; 1025]).field(IDENTIFIER, b"c").field(4, b"v").end()),
            CaveatTooLong,
        ),
        (finish(RawMacaroon::v2().field(IDENTIFIER, &[0; 257]).end()), IdentifierTooLong),
        (
            finish(RawMacaroon::v2().field(LOCATION, &[b'x'; 257]).field(IDENTIFIER, &id).end()),
            LocationTooLong,
        ),
    ];
    for (index, (bytes, error)) in cases.into_iter().enumerate() {
        let text = base64_simd::STANDARD.encode_to_string(&bytes);
        let outcome = count(format!("L402 {text}:{}", preimage_hex()).as_bytes());
        assert_eq!(outcome, Err(CredentialError::Macaroon(error)), "case {index}");
    }

    // One less of everything is fine.
    let fits = [
        finish(caveats(64)),
        finish(start().field(IDENTIFIER, &[b'x'; 1024]).end()),
        finish(RawMacaroon::v2().field(LOCATION, &[b'x'; 256]).field(IDENTIFIER, &id).end()),
    ];
    for bytes in fits {
        let text = base64_simd::STANDARD.encode_to_string(&bytes);
        assert_eq!(count(format!("L402 {text}:{}", preimage_hex()).as_bytes()), Ok(1));
    }
}

#[test]
fn identifiers_of_other_kinds_are_refused() {
    let id = common::identifier().to_bytes();
    let mut version_1 = id;
    version_1[1] = 1;
    let cases: [(&[u8], _); 6] = [
        (b"", IdentifierError::Length),
        (&id[..65], IdentifierError::Length),
        (&id[2..34], IdentifierError::Length),
        (&[&id[..], &[0]].concat(), IdentifierError::Length),
        (&version_1, IdentifierError::Version),
        (&[b'0'; 132], IdentifierError::Length),
    ];
    for (identifier, error) in cases {
        let macaroon = Macaroon::new(&key(), identifier, b"lsat").unwrap().to_base64();
        assert_refused(format!("L402 {macaroon}:{}", preimage_hex()), CredentialError::Identifier(error));
        // A list is as good as its worst.
        assert_refused(
            format!("L402 {},{macaroon}:{}", token().to_base64(), preimage_hex()),
            CredentialError::Identifier(error),
        );
    }
}

#[test]
fn an_error_ends_the_iteration() {
    let value = fill("L402 $M:$P, LSAT :, L402 $M:$P");
    let limits = Limits::default();
    let mut found = CredentialRef::parse_all(value.as_bytes(), &limits);
    assert!(found.next().unwrap().is_ok());
    assert_eq!(found.next().unwrap().unwrap_err(), CredentialError::MissingMacaroon);
    assert!(found.next().is_none() && found.next().is_none());
}

#[test]
fn the_length_limit_is_exact() {
    let value = fill("L402 $M:$P");
    let parse = |limit| {
        let limits = Limits::default().with_header_bytes(limit);
        CredentialRef::parse_all(value.as_bytes(), &limits).next().unwrap().map(|found| found.scheme())
    };
    assert_eq!(parse(value.len()), Ok(Scheme::L402));
    assert_eq!(parse(value.len() - 1), Err(CredentialError::TooLong));
}

#[test]
fn the_buffer_may_be_used_again() {
    let limits = Limits::default();
    let mut buffer = vec![0xff; 7];
    for _ in 0..3 {
        let value = fill("L402 $M:$P");
        let credential = CredentialRef::parse_all(value.as_bytes(), &limits).next().unwrap().unwrap();
        let unverified = credential.decode_into(&mut buffer, &limits).unwrap();
        assert!(unverified.authenticate(&[key()]).is_ok());
        assert_eq!(buffer, token().as_bytes());
    }
}

#[test]
fn only_the_same_macaroons_with_the_same_preimage_are_the_same() {
    let other_preimage = "cd".repeat(32);
    let other_token = attenuate(token(), ["a=b"]).to_base64();
    let mut tampered = token().as_bytes().to_vec();
    *tampered.last_mut().unwrap() ^= 1;
    let tampered = base64_simd::STANDARD.encode_to_string(tampered);
    let with_caveat = attenuate(token(), [format!("preimage={}", preimage_hex())]).to_base64();

    let pairs = [
        ("L402 $M:$P".to_owned(), true),
        ("lsat \"$M:$P\"".to_owned(), true),
        ("L402 $M".to_owned(), false),
        (format!("L402 $M:{other_preimage}"), false),
        (format!("L402 {other_token}:$P"), false),
        (format!("L402 {tampered}:$P"), false),
        (format!("L402 {with_caveat}"), false),
        ("L402 $M,$M:$P".to_owned(), false),
    ];
    let reference = fill("L402 $M:$P");
    read(reference.as_bytes(), |reference| {
        for (form, same) in &pairs {
            let value = fill(form);
            let found = read(value.as_bytes(), |found| {
                (found[0].is_same_as(&reference[0]), reference[0].is_same_as(&found[0]))
            });
            assert_eq!(found, Ok((*same, *same)), "{form}");
        }
    })
    .unwrap();

    // Where the preimage stands twice, the two places are one preimage.
    let twice = format!("L402 {with_caveat}, L402 {with_caveat}:{}", preimage_hex());
    assert_eq!(read(twice.as_bytes(), |found| found[0].is_same_as(&found[1])), Ok(true));
    // No preimage at all, twice, is the same lack of one.
    let unpaid = fill("L402 $M, L402 $M");
    assert_eq!(read(unpaid.as_bytes(), |found| found[0].is_same_as(&found[1])), Ok(true));
}

#[test]
fn errors_have_codes_for_programs_and_words_for_people() {
    let codes = [
        (CredentialError::TooLong, "credential_too_long"),
        (CredentialError::Ambiguous, "ambiguous_credentials"),
        (CredentialError::Scheme, "malformed_credential"),
        (CredentialError::Base64, "malformed_credential"),
        (CredentialError::Macaroon(MacaroonDecodeError::Empty), "malformed_credential"),
    ];
    for (error, code) in codes {
        assert_eq!(error.code(), code);
        assert!(!error.to_string().is_empty());
    }
}

#[test]
fn the_payment_is_that_of_the_macaroon() {
    let claimed = read(fill("L402 $M:$P").as_bytes(), |found| (found[0].payment_hash(), found[0].token_id()));
    let identifier = common::identifier();
    assert_eq!(claimed, Ok((identifier.payment_hash, identifier.token_id)));
    assert_ne!(identifier.payment_hash, PaymentHash::from_bytes([0; 32]));
}
