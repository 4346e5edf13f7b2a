//! Values of `Authorization`: what is read, written again in every form, is the same credential; and so is one
//! built of whatever macaroon the bytes are.

#![no_main]

use l402_core::header::{CredentialError, CredentialRef, Scheme, credential_header_value};
use l402_core::{Limits, Macaroon, MacaroonRef, Preimage, RequestContext, UnknownCaveats, Unverified};
use l402_core_fuzz::{NOW, key, preimage, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    let too_long = data.len() > limits.header_bytes;
    let errors: Vec<_> = CredentialRef::parse_all(data, &limits).filter_map(Result::err).collect();
    assert_eq!(errors.contains(&CredentialError::TooLong), too_long);
    assert!(errors.len() <= 1, "an error is the end");

    let _ = read(data, &limits, |found| {
        found.iter().for_each(look);
        if let Some((macaroons, preimage)) = split_standard(data) {
            let [credential] = found else { panic!("one credential is {}", found.len()) };
            check_forms(credential, macaroons, &preimage);
        }
    });
    check_field(data);
    check_macaroon(data);
});

/// Every question that can be asked of a credential.
fn look(credential: &Unverified<'_>) {
    let tokens = credential.token_ids().count();
    assert!((1..=4).contains(&tokens));
    assert_eq!(credential.token_ids().next(), Some(credential.token_id()));
    assert!(credential.is_same_as(credential));
    let request = RequestContext::new("GET", "/report", NOW);
    if let Ok(authentic) = credential.clone().authenticate(&vec![key(); tokens]) {
        assert_eq!(credential.screen(), Ok(()));
        let _ = authentic.prove_payment().map(|paid| paid.permit(&request, UnknownCaveats::Skip));
    }
}

/// The macaroons and the preimage of `L402 macaroons:preimage`.
fn split_standard(value: &[u8]) -> Option<(&str, Preimage)> {
    let body = std::str::from_utf8(value).ok()?.strip_prefix("L402 ")?;
    let (macaroons, preimage) = body.split_once(':')?;
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_=,".contains(&byte);
    Some((macaroons, preimage.parse().ok()?)).filter(|_| macaroons.bytes().all(is_base64))
}

/// That all forms of a credential are the same one, and that it is within the limits.
fn check_forms(credential: &Unverified<'_>, macaroons: &str, preimage: &Preimage) {
    let limits = Limits::default();
    // What a wrong preimage comes with is not looked at to its end.
    if credential.screen().is_ok() {
        let caveats = macaroons
            .split(',')
            .map(|text| Macaroon::from_base64(text, &limits).unwrap().as_macaroon_ref().caveats().count());
        assert!(caveats.sum::<usize>() <= limits.caveats);
    }

    let hex = preimage.expose_hex();
    let forms = [
        credential_header_value(Scheme::L402, macaroons, preimage),
        credential_header_value(Scheme::Lsat, macaroons, preimage),
        format!("l402 \t {macaroons}: {}  ", hex.to_uppercase()),
        format!("L402 \"{macaroons}:{hex}\""),
        format!("L402 macaroon=\"{macaroons}\", preimage=\"{hex}\""),
        format!("LSAT preimage={hex}, x=\"a:b\", token=\"{macaroons}\""),
        format!("Bearer z, L402 {macaroons}:{hex}"),
        format!("L402 {macaroons}:{hex}, Bearer z"),
    ];
    for form in forms {
        read(form.as_bytes(), &Limits::default().with_header_bytes(usize::MAX), |found| {
            let [again] = found else { panic!("one credential is {}: {form}", found.len()) };
            assert!(again.is_same_as(credential) && credential.is_same_as(again), "{form}");
        })
        .unwrap_or_else(|error| panic!("{error}: {form}"));
    }
    let twice = format!("L402 {macaroons}:{hex}, LSAT {macaroons}:{hex}");
    let same = read(twice.as_bytes(), &Limits::default().with_header_bytes(usize::MAX), |found| {
        found.len() == 2 && found[0].is_same_as(&found[1])
    });
    assert_eq!(same, Ok(true), "{twice}");
}

/// The bytes as the value of a field of its own, and as what such a field stands for.
fn check_field(data: &[u8]) {
    let limits = Limits::UNLIMITED;
    let mut buffer = Vec::new();
    if let Ok(credential) = CredentialRef::from_macaroon_field(data, &limits) {
        let _ = credential.decode_into(&mut buffer, &limits).as_ref().map(look);
    }
    let hex: String = data.iter().map(|byte| format!("{byte:02x}")).collect();
    let field = match CredentialRef::from_macaroon_field(hex.as_bytes(), &limits) {
        Ok(credential) => credential.decode_into(&mut buffer, &limits),
        Err(error) => return assert!(data.is_empty(), "{error}"),
    };
    // The same macaroon in base64 is the same credential, or the same error.
    let header = format!("L402 {}", base64_simd::STANDARD.encode_to_string(data));
    match read(header.as_bytes(), &limits, |found| found[0].is_same_as(field.as_ref().unwrap())) {
        Ok(same) => assert!(same),
        Err(error) => assert_eq!(field.err(), Some(error)),
    }
}

/// A credential of the macaroon that the bytes are, alone and with more of the same payment.
fn check_macaroon(data: &[u8]) {
    let limits = Limits::default();
    let Ok(macaroon) = MacaroonRef::decode(data, &limits) else { return };
    let longer = macaroon.to_owned().attenuate(b"a=b").unwrap();
    let list = [macaroon.to_owned(), longer].map(|macaroon| macaroon.to_base64());
    for macaroons in [&list[0], &list.join(",")] {
        let value = credential_header_value(Scheme::L402, macaroons, &preimage());
        let read = read(value.as_bytes(), &limits, |found| {
            let [credential] = found else { panic!("one credential is {}", found.len()) };
            look(credential);
            check_forms(credential, macaroons, &preimage());
            let identifier = l402_core::Identifier::decode(macaroon.identifier()).unwrap();
            assert_eq!(credential.payment_hash(), identifier.payment_hash);
            assert_eq!(credential.token_id(), identifier.token_id);
        });
        if l402_core::Identifier::decode(macaroon.identifier()).is_err() {
            assert!(read.is_err());
        }
    }
}
