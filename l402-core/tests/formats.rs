//! Macaroons in the formats and texts of the field, and what is none of them.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use common::packing::{self, V1Style, all_formats, packet, to_json, to_v1};
use common::records::{Record, records};
use common::{base64_dialects, hex, to_hex};
use l402_core::{
    Identifier, IdentifierDialect, JsonError, Limits, Macaroon, MacaroonDecodeError, MacaroonFormat,
    MacaroonRef, MacaroonText, PaymentHash, RootKey,
};

use MacaroonDecodeError as Error;

fn read(text: &str) -> (Macaroon, MacaroonFormat, MacaroonText) {
    Macaroon::from_text_any(text, &Limits::default()).unwrap()
}

fn decode(bytes: &[u8]) -> Result<Macaroon, Error> {
    Macaroon::decode_any(bytes, &Limits::default()).map(|(macaroon, _)| macaroon)
}

fn mint(key: &[u8], identifier: &[u8], location: &str, caveats: &[&str]) -> Macaroon {
    let macaroon = Macaroon::new(&RootKey::new(key).unwrap(), identifier, location.as_bytes()).unwrap();
    common::attenuate(macaroon, caveats)
}

/// Vector 10: the texts of macaroon-rs and pymacaroons.
#[test]
fn v1_texts_of_other_libraries_are_the_macaroons_they_say() {
    let example = |caveats: &[&str]| mint(b"this is the key", b"keyid", "http://example.org/", caveats);
    let cases = [
        (
            "MDAyMWxvY2F0aW9uIGh0dHA6Ly9leGFtcGxlLm9yZy8KMDAxNWlkZW50aWZpZXIga2V5aWQKMDAyZnNpZ25hdHVyZSB83ueSURxbxvUo\
             SFgF3-myTnheKOKpkwH51xHGCeOO9wo",
            "7cdee792511c5bc6f528485805dfe9b24e785e28e2a99301f9d711c609e38ef7",
            MacaroonText::Base64UrlUnpadded,
            example(&[]),
        ),
        (
            "MDAyMWxvY2F0aW9uIGh0dHA6Ly9leGFtcGxlLm9yZy8KMDAxNWlkZW50aWZpZXIga2V5aWQKMDAxZGNpZCBhY2NvdW50ID0gMzczNTky\
             ODU1OQowMDJmc2lnbmF0dXJlIPVIB_bcbt-Ivw9zBrOCJWKjYlM9v3M5umF2XaS9JZ2HCg",
            "f54807f6dc6edf88bf0f7306b3822562a362533dbf7339ba61765da4bd259d87",
            MacaroonText::Base64UrlUnpadded,
            example(&["account = 3735928559"]),
        ),
        (
            "MDAxY2xvY2F0aW9uIGh0dHA6Ly9teWJhbmsvCjAwMjZpZGVudGlmaWVyIHdlIHVzZWQgb3VyIHNlY3JldCBrZXkKMDAxNmNpZCB0ZXN0\
             ID0gY2F2ZWF0CjAwMmZzaWduYXR1cmUgGXusegRK8zMyhluSZuJtSTvdZopmDkTYjOGpmMI9vWcK",
            "197bac7a044af33332865b9266e26d493bdd668a660e44d88ce1a998c23dbd67",
            MacaroonText::Base64,
            mint(
                b"this is our super secret key; only we should know it",
                b"we used our secret key",
                "http://mybank/",
                &["test = caveat"],
            ),
        ),
    ];
    for (text, signature, written, expected) in cases {
        let (macaroon, format, found) = read(text);
        assert_eq!((format, found), (MacaroonFormat::V1, written), "{text}");
        assert_eq!(to_hex(macaroon.as_macaroon_ref().signature()), signature, "{text}");
        assert_eq!(macaroon.as_bytes(), expected.as_bytes(), "{text}");
        assert_eq!(
            common::base64(text),
            to_v1(&expected.as_macaroon_ref(), packing::GO),
            "the helper writes it, too"
        );
    }
}

