//! What must not be printed, and what must not be compared byte by byte.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use std::fmt::{Debug, Display};
use std::fs;
use std::path::Path;

use common::{attenuate, base64_dialects, to_hex};
use l402_core::header::{Challenge, ChallengeRef, CredentialRef, Scheme, credential_header_value};
use l402_core::ports::{IssuedKey, PayOutcome, Payment, Settlement};
use l402_core::verify::{Authentic, Paid};
use l402_core::{
    Identifier, Limits, Macaroon, MacaroonRef, MasterKey, Preimage, RootKey, TokenId, Unverified,
};

/// Thirty-two bytes that look like nothing else, a different set for each `seed`.
fn secret(seed: u8) -> [u8; 32] {
    std::array::from_fn(|index| (index as u8).wrapping_mul(37).wrapping_add(seed))
}

/// Asserts that no six bytes in a row of any secret are in the text, however they may be written.
#[track_caller]
fn assert_hidden(text: &str, secrets: &[&[u8]]) {
    assert!(!text.is_empty());
    for window in secrets.iter().flat_map(|secret| secret.windows(6)) {
        let hex = to_hex(window);
        let decimal: Vec<_> = window.iter().map(ToString::to_string).collect();
        let spaced: Vec<_> = window.iter().map(|byte| to_hex(&[*byte])).collect();
        let mut forms = vec![hex.to_uppercase(), hex, spaced.join(", "), decimal.join(", ")];
        forms.push(decimal.join(",\n    "));
        forms.extend(base64_dialects(window));
        forms.extend(std::str::from_utf8(window).ok().map(str::to_owned));
        for form in forms {
            assert!(!text.contains(&form), "{form} in {text}");
        }
    }
}

#[track_caller]
fn assert_debug_hides(value: &impl Debug, secrets: &[&[u8]]) {
    assert_hidden(&format!("{value:?}"), secrets);
    assert_hidden(&format!("{value:#?}"), secrets);
}

#[test]
fn the_check_itself_finds_a_leak() {
    let secret = secret(1);
    for leak in [to_hex(&secret), format!("{secret:?}"), format!("{secret:#?}"), format!("{secret:02x?}")] {
        assert!(std::panic::catch_unwind(|| assert_hidden(&leak, &[&secret])).is_err(), "{leak}");
    }
    for text in base64_dialects(&secret) {
        assert!(std::panic::catch_unwind(|| assert_hidden(&text, &[&secret])).is_err());
    }
}

#[test]
fn keys_and_preimages_print_nothing_of_themselves() {
    let bytes = secret(1);
    let preimage = Preimage::from_bytes(bytes);
    assert_debug_hides(&preimage, &[&bytes]);
    assert_debug_hides(&Payment::new(preimage.clone(), None), &[&bytes]);
    assert_debug_hides(&PayOutcome::Paid(Payment::new(preimage.clone(), None)), &[&bytes]);
    assert_debug_hides(&Settlement::Settled { preimage: Some(preimage), settled_at: None }, &[&bytes]);

    let root_key = RootKey::new(&bytes).unwrap();
    let chain_key = common::hmac(b"macaroons-key-generator", &bytes);
    assert_debug_hides(&root_key, &[&bytes, &chain_key]);
    assert_debug_hides(&IssuedKey::new(TokenId::from_bytes(secret(2)), root_key), &[&bytes, &chain_key]);
    assert_debug_hides(&MasterKey::from_bytes(bytes), &[&bytes]);
}

/// One sale whose every secret is known to the test.
struct Sale {
    preimage: [u8; 32],
    key: RootKey,
    macaroon: Macaroon,
}

fn sale() -> Sale {
    let preimage = Preimage::from_bytes(secret(3));
    let master = MasterKey::from_bytes(secret(4));
    let token_id = TokenId::sealing(master.id(), secret(5));
    let key = master.root_key(&token_id);
    let id = Identifier { payment_hash: preimage.payment_hash(), token_id };
    let macaroon = Macaroon::new(&key, &id.to_bytes(), b"lsat").unwrap();
    let macaroon = attenuate(macaroon, [format!("preimage={}", preimage.expose_hex())]);
    Sale { preimage: secret(3), key, macaroon }
}

