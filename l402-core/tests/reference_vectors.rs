//! Vectors of the reference implementation, of other implementations, and of the published text where it is wrong.
//!
//! The numbers are those of the list in the project's protocol notes. Left out is number 8, whose bytes the notes
//! do not give.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use common::{LOCATION, RawMacaroon, SIGNATURE, VERIFICATION_ID, base64, hex, hmac, to_hex};
use l402_core::header::{ChallengeParseError, ChallengeRef, CredentialError};
use l402_core::{
    Identifier, IdentifierError, Limits, Macaroon, MacaroonDecodeError, MacaroonRef, Preimage, RootKey,
};

fn decode(bytes: &[u8]) -> MacaroonRef<'_> {
    MacaroonRef::decode(bytes, &Limits::default()).unwrap()
}

fn mint(key: &[u8], identifier: &[u8], location: &str, caveats: &[&str]) -> Macaroon {
    let macaroon = Macaroon::new(&RootKey::new(key).unwrap(), identifier, location.as_bytes()).unwrap();
    common::attenuate(macaroon, caveats)
}

fn signature_of(macaroon: &Macaroon) -> String {
    to_hex(macaroon.as_macaroon_ref().signature())
}

/// A version-0 identifier whose two halves are each one byte repeated.
fn identifier_of(hash: u8, token: u8) -> Vec<u8> {
    [&[0, 0][..], &[hash; 32], &[token; 32]].concat()
}

#[test]
fn vector_1a_has_neither_location_nor_caveats() {
    let macaroon = mint(&[1; 32], &identifier_of(0xaa, 0xbb), "", &[]);
    assert_eq!(signature_of(&macaroon), "1790bc6dc1964456355926bd4863e204d96b42629e94087abc906f85e91ccf93");
    assert_eq!(
        macaroon.to_base64(),
        "AgJCAACqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqru7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7u7AAAGIBeQvG3B\
         lkRWNVkmvUhj4gTZa0JinpQIeryQb4XpHM+T"
    );
}

#[test]
fn vector_1b_has_a_location() {
    let macaroon = mint(&[2; 32], &identifier_of(0xcc, 0xdd), "https://example.com", &[]);
    assert_eq!(signature_of(&macaroon), "bf72e98fc5e23788a53dc0f03b6e5032689149d512847c463153d205c66642ac");
}

#[test]
fn vector_1c_has_a_caveat() {
    let macaroon = mint(&[3; 32], &identifier_of(0xee, 0xff), "", &["services=my_api:0"]);
    assert_eq!(signature_of(&macaroon), "c794ae0e80b2b4af8ac81285f50e8d7af72722b79d06ea5ddb35beb1dd24b385");
}

#[test]
fn vector_1d_has_everything() {
    let identifier =
        hex("0000101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f505152535455565758595a\
                          5b5c5d5e5f606162636465666768696a6b6c6d6e6f");
    let caveats = ["services=my_api:0", "my_api_valid_until=1735689600"];
    let macaroon = mint(&[4; 32], &identifier, "https://api.example.com", &caveats);
    assert_eq!(signature_of(&macaroon), "ac9a2b0d1d1feb3611a3cb4d2f4fffe7d0667d1824103751b188a0c59a5ca809");
}

const REFERENCE_KEY: &[u8] = b"aabbccddeeff00112233445566778899";

#[test]
fn vector_2_carries_the_preimage_as_a_caveat() {
    let hash = "60aae3f3299441b06b61b5aaa4db89c4b5c8627de0cc2e5535882d8f42175265";
    let preimage = "49349dfea4abed3cd14f6d356afa83de9787b609f088c8df09bacc7b4bd21b39";
    assert_eq!(preimage.parse::<Preimage>().unwrap().payment_hash().to_string(), hash);

    let macaroon = mint(REFERENCE_KEY, b"AA==", "aperture", &[&format!("preimage={preimage}")]);
    assert_eq!(
        to_hex(macaroon.as_bytes()),
        "0201086170657274757265020441413d3d000249707265696d6167653d343933343964666561346162656433636431346636643335\
         3661666138336465393738376236303966303838633864663039626163633762346264323162333900000620a329f0d7149ad54162\
         e7448d868825e9a508d4de95fb86d5d0060002493ca6b5"
    );
}