/// What a real l402_middleware sent. Its root key is not known.
#[test]
fn the_macaroon_of_the_rocket_middleware_is_read() {
    let text = "MDAxMmxvY2F0aW9uIEw0MDIKMDAzMGlkZW50aWZpZXIg3HbNijIhV4G38bFe-aUqGmTUL21IerNiGaVgzPLKCY8KMDAyMWNpZCBSZXF1ZXN0\
                UGF0aCA9IC9wcm90ZWN0ZWQKMDAxY2NpZCBSZXF1ZXN0TWV0aG9kID0gR0VUCjAwMmZzaWduYXR1cmUgJd9jvHJmyvgdnNzm_IAFOPVZ\
                IwADTnVW-XFcF4RssiQK";
    let (macaroon, format, written) = read(text);
    assert_eq!((format, written), (MacaroonFormat::V1, MacaroonText::Base64Url));
    let view = macaroon.as_macaroon_ref();
    assert_eq!(view.location(), b"L402");
    let caveats: Vec<_> = view.caveats().map(|caveat| caveat.condition().unwrap()).collect();
    assert_eq!(caveats, [("RequestPath ", " /protected"), ("RequestMethod ", " GET")]);
    assert_eq!(to_hex(view.signature()), "25df63bc7266caf81d9cdce6fc800538f5592300034e7556f9715c17846cb224");

    let hash: PaymentHash =
        "dc76cd8a32215781b7f1b15ef9a52a1a64d42f6d487ab36219a560ccf2ca098f".parse().unwrap();
    assert_eq!(Identifier::decode_any(view.identifier()), Ok(IdentifierDialect::BareHash(hash)));
    assert_eq!(common::base64(text), to_v1(&view, packing::GO));
    assert!(
        matches!(Macaroon::from_base64(text, &Limits::default()), Err(Error::Version)),
        "that one reads V2 only"
    );
}

const JSON: &str = r#"{"v":2,"l":"http://example.org/","i":"keyid","c":[{"i":"account = 3735928559"},{"i":"user = alice"}],"s64":"S-lnzR6gxrJrr2pKlO6bBbFYhtoLqF6MQqk8jQ4SXvw"}"#;

/// The vector of macaroon-rs for the third format.
#[test]
fn json_of_another_library_is_the_macaroon_it_says() {
    let expected =
        mint(b"this is the key", b"keyid", "http://example.org/", &["account = 3735928559", "user = alice"]);
    let (macaroon, format, written) = read(JSON);
    assert_eq!((format, written), (MacaroonFormat::V2Json, MacaroonText::Plain));
    assert_eq!(macaroon.as_bytes(), expected.as_bytes());
    for (text, written) in base64_dialects(JSON.as_bytes()).iter().zip(DIALECTS) {
        let (again, format, _) = read(text);
        assert_eq!((again, format), (expected.clone(), MacaroonFormat::V2Json), "{written:?}");
    }
    assert_eq!(read(&to_hex(JSON.as_bytes())), (expected, MacaroonFormat::V2Json, MacaroonText::Hex));
}