#[test]
fn macaroons_print_neither_signature_nor_caveats() {
    let Sale { preimage, macaroon, .. } = sale();
    let viewed = macaroon.as_macaroon_ref();
    let preimage_text = to_hex(&preimage);
    let secrets = [&preimage[..], preimage_text.as_bytes(), viewed.signature()];
    assert_debug_hides(&macaroon, &secrets);
    assert_debug_hides(&viewed, &secrets);
    assert_debug_hides(&viewed.caveats(), &secrets);
    assert_debug_hides(&viewed.caveats().next(), &secrets);
}

#[test]
fn every_step_of_verification_prints_nothing_secret() {
    let Sale { preimage, key, macaroon } = sale();
    let preimage_text = to_hex(&preimage);
    let text = macaroon.to_base64();
    let secrets =
        [&preimage[..], preimage_text.as_bytes(), text.as_bytes(), macaroon.as_macaroon_ref().signature()];

    let value = credential_header_value(Scheme::L402, &text, &Preimage::from_bytes(preimage));
    let limits = Limits::default();
    let mut found = CredentialRef::parse_all(value.as_bytes(), &limits);
    assert_debug_hides(&found, &secrets);
    let credential = found.next().unwrap().unwrap();
    assert_debug_hides(&credential, &secrets);

    let mut buffer = Vec::new();
    let unverified = credential.decode_into(&mut buffer, &limits).unwrap();
    assert_debug_hides(&unverified, &secrets);
    let authentic = unverified.authenticate(&[key]).unwrap();
    assert_debug_hides(&authentic, &secrets);
    let paid = authentic.prove_payment().unwrap();
    assert_debug_hides(&paid, &secrets);
}

/// The other half of a paid credential is known to every node that passed the payment on.
#[test]
fn challenges_print_nothing_of_the_macaroon() {
    let Sale { macaroon, .. } = sale();
    let text = macaroon.to_base64();
    let signature = *macaroon.as_macaroon_ref().signature();
    let secrets = [text.as_bytes(), &signature];

    let challenge = Challenge::new(macaroon, "lnbc1invoice".to_owned()).unwrap();
    assert_debug_hides(&challenge, &secrets);
    let value = challenge.to_header_value();
    let limits = Limits::default();
    let mut found = ChallengeRef::parse_all(value.as_bytes(), &limits);
    assert_debug_hides(&found, &secrets);
    let read = found.next().unwrap().unwrap();
    assert_debug_hides(&read, &secrets);
    assert!(format!("{read:?}").contains("lnbc1invoice"), "the invoice is no secret, and helps");
}

#[test]
fn errors_print_nothing_of_the_input() {
    let Sale { preimage, macaroon, .. } = sale();
    let preimage_text = to_hex(&preimage);
    let text = macaroon.to_base64();
    let values = [
        format!("{text}:{preimage_text}"),
        format!("L402 {text}:{preimage_text}0"),
        format!("L402 !{text}:{preimage_text}"),
        format!("L402 {text}:{preimage_text}, L402 ="),
        format!("L402 macaroon=\"{text}\", preimage=\"{preimage_text}\\\""),
    ];
    for value in values {
        let error = common::count(value.as_bytes()).unwrap_err();
        let secrets = [preimage_text.as_bytes(), text.as_bytes()];
        assert_debug_hides(&error, &secrets);
        assert_hidden(&error.to_string(), &secrets);
    }
    let error = preimage_text[1..].parse::<Preimage>().unwrap_err();
    assert_debug_hides(&error, &[preimage_text.as_bytes()]);
}

/// Fails to compile when the type has the trait: the call below is then ambiguous.
macro_rules! assert_not_impl {
    ($($type:ty),+ => $trait:path) => {$({
        trait AmbiguousIf<Marker> {
            fn check() {}
        }
        struct Implemented;
        impl<T: ?Sized> AmbiguousIf<()> for T {}
        impl<T: ?Sized + $trait> AmbiguousIf<Implemented> for T {}
        <$type as AmbiguousIf<_>>::check();
    })+};
}