#[test]
fn vector_3_is_the_macaroon_of_the_reference_client_test() {
    let text = "AgEETFNBVAIEQUE9PQAABiAfL8hqIrDf8WeoUcLWE86rHVT9mbb3sa23ZWSqE8JwGw==";
    assert_eq!(mint(REFERENCE_KEY, b"AA==", "LSAT", &[]).to_base64(), text);
    // It is no L402 token: the identifier is four letters.
    let value = format!("LSAT {text}:{}", "00".repeat(32));
    assert_eq!(
        common::read(value.as_bytes(), |_| ()),
        Err(CredentialError::Identifier(IdentifierError::Length))
    );
}

#[test]
fn vector_4_is_an_identifier_and_version_1_is_none() {
    let mut bytes =
        hex("00000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20201f1e1d1c1b1a1918171615\
                         14131211100f0e0d0c0b0a090807060504030201");
    let identifier = Identifier::decode(&bytes).unwrap();
    assert!(identifier.payment_hash.as_bytes().iter().copied().eq(1..=32));
    assert!(identifier.token_id.as_bytes().iter().copied().eq((1..=32).rev()));
    assert_eq!(identifier.to_bytes()[..], bytes);

    bytes[1] = 1;
    assert_eq!(Identifier::decode(&bytes), Err(IdentifierError::Version));
    bytes[..2].copy_from_slice(&[1, 0]);
    assert_eq!(Identifier::decode(&bytes), Err(IdentifierError::Version));
}

#[test]
fn vector_5_is_minted_and_lengthened_byte_for_byte() {
    let preimage = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    let hash = preimage.parse::<Preimage>().unwrap().payment_hash();
    let token = hex("201f1e1d1c1b1a191817161514131211100f0e0d0c0b0a090807060504030201");
    let identifier = [&[0, 0][..], hash.as_bytes(), &token].concat();
    let caveats = ["services=lightning_loop:0", "lightning_loop_capabilities="];
    let macaroon = mint(&[0; 32], &identifier, "lsat", &caveats);
    assert_eq!(
        macaroon.to_base64(),
        "AgEEbHNhdAJCAABjDc0pZsQzZpESVEi7sltP9BKknHMtssirwbhYG9cQ3SAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQgHBgUEAwIBAAIZ\
         c2VydmljZXM9bGlnaHRuaW5nX2xvb3A6MAACHGxpZ2h0bmluZ19sb29wX2NhcGFiaWxpdGllcz0AAAYgMiarmn0cUg3ajQApOZNdcY1G\
         LsOYaL+0K4CXCWlS/ow="
    );
    let paid = common::attenuate(macaroon, [format!("preimage={preimage}")]);
    assert_eq!(signature_of(&paid), "57e954e3a2172b750a75fefa45426282a9604ca69af52f8403fd566e5aa8d3c9");
}

/// The Loop example of macaroon-spec, with the derived key that the text leaves out.
#[test]
fn vector_6_is_the_chain_of_the_loop_example() {
    let identifier =
        hex("0000163102a9c88fa4ec9ac9937b6f070bc3e27249a81ad7a05f398ac5d7d16f7beafed74b3ef24820f440601eff\
                          5bfb42bef4d615c4948cec8aca3cb15bd23f1013");
    let steps = [
        ("services=lightning_loop:0", "7da769c51c9eb38ab72b4fc04245595c8b8bcab45c7d0ca541b64cd452b8fc7c"),
        (
            "lightning_loop_capabilities=loop_out,loop_in",
            "cdfe80cd8d2047e4c811d0a673b186e2eeaff95a27e732c498fe9e686c71fb74",
        ),
        (
            "loop_out_monthly_volume_sats=200000000",
            "22a5bd6ce419c5b238cb650b936a30db383cbb89a150107ba0989c066282fcd1",
        ),
        (
            "lightning_loop_capabilities=loop_in",
            "960432458eece521c0429b2f3bdfc5eeacf961eca84f3f2f9317e133f11241d4",
        ),
        (
            "loop_in_monthly_volume_sats=100000000",
            "f55cc6ff0d8613d7ec2a142430642dabc07558869bb167e5df10110e9428eb63",
        ),
    ];
    let mut macaroon = mint(&[0; 32], &identifier, "lsat", &[]);
    for (caveat, signature) in steps {
        macaroon = macaroon.attenuate(caveat.as_bytes()).unwrap();
        assert_eq!(signature_of(&macaroon), signature, "after {caveat}");
    }
}