#[test]
fn json_tells_the_place_of_a_third_party_in_text_or_base64() {
    let with = |location: &str| {
        let signature = "A".repeat(43);
        read(&format!(
            r#"{{"v":2,"i":"key","c":[{{"i":"ask them","v64":"AAAA",{location}}}],"s64":"{signature}"}}"#
        ))
        .0
    };
    let (text, base64) = (with(r#""l":"http://them""#), with(r#""l64":"aHR0cDovL3RoZW0""#));
    assert_eq!(text.as_bytes(), base64.as_bytes());
    assert!(text.as_bytes().windows(11).any(|window| window == b"http://them"));
}

/// One field may be written in many ways.
#[test]
fn json_may_be_written_in_many_ways() {
    let expected = read(JSON).0;
    let signature = r#""s64":"S-lnzR6gxrJrr2pKlO6bBbFYhtoLqF6MQqk8jQ4SXvw""#;
    let caveats = r#""c":[{"i":"account = 3735928559"},{"i":"user = alice"}]"#;
    let head = r#""l":"http://example.org/","i":"keyid""#;
    for text in [
        format!("{{{head},{caveats},{signature}}}"),
        format!("{{{signature},{caveats},{head},\"v\":2}}"),
        format!("{{ \t\"v\" : 2 ,\r\n{head} , {caveats} , {signature} }}"),
        format!(r#"{{"i64":"a2V5aWQ","l64":"aHR0cDovL2V4YW1wbGUub3JnLw==",{caveats},{signature}}}"#),
        format!(
            r#"{{"i64":"a2V5aWQ=","i":null,"s":null,"l64":null,{head_l},{caveats},{signature}}}"#,
            head_l = r#""l":"http://example.org/""#
        ),
        format!(
            r#"{{{head},"c":[{{"i64":"YWNjb3VudCA9IDM3MzU5Mjg1NTk","v":null,"v64":null,"l":null}},{{"i":"user = alice"}}],{signature}}}"#
        ),
        format!(r#"{{{head},{caveats},"s64":"S+lnzR6gxrJrr2pKlO6bBbFYhtoLqF6MQqk8jQ4SXvw="}}"#),
        format!(r#"{{"\u0069":"k\u0065yid","l":"http:\/\/example.org/",{caveats},{signature}}}"#),
        format!(r#"{{"x":[{{"i":[1,-2.5e3,true]}}],"":{{}},{head},{caveats},{signature},"x":0}}"#),
        format!(
            r#"{{{head},"c":[{{"i":"account = 3735928559","x":{{"v":"y"}}}},{{"x":[],"i":"user = alice"}}],{signature}}}"#
        ),
    ] {
        assert_eq!(decode(text.as_bytes()), Ok(expected.clone()), "{text}");
    }
    let none = mint(b"k", b"id", "", &[]);
    let signature = base64_simd::URL_SAFE_NO_PAD.encode_to_string(none.as_macaroon_ref().signature());
    for caveats in ["", r#","c":[]"#, r#","c":null"#, r#","c":[ ]"#, r#","l":"""#, r#","l64":"","v":2"#] {
        let text = format!(r#"{{"i":"id"{caveats},"s64":"{signature}"}}"#);
        assert_eq!(decode(text.as_bytes()), Ok(none.clone()), "{text}");
    }
}

/// A signature that happens to be UTF-8 is text in go-macaroon's JSON.
#[test]
fn a_signature_may_be_text() {
    let text = r#"{"i":"id","s":"0123456789abcdef0123456789abcde\u000a"}"#;
    let macaroon = decode(text.as_bytes()).unwrap();
    assert_eq!(macaroon.as_macaroon_ref().signature(), b"0123456789abcdef0123456789abcde\n");
    assert_eq!(
        to_json(&macaroon.as_macaroon_ref()),
        r#"{"c":[],"i":"id","s":"0123456789abcdef0123456789abcde\n","v":2}"#
    );
}

/// Vector 10 with its third-party caveat.
#[test]
fn third_party_caveats_keep_their_parts_and_their_signature() {
    let key = RootKey::new(b"this is a different super-secret key; never use the same secret twice").unwrap();
    let verification_id = common::base64(
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA027FAuBYhtHwJ58FX6UlVNFtFsGxQHS7uD_w_dedwv4Jjw7UorCREw5rXbRqIKhr",
    );
    let signature = hex("d27db2fd1f22760e4c3dae8137e2d8fc1df6c0741c18aed4b97256bf78d1f55c");
    for location in [None, Some(&b"http://auth.mybank/"[..])] {
        let mut v1 = [
            packet("location", b"http://mybank/"),
            packet("identifier", b"we used our other secret key"),
            packet("cid", b"account = 3735928559"),
            packet("cid", b"this was how we remind auth of key/pred"),
            packet("vid", &verification_id),
        ]
        .concat();
        let written = location.unwrap_or_default();
        if location.is_some() {
            v1.extend(packet("cl", written));
        }
        v1.extend(packet("signature", &signature));
        let macaroon = decode(&v1).unwrap();
        assert!(macaroon.as_macaroon_ref().is_signed_by(&key));
        let caveat = macaroon.as_macaroon_ref().caveats().nth(1).unwrap().third_party().unwrap();
        assert_eq!((caveat.verification_id(), caveat.location()), (&verification_id[..], written));

        let json = to_json(&macaroon.as_macaroon_ref());
        assert!(json.contains("v64"), "{json}");
        assert_eq!(decode(json.as_bytes()), Ok(macaroon.clone()));
        assert_eq!(decode(&to_v1(&macaroon.as_macaroon_ref(), packing::GO)), Ok(macaroon));
    }
}

#[test]
fn a_location_that_is_not_there_may_be_an_empty_packet() {
    let macaroon = mint(b"k", b"id", "", &["a=b"]);
    for writes_empty_location in [true, false] {
        let style = V1Style { writes_empty_location, writes_empty_caveat_location: false };
        assert_eq!(decode(&to_v1(&macaroon.as_macaroon_ref(), style)), Ok(macaroon.clone()));
    }
}

/// Everything that go-macaroon has minted for us, in the other formats.
#[test]
fn the_shared_vectors_are_the_same_in_every_format() {
    let records = records();
    let mut in_v1 = 0;
    for record in &records {
        let Record { name, v2_base64std, .. } = record;
        let bytes = common::base64(v2_base64std);
        let original = MacaroonRef::decode(&bytes, &Limits::UNLIMITED).unwrap();
        let mut packings = vec![to_json(&original).into_bytes()];
        let longest = original.caveats().map(|caveat| caveat.id().len()).max().unwrap_or(0);
        if longest.max(original.identifier().len()).max(original.location().len()) < 0xff00 {
            packings.push(to_v1(&original, packing::GO));
            in_v1 += 1;
        }
        for packing in packings {
            let (macaroon, _) = Macaroon::decode_any(&packing, &Limits::UNLIMITED).unwrap();
            assert_eq!(macaroon.as_bytes(), bytes, "{name}");
            if let Some(key) = record.key() {
                assert!(macaroon.as_macaroon_ref().is_signed_by(&key), "{name}");
            }
        }
    }
    assert!(in_v1 > 20 && records.len() - in_v1 < 3, "{in_v1} of {}", records.len());
}

const DIALECTS: [MacaroonText; 4] = [
    MacaroonText::Base64,
    MacaroonText::Base64Unpadded,
    MacaroonText::Base64Url,
    MacaroonText::Base64UrlUnpadded,
];

/// Of every length modulo 3, and with bytes that need the characters which differ.
#[test]
fn every_format_is_read_from_every_text() {
    for caveat in ["a=b", "a=bc", "a=bcd"] {
        let macaroon = common::attenuate(common::token(), [format!("\u{3f}\u{3e}\u{7f}~~~???>>>{caveat}")]);
        for (name, bytes) in all_formats(&macaroon) {
            let format = MacaroonFormat::clone(&Macaroon::decode_any(&bytes, &Limits::default()).unwrap().1);
            assert_eq!(format!("{format:?}").to_lowercase(), name.replace('-', "").to_lowercase());
            for (text, written) in base64_dialects(&bytes).iter().zip(DIALECTS) {
                let padding = bytes.len() % 3 != 0;
                let expected = match written {
                    _ if !text.contains(['+', '/', '-', '_']) => panic!("{name} shows no alphabet"),
                    MacaroonText::Base64Unpadded if !padding => MacaroonText::Base64,
                    MacaroonText::Base64UrlUnpadded if !padding => MacaroonText::Base64Url,
                    written => written,
                };
                assert_eq!(read(text), (macaroon.clone(), format, expected), "{name} {text}");
            }
            let hex = to_hex(&bytes);
            assert_eq!(read(&hex), (macaroon.clone(), format, MacaroonText::Hex), "{name}");
            assert_eq!(read(&hex.to_uppercase()), (macaroon.clone(), format, MacaroonText::Hex), "{name}");
        }
    }
}

#[test]
fn a_macaroon_of_another_format_is_lengthened_and_verified_as_any() {
    for (name, bytes) in all_formats(&common::token()) {
        let longer = decode(&bytes).unwrap().attenuate(b"uses=1").unwrap();
        assert_eq!(longer, common::token().attenuate(b"uses=1").unwrap(), "{name}");
        assert!(longer.as_macaroon_ref().is_signed_by(&common::key()), "{name}");
    }
}

#[test]
fn texts_that_are_no_macaroon_have_exact_errors() {
    for (text, error) in [
        ("", Error::Empty),
        ("!", Error::Base64),
        ("AgEE ", Error::Base64),
        (" AgEE", Error::Base64),
        ("AgEE\n", Error::Base64),
        (" {}", Error::Base64),
        ("020", Error::UnknownFormat),
        ("0x0201", Error::Base64),
        ("AA==", Error::UnknownFormat),
        ("00", Error::UnknownFormat),
        ("cafe", Error::UnknownFormat),
        ("Zw==", Error::UnknownFormat),
        ("RkZGRg==", Error::UnknownFormat),
        ("02", Error::Truncated),
        ("30", Error::Truncated),
        ("7b", Error::Json(JsonError::Truncated)),
        ("{", Error::Json(JsonError::Truncated)),
        ("{}", Error::MissingField),
        ("e30=", Error::MissingField),
        ("{} ", Error::TrailingBytes),
        ("{}}", Error::TrailingBytes),
    ] {
        assert_eq!(Macaroon::from_text_any(text, &Limits::default()), Err(error), "{text:?}");
    }
    for bytes in [&b"\xff"[..], b"\x01", b"\x03", b"g", b"A", b"[", b"\"", b" {}", b"\n0009cid \n"] {
        assert_eq!(decode(bytes), Err(Error::UnknownFormat), "{bytes:?}");
    }
    assert_eq!(decode(b""), Err(Error::Empty));
}

#[test]
fn malformed_packets_have_exact_errors() {
    let id = || packet("identifier", b"id");
    let signature = || packet("signature", &[7; 32]);
    let cid = || packet("cid", b"a=b");
    assert!(decode(&[id(), signature()].concat()).is_ok());
    let cases: Vec<(Vec<u8>, Error)> = vec![
        // Lengths.
        (b"0".to_vec(), Error::Truncated),
        (b"000".to_vec(), Error::Truncated),
        (b"0012identifier id".to_vec(), Error::Truncated),
        ([&b"ffff"[..], &id()[4..], &signature()].concat(), Error::Truncated),
        (b"0000".to_vec(), Error::Length),
        (b"0003".to_vec(), Error::Length),
        (b"0004".to_vec(), Error::Packet),
        (b"00 5\n".to_vec(), Error::Length),
        (b"0x05\n".to_vec(), Error::Length),
        (b"000E identifier id\n".to_vec(), Error::Length),
        ([id(), b"002Fsignature ".to_vec(), vec![7; 32], b"\n".to_vec()].concat(), Error::Length),
        ([&b"0013"[..], &id()[4..], &signature()].concat(), Error::Packet),
        ([&b"0011"[..], &id()[4..], &signature()].concat(), Error::Packet),
        // Packets.
        (b"0005\n".to_vec(), Error::Packet),
        (b"0007ab\n".to_vec(), Error::Packet),
        ([b"0012identifier".to_vec(), b"\tid\n".to_vec(), signature()].concat(), Error::Packet),
        ([b"0012identifier id\r".to_vec(), signature()].concat(), Error::Packet),
        ([packet("identifiers", b"id"), signature()].concat(), Error::Packet),
        // Keys and their order.
        (packet("", b"x"), Error::UnexpectedField),
        (signature(), Error::UnexpectedField),
        ([packet("Identifier", b"id"), signature()].concat(), Error::UnexpectedField),
        ([packet("location", b"x"), signature()].concat(), Error::UnexpectedField),
        (
            [packet("location", b"x"), packet("location", b"x"), id(), signature()].concat(),
            Error::UnexpectedField,
        ),
        ([id(), id(), signature()].concat(), Error::UnexpectedField),
        ([id(), packet("location", b"x"), signature()].concat(), Error::UnexpectedField),
        ([cid(), id(), signature()].concat(), Error::UnexpectedField),
        ([id(), cid(), id(), signature()].concat(), Error::UnexpectedField),
        ([id(), packet("vid", b"v"), signature()].concat(), Error::UnexpectedField),
        ([id(), packet("cl", b"l"), signature()].concat(), Error::UnexpectedField),
        ([id(), packet("other", b"x"), signature()].concat(), Error::UnexpectedField),
        (
            [id(), cid(), packet("vid", b"v"), packet("vid", b"v"), signature()].concat(),
            Error::UnexpectedField,
        ),
        (
            [id(), cid(), packet("vid", b"v"), packet("cl", b"l"), packet("cl", b"l"), signature()].concat(),
            Error::UnexpectedField,
        ),
        (
            [id(), cid(), packet("cl", b"l"), packet("vid", b"v"), signature()].concat(),
            Error::FirstPartyLocation,
        ),
        ([id(), cid(), packet("cl", b"l"), signature()].concat(), Error::FirstPartyLocation),
        ([id(), cid(), packet("vid", b""), signature()].concat(), Error::EmptyField),
        // The end.
        (id(), Error::Truncated),
        ([id(), cid()].concat(), Error::Truncated),
        ([id(), packet("signature", &[7; 31])].concat(), Error::SignatureLength),
        ([id(), packet("signature", &[7; 33])].concat(), Error::SignatureLength),
        ([id(), packet("signature", "07".repeat(32).as_bytes())].concat(), Error::SignatureLength),
        ([id(), signature(), b"\n".to_vec()].concat(), Error::TrailingBytes),
        ([id(), signature(), signature()].concat(), Error::TrailingBytes),
        ([id(), signature(), cid()].concat(), Error::TrailingBytes),
    ];
    for (bytes, error) in cases {
        assert_eq!(decode(&bytes), Err(error), "{:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn malformed_json_has_exact_errors() {
    let signature = format!(r#""s64":"{}""#, "A".repeat(43));
    let with = |fields: &str| format!(r#"{{"i":"id",{fields},{signature}}}"#);
    assert!(decode(with(r#""c":[{"i":"a"}]"#).as_bytes()).is_ok());
    let cases = [
        // Keys that must be there, and once.
        (format!("{{{signature}}}"), Error::MissingField),
        (format!(r#"{{"i":null,{signature}}}"#), Error::MissingField),
        (r#"{"i":"id"}"#.into(), Error::MissingField),
        (r#"{"i":"id","s64":null}"#.into(), Error::MissingField),
        (with(r#""c":[{}]"#), Error::MissingField),
        (with(r#""c":[{"i":null}]"#), Error::MissingField),
        (with(r#""c":[{"v":"x","l":"y"}]"#), Error::MissingField),
        (with(r#""i":"id""#), Error::DuplicateKey),
        (with(r#""i":null"#), Error::DuplicateKey),
        (with(r#""\u0069":"id""#), Error::DuplicateKey),
        (with(&signature), Error::DuplicateKey),
        (with(r#""v":2,"v":2"#), Error::DuplicateKey),
        (with(r#""l":"a","l":"b""#), Error::DuplicateKey),
        (with(r#""c":[],"c":[]"#), Error::DuplicateKey),
        (with(r#""c":null,"c":[{"i":"a"}]"#), Error::DuplicateKey),
        (with(r#""c":[{"i":"a","i":"b"}]"#), Error::DuplicateKey),
        (with(r#""c":[{"i":"a","v64":"AA","v64":"AA"}]"#), Error::DuplicateKey),
        (with(r#""i64":"aWQ""#), Error::AmbiguousField),
        (with(r#""i64":"""#), Error::AmbiguousField),
        (with(r#""s":"0123456789abcdef0123456789abcdef""#), Error::AmbiguousField),
        (with(r#""l":"","l64":"""#), Error::AmbiguousField),
        (with(r#""c":[{"i":"a","i64":"YQ"}]"#), Error::AmbiguousField),
        (with(r#""c":[{"i":"a","v":"a","v64":"YQ"}]"#), Error::AmbiguousField),
        // Values of the wrong kind.
        (with(r#""v":1"#), Error::JsonVersion),
        (with(r#""v":2.0"#), Error::JsonVersion),
        (with(r#""v":20"#), Error::JsonVersion),
        (with(r#""v":null"#), Error::JsonVersion),
        (with(r#""v":"2""#), Error::JsonType),
        (with(r#""v":[2]"#), Error::JsonType),
        (with(r#""l":7"#), Error::JsonType),
        (with(r#""l":["a"]"#), Error::JsonType),
        (with(r#""l":true"#), Error::JsonType),
        (with(r#""l64":{}"#), Error::JsonType),
        (with(r#""c":{}"#), Error::JsonType),
        (with(r#""c":"""#), Error::JsonType),
        (with(r#""c":0"#), Error::JsonType),
        (with(r#""c":[null]"#), Error::JsonType),
        (with(r#""c":["a"]"#), Error::JsonType),
        (with(r#""c":[[]]"#), Error::JsonType),
        (
            r#"{"i":"id","s":[7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7,7]}"#.into(),
            Error::JsonType,
        ),
        // What V2 refuses as well.
        (with(r#""c":[{"i":"a","l":"b"}]"#), Error::FirstPartyLocation),
        (with(r#""c":[{"i":"a","v":""}]"#), Error::EmptyField),
        (with(r#""c":[{"i":"a","v64":""}]"#), Error::EmptyField),
        (r#"{"i":"id","s64":"AAAA"}"#.into(), Error::SignatureLength),
        (r#"{"i":"id","s64":""}"#.into(), Error::SignatureLength),
        (r#"{"i":"id","s":"0123456789abcdef0123456789abcdeé"}"#.into(), Error::SignatureLength),
        // Base64.
        (with(r#""l64":"A""#), Error::FieldBase64),
        (with(r#""l64":"AB""#), Error::FieldBase64),
        (with(r#""l64":"+_+_""#), Error::FieldBase64),
        (with(r#""l64":"AA AA""#), Error::FieldBase64),
        (with(r#""c":[{"i64":"!"}]"#), Error::FieldBase64),
        // JSON.
        (with(r#""x":01"#), Error::Json(JsonError::Syntax)),
        (with(r#""x""#), Error::Json(JsonError::Syntax)),
        (with("x:1"), Error::Json(JsonError::Syntax)),
        (with(""), Error::Json(JsonError::Syntax)),
        (with(r#""c":[{"i":"a"},]"#), Error::Json(JsonError::Syntax)),
        (with(r#""c":[{"i":"a",}]"#), Error::Json(JsonError::Syntax)),
        (with("\"l\":\"a\nb\""), Error::Json(JsonError::Syntax)),
        (with("\"l\":\"a\0b\""), Error::Json(JsonError::Syntax)),
        (with(r#""l":"\q""#), Error::Json(JsonError::Escape)),
        (with(r#""l":"\ud800""#), Error::Json(JsonError::Escape)),
        (with(&format!(r#""x":{}0{}"#, "[".repeat(33), "]".repeat(33))), Error::Json(JsonError::TooDeep)),
        (with(r#""x":0"#) + " ", Error::TrailingBytes),
        (with(r#""x":0"#) + "{}", Error::TrailingBytes),
    ];
    for (text, error) in cases {
        assert_eq!(decode(text.as_bytes()), Err(error), "{text}");
    }
    assert_eq!(decode(b"{\"i\":\"\xff\"}"), Err(Error::Json(JsonError::Utf8)));
    assert!(decode(with(&format!(r#""x":{}0{}"#, "[".repeat(32), "]".repeat(32))).as_bytes()).is_ok());
}

#[test]
fn the_limits_are_exact_in_every_format() {
    let macaroon =
        common::attenuate(mint(b"k", &[b'i'; 256], &"l".repeat(256), &[]), vec!["c".repeat(100); 3]);
    let mut limits = Limits::default().with_caveats(3).with_caveat_bytes(100);
    for (name, bytes) in all_formats(&macaroon) {
        let check = |limits: &Limits| Macaroon::decode_any(&bytes, limits).map(|_| ());
        limits = limits.with_header_bytes(bytes.len());
        assert_eq!(check(&limits), Ok(()), "{name}");
        assert_eq!(check(&limits.with_header_bytes(bytes.len() - 1)), Err(Error::TextTooLong), "{name}");
        assert_eq!(check(&limits.with_caveats(2)), Err(Error::TooManyCaveats), "{name}");
        assert_eq!(check(&limits.with_caveat_bytes(99)), Err(Error::CaveatTooLong), "{name}");
        assert_eq!(check(&limits.with_identifier_bytes(255)), Err(Error::IdentifierTooLong), "{name}");
        assert_eq!(check(&limits.with_location_bytes(255)), Err(Error::LocationTooLong), "{name}");
        for (longer, error) in [(true, Error::IdentifierTooLong), (false, Error::LocationTooLong)] {
            let identifier = vec![b'i'; 256 + usize::from(longer)];
            let longer = mint(b"k", &identifier, &"l".repeat(257 - usize::from(longer)), &[]);
            let (_, bytes) = all_formats(&longer).into_iter().find(|(other, _)| *other == name).unwrap();
            assert_eq!(Macaroon::decode_any(&bytes, &Limits::default()).map(|_| ()), Err(error), "{name}");
        }
        let text = to_hex(&bytes);
        let exact = limits.with_header_bytes(text.len());
        assert!(Macaroon::from_text_any(&text, &exact).is_ok(), "{name}");
        let one_less = exact.with_header_bytes(text.len() - 1);
        assert_eq!(Macaroon::from_text_any(&text, &one_less).map(|_| ()), Err(Error::TextTooLong), "{name}");
    }
    let third_party = |vid: usize, cl: usize| {
        let vid = packet("vid", &vec![1; vid]);
        let cl = packet("cl", &vec![b'l'; cl]);
        decode(
            &[packet("identifier", b"id"), packet("cid", b"c"), vid, cl, packet("signature", &[7; 32])]
                .concat(),
        )
    };
    assert!(third_party(1024, 1024).is_ok());
    assert_eq!(third_party(1025, 1024), Err(Error::CaveatTooLong));
    assert_eq!(third_party(1024, 1025), Err(Error::CaveatTooLong));
}

#[test]
fn nothing_that_ends_early_or_late_is_a_macaroon() {
    let vectors = [common::token(), mint(b"k", b"id", "", &[]), read(JSON).0];
    for (name, bytes) in vectors.iter().flat_map(all_formats) {
        for len in 1..bytes.len() {
            let error = match name {
                "V2-JSON" => Error::Json(JsonError::Truncated),
                _ => Error::Truncated,
            };
            assert_eq!(decode(&bytes[..len]), Err(error), "{name} {len}");
        }
        for byte in 0..=255 {
            let longer = [&bytes[..], &[byte]].concat();
            let error = match name {
                "V2-JSON" if !byte.is_ascii() => Error::Json(JsonError::Utf8),
                _ => Error::TrailingBytes,
            };
            assert_eq!(decode(&longer), Err(error), "{name} {byte}");
        }
        let texts = base64_dialects(&bytes).into_iter().chain([to_hex(&bytes)]);
        for text in texts {
            // Padding that is cut off leaves another dialect of the same bytes.
            for len in 0..text.trim_end_matches('=').len() {
                assert!(
                    Macaroon::from_text_any(&text[..len], &Limits::default()).is_err(),
                    "{name} {}",
                    &text[..len]
                );
            }
        }
    }
}

/// Sizes are counted here; the steps of the JSON reader are counted beside it.
#[test]
fn a_flood_of_packets_becomes_no_more_bytes_than_it_has() {
    const COUNT: usize = 1 << 15;
    let flood = |caveat: Vec<u8>| {
        [packet("identifier", b"id"), caveat.repeat(COUNT), packet("signature", &[7; 32])].concat()
    };
    for caveat in [packet("cid", b""), [packet("cid", b""), packet("vid", b"v"), packet("cl", b"")].concat()]
    {
        let bytes = flood(caveat);
        let (macaroon, _) = Macaroon::decode_any(&bytes, &Limits::UNLIMITED).unwrap();
        assert_eq!(macaroon.as_macaroon_ref().caveats().count(), COUNT);
        assert!(macaroon.as_bytes().len() < bytes.len());
        let short = Limits::UNLIMITED.with_caveats(64);
        assert!(matches!(Macaroon::decode_any(&bytes, &short), Err(Error::TooManyCaveats)));
        assert_eq!(decode(&bytes), Err(Error::TextTooLong));
    }
}

/// Lengths on both sides of where one more byte of length is needed.
#[test]
fn a_field_of_any_length_is_read_as_it_was_written() {
    for length in [1, 127, 128, 129, 16_383, 16_384] {
        let condition = "c".repeat(length);
        let macaroon = mint(b"key", b"id", "", &[&condition]);
        let read = Macaroon::from_base64(&macaroon.to_base64(), &Limits::UNLIMITED).unwrap();
        assert_eq!(read.as_bytes(), macaroon.as_bytes(), "{length}");
        let caveats: Vec<_> = read.as_macaroon_ref().caveats().map(|caveat| caveat.id().len()).collect();
        assert_eq!(caveats, [length]);
    }
}