#[test]
fn secrets_have_neither_a_text_nor_a_comparison() {
    assert_not_impl!(Preimage, RootKey, MasterKey, CredentialRef<'_> => Display);
    assert_not_impl!(Unverified<'_>, Authentic<'_>, Paid<'_>, Macaroon, MacaroonRef<'_> => Display);
    assert_not_impl!(Preimage, RootKey, MasterKey, CredentialRef<'_> => PartialEq);
    assert_not_impl!(Unverified<'_>, Authentic<'_>, Paid<'_>, MacaroonRef<'_> => PartialEq);
}

/// The comparisons that the code around secrets may make, all of them of public values: lengths, tags, digits of
/// lengths, payment hashes. Anything else must go through `ct_eq` or, for 32 bytes, `ct_eq_32`.
///
/// `caveat` is not looked at: what it compares with `==` is the hash of a preimage that the sender chose
/// with a payment hash that stands in the token. Both are public.
const ALLOWED: [(&str, &[&str]); 13] = [
    (
        "verify.rs",
        &[
            "if other_hash != payment_hash {",
            "if keys.len() != 1 + self.others().len() {",
            "&& self.others().len() == other.others().len()",
            "&& self.discharges().len() == other.discharges().len()",
            "|discharge| discharge.identifier() == caveat.id())",
        ],
    ),
    ("proof.rs", &[]),
    ("codec.rs", &["if text.len() != 2 * out.len() {"]),
    ("macaroon/any.rs", &[]),
    ("macaroon/chain.rs", &[]),
    (
        "macaroon/discharge.rs",
        &["|other| other.identifier == caveat.id())", "discharge, _))| discharge.identifier == caveat.id())"],
    ),
    ("macaroon/error.rs", &[]),
    ("macaroon/json.rs", &["byte == b'{'"]),
    ("macaroon/mod.rs", &[]),
    ("macaroon/secretbox.rs", &[]),
    ("macaroon/third_party.rs", &[]),
    ("macaroon/v1.rs", &["self.key == key", "|byte| *byte == b' ');"]),
    (
        "macaroon/v2.rs",
        &[
            "|tag| *tag != END_OF_SECTION)",
            "if rest.first() != Some(&tag) {",
            "if *found != tag {",
            "if byte & 0x80 == 0 {",
            "index > 0 && *byte == 0;",
            "index == 4 && *byte > 0x07;",
            "if bits == 0 {",
        ],
    ),
];

#[test]
fn secret_bytes_are_compared_in_constant_time_only() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for (file, allowed) in ALLOWED {
        let text = fs::read_to_string(source.join(file)).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap();
        let comparisons: Vec<&str> = code
            .lines()
            .map(str::trim)
            .filter(|line| !line.starts_with("//"))
            .filter(|line| line.contains("==") || line.contains("!="))
            .collect();
        for comparison in &comparisons {
            assert!(allowed.iter().any(|known| comparison.contains(known)), "{file}: {comparison}");
        }
        assert_eq!(comparisons.len(), allowed.len(), "{file}: the list is out of date");
    }
    // All of the directory is looked at, and a derived comparison of macaroons would be none in constant time.
    let files = fs::read_dir(source.join("macaroon")).unwrap().count();
    assert_eq!(files, ALLOWED.iter().filter(|(file, _)| file.starts_with("macaroon/")).count());
    let macaroon = fs::read_to_string(source.join("macaroon/mod.rs")).unwrap();
    assert!(macaroon.contains("#[derive(Clone)]\npub struct Macaroon {"));
    let calls = |text: &str| text.matches(".ct_eq(").count() + text.matches("ct_eq_32(").count();
    assert_eq!(calls(&macaroon), 2, "the signature, and macaroons as a whole");
    let verify = fs::read_to_string(source.join("verify.rs")).unwrap();
    assert_eq!(calls(&verify), 1, "macaroons");
    let proof = fs::read_to_string(source.join("proof.rs")).unwrap();
    assert_eq!(calls(&proof), 1, "the preimage with the payment");
    let discharge = fs::read_to_string(source.join("macaroon/discharge.rs")).unwrap();
    assert_eq!(calls(&discharge), 2, "the signature of the root, and of a discharge");
    let secretbox = fs::read_to_string(source.join("macaroon/secretbox.rs")).unwrap();
    assert_eq!(calls(&secretbox), 1, "the tag");
}