#[test]
fn vector_7_is_a_challenge_that_a_real_server_sent() {
    let value = concat!(
        r#"LSAT macaroon="AgEEbHNhdAJCAAAwpHpumws6ufQoDwiTLNcge0QPUIWA0+tVY+tKPYAJ/zSfmEGlIpNm3VzxuzCqLhEp5KGiyPLU"#,
        r#"M9L+kcB7uzS+AAIPc2VydmljZXM9bWVtZTowAAISbWVtZV9jYXBhYmlsaXRpZXM9AAAGILA1VCEIExukt4nG+XR9tX8WJ2BVMiHG3UNt"#,
        r#"1uYJ+NRD", invoice="lnbcrt100n1p3qqkygpp5xzj85m5mpvatnapgpuyfxtxhypa5gr6sskqd8664v04550vqp8lsdq8f3f5z4qcq"#,
        r#"zpgsp5tpzvsq5pckqgln3ltpy3e9cf6tf2aj82ffa2tted77ltweuaweks9qyyssq0w5da3k40wtdukac7hp5s58hsxf8k8f52c5qneez"#,
        r#"u4xg3xh87xrnkl5jwtw098d2gjywx20nmkxl2y4vq9fr89kg5kzcwupv9xpdaggp4fc4ms""#,
    );
    let challenge = ChallengeRef::parse_all(value.as_bytes(), &Limits::default()).next().unwrap().unwrap();
    assert!(challenge.invoice.starts_with("lnbcrt100n1p3qqkyg") && challenge.invoice.ends_with("p4fc4ms"));

    let bytes = base64(challenge.macaroon);
    let macaroon = decode(&bytes);
    assert_eq!(macaroon.location(), b"lsat");
    let identifier = Identifier::decode(macaroon.identifier()).unwrap();
    assert_eq!(
        identifier.payment_hash.to_string(),
        "30a47a6e9b0b3ab9f4280f08932cd7207b440f508580d3eb5563eb4a3d8009ff"
    );
    let caveats: Vec<_> = macaroon.caveats().map(|caveat| caveat.condition().unwrap()).collect();
    assert_eq!(caveats, [("services", "meme:0"), ("meme_capabilities", "")]);
}

/// The second dialect of the same source: the identifier is the hex text of the 66 bytes, the base64 URL-safe
/// without padding, and the parameters are parted by a space or by a comma alone. A client must be able to send
/// such a token back; a server that never issued it must refuse it.
#[test]
fn vector_7_in_the_dialect_with_hex_identifiers() {
    let preimage: Preimage =
        "2ca931a1c36b48f54948b898a271a53ed91ff7d0081939a5fa511249e81cba5c".parse().unwrap();
    let hash = preimage.payment_hash().to_string();
    assert_eq!(hash, "7cef93f2c51aa65208bec1447fc38fc58d9bce1375a532edb0dcd290a2c330ae");

    let identifier = format!("0000{hash}{}", "5a".repeat(32));
    let macaroon = mint(b"key", identifier.as_bytes(), "boltwall", &["expiration=1577228778197"]);
    let text = base64_simd::URL_SAFE_NO_PAD.encode_to_string(macaroon.as_bytes());
    for separator in [" ", ","] {
        let value = format!(r#"LSAT macaroon="{text}"{separator}invoice="lntb10u1""#);
        let challenge =
            ChallengeRef::parse_all(value.as_bytes(), &Limits::default()).next().unwrap().unwrap();
        assert_eq!((challenge.macaroon, challenge.invoice), (&text[..], "lntb10u1"));
    }
    let value = l402_core::header::credential_header_value(l402_core::header::Scheme::L402, &text, &preimage);
    assert_eq!(
        common::read(value.as_bytes(), |_| ()),
        Err(CredentialError::Identifier(IdentifierError::Length))
    );
}

#[test]
fn vector_9_has_an_identifier_of_version_1_and_is_refused() {
    let text = "AgENdGVzdF9sb2NhdGlvbgJCAAE4yq2-D2ES2bY46a4kM49-m9kwozhxANp3ZkTlaWXJwXZyiJia75BF20Jgzr50S8IDiA_VZxeAu-aZ\
                2bjvAUgXAAAGIAV6MZ639CiOsOnQBNLRoonQIQkYd4KMPJDYlYFWmp-L";
    let bytes = base64(text);
    let macaroon = decode(&bytes);
    assert_eq!(macaroon.location(), b"test_location");
    assert_eq!(Identifier::decode(macaroon.identifier()), Err(IdentifierError::Version));
    let value = format!("L402 {text}:{}", "00".repeat(32));
    assert_eq!(
        common::read(value.as_bytes(), |_| ()),
        Err(CredentialError::Identifier(IdentifierError::Version))
    );
}

const THIRD_PARTY_KEY: &[u8] = b"this is a different super-secret key; never use the same secret twice";

/// The location of the caveat is not part of the vector; the signature does not cover it.
#[test]
fn vector_10_has_a_third_party_caveat() {
    let verification_id = base64(
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA027FAuBYhtHwJ58FX6UlVNFtFsGxQHS7uD_w_dedwv4Jjw7UorCREw5rXbRqIKhr",
    );
    let bytes = RawMacaroon::v2()
        .field(LOCATION, b"http://mybank/")
        .field(common::IDENTIFIER, b"we used our other secret key")
        .end()
        .field(common::IDENTIFIER, b"account = 3735928559")
        .end()
        .field(LOCATION, b"http://auth.mybank/")
        .field(common::IDENTIFIER, b"this was how we remind auth of key/pred")
        .field(VERIFICATION_ID, &verification_id)
        .end()
        .end()
        .field(SIGNATURE, &hex("d27db2fd1f22760e4c3dae8137e2d8fc1df6c0741c18aed4b97256bf78d1f55c"))
        .build();
    let macaroon = decode(&bytes);
    assert!(macaroon.is_signed_by(&RootKey::new(THIRD_PARTY_KEY).unwrap()));

    let caveat = macaroon.caveats().nth(1).unwrap();
    assert_eq!(caveat.id(), b"this was how we remind auth of key/pred");
    assert_eq!(caveat.third_party().unwrap().verification_id(), verification_id);
    assert_eq!(caveat.third_party().unwrap().location(), b"http://auth.mybank/");
    assert_eq!(caveat.condition(), None);
    assert_eq!(macaroon.to_owned().as_bytes(), bytes);
}

/// The V1 vectors: the chain is the same, the packets are not read.
#[test]
fn vector_10_in_the_first_format() {
    let macaroon = mint(b"this is the key", b"keyid", "http://example.org/", &[]);
    assert_eq!(signature_of(&macaroon), "7cdee792511c5bc6f528485805dfe9b24e785e28e2a99301f9d711c609e38ef7");
    let longer = common::attenuate(macaroon, ["account = 3735928559"]);
    assert_eq!(signature_of(&longer), "f54807f6dc6edf88bf0f7306b3822562a362533dbf7339ba61765da4bd259d87");

    let v1 = b"0021location http://example.org/\n0015identifier keyid\n002fsignature 0123456789abcdef0123456789abcdef\n";
    for bytes in [&v1[..], br#"{"v":2,"i":"keyid","s64":"AAAA"}"#] {
        assert!(matches!(MacaroonRef::decode(bytes, &Limits::default()), Err(MacaroonDecodeError::Version)));
    }
}

#[test]
fn vector_11_splits_caveats_at_the_first_equals_sign() {
    let cases = [
        ("expiration=1337", Some(("expiration", "1337"))),
        ("expiration=1337=", Some(("expiration", "1337="))),
        ("expiration:1337", None),
        ("services=a:0,b:1,c:0", Some(("services", "a:0,b:1,c:0"))),
        ("services = a:0", Some(("services ", " a:0"))),
        ("=", Some(("", ""))),
        ("", None),
    ];
    for (text, expected) in cases {
        let macaroon = mint(b"key", b"id", "", &[text]);
        let macaroon = macaroon.as_macaroon_ref();
        assert_eq!(macaroon.caveats().next().unwrap().condition(), expected, "{text:?}");
    }
}

#[test]
fn vector_11_with_the_last_byte_of_the_signature_zeroed_does_not_verify() {
    let macaroon = mint(REFERENCE_KEY, b"AA==", "aperture", &[]);
    let key = RootKey::new(REFERENCE_KEY).unwrap();
    let mut bytes = macaroon.as_bytes().to_vec();
    assert!(decode(&bytes).is_signed_by(&key));
    *bytes.last_mut().unwrap() = 0;
    assert!(!decode(&bytes).is_signed_by(&key));
}

#[test]
fn vector_12_lists_challenges_that_are_none() {
    let cases = [
        (r#"L402 invoice="lnbc1""#, Some(ChallengeParseError::MissingMacaroon)),
        (r#"L402 macaroon="AgEE""#, Some(ChallengeParseError::MissingInvoice)),
        (r#"L402 macaroon="", invoice="lnbc1""#, Some(ChallengeParseError::MissingMacaroon)),
        (r#"L402 macaroon="AgEE", invoice="""#, Some(ChallengeParseError::MissingInvoice)),
        (r#"Bearer realm="api", error="invalid_token""#, None),
        ("", None),
        ("garbage", None),
        ("L402", Some(ChallengeParseError::MissingMacaroon)),
        ("=,;:", Some(ChallengeParseError::Syntax)),
    ];
    for (value, expected) in cases {
        let found = ChallengeRef::parse_all(value.as_bytes(), &Limits::default()).next();
        assert_eq!(found.map(|challenge| challenge.unwrap_err()), expected, "{value}");
    }
    // The form with `token` only is what the text of 2026 asks for, so it is read, too.
    let value = br#"L402 version="0", token="AgEE", invoice="lnbc1""#;
    assert!(ChallengeRef::parse_all(value, &Limits::default()).next().unwrap().is_ok());
    // What stands in the two parameters is looked at later, by those who use it.
    let value = br#"L402 macaroon="not-base64***", invoice="not-a-bolt11-invoice""#;
    let challenge = ChallengeRef::parse_all(value, &Limits::default()).next().unwrap().unwrap();
    assert_eq!((challenge.macaroon, challenge.invoice), ("not-base64***", "not-a-bolt11-invoice"));
}

/// macaroon-spec leaves out the key generator. Its digests are those of the literal text or of nothing at all.
#[test]
fn the_published_chain_does_not_match() {
    let caveats = ["account = 12345", "valid_until = 1700000000"];
    let literal = ["b71df975", "64a6168c", "c35d0f79"];
    let derived = ["39928649", "7cbc8f0b", "2f4222d5"];
    let printed = ["3c5d", "8a2f", "b71c"];

    let mut macaroon = mint(&[0; 32], b"example-id", "", &[]);
    let mut by_the_text = hmac(&[0; 32], b"example-id");
    for step in 0..3 {
        let signature = signature_of(&macaroon);
        assert!(signature.starts_with(derived[step]), "step {step}");
        assert!(to_hex(&by_the_text).starts_with(literal[step]), "step {step}");
        assert!(!signature.starts_with(literal[step]) && !signature.starts_with(printed[step]));

        let forged = RawMacaroon::v2().field(common::IDENTIFIER, b"example-id").end();
        let forged = caveats[..step]
            .iter()
            .fold(forged, |macaroon, caveat| macaroon.field(common::IDENTIFIER, caveat.as_bytes()).end());
        let forged = forged.end().field(SIGNATURE, &by_the_text).build();
        assert!(!decode(&forged).is_signed_by(&RootKey::new(&[0; 32]).unwrap()), "step {step}");

        if let Some(caveat) = caveats.get(step) {
            macaroon = macaroon.attenuate(caveat.as_bytes()).unwrap();
            by_the_text = hmac(&by_the_text, caveat.as_bytes());
        }
    }
}

/// macaroon-spec's table of tags and its example, which no implementation reads.
#[test]
fn the_published_tags_are_refused() {
    let signature = [0x5a; 32];
    let header = || RawMacaroon::v2().field(2, b"test-id").end();
    let caveat = |raw: RawMacaroon| raw.field(1, b"account=12345").field(2, b"").end();
    let cases = [
        // The printed example, with its length of 14 for 13 bytes.
        header().bytes(b"\x01\x0eaccount=12345").bytes(&[2, 0, 0]).field(6, &signature).end(),
        // The same with the right length.
        caveat(header()).field(6, &signature).end(),
        caveat(header()).end().field(6, &signature),
        // Location under 6, or a caveat location under 5.
        RawMacaroon::v2().field(6, b"lsat").field(2, b"test-id").end().end().field(6, &signature),
        header().field(5, b"here").field(1, b"account=12345").end().end().field(6, &signature),
        // No caveats: the list is not ended, but the whole is.
        header().field(6, &signature).end(),
        header().end().field(6, &signature).end(),
    ];
    for (index, case) in cases.into_iter().enumerate() {
        let bytes = case.build();
        assert!(MacaroonRef::decode(&bytes, &Limits::UNLIMITED).is_err(), "case {index}");
    }
}

/// The credential of the published protocol text: 30 characters that are no base64 of anything.
#[test]
fn the_published_credential_is_refused() {
    let value = "L402 AGIAJEemVQUTEyNCR0exk7ek90Cg==:1234abcd1234abcd1234abcd";
    assert_eq!(common::read(value.as_bytes(), |_| ()), Err(CredentialError::Preimage));
    let value = format!("L402 AGIAJEemVQUTEyNCR0exk7ek90Cg==:{}", "00".repeat(32));
    assert_eq!(common::read(value.as_bytes(), |_| ()), Err(CredentialError::Base64));
}
