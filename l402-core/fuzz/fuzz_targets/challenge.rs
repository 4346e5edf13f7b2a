//! Values of `WWW-Authenticate`: what is read, written again, is read as the same.

#![no_main]

use l402_core::header::{Challenge, ChallengeParseError, ChallengeRef};
use l402_core::{Limits, Macaroon};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    let found: Vec<_> = ChallengeRef::parse_all(data, &limits).collect();
    assert_eq!(found.contains(&Err(ChallengeParseError::TooLong)), data.len() > limits.header_bytes);
    assert!(found.len() <= data.len());
    assert!(found.iter().rev().skip(1).all(Result::is_ok), "an error is the end");
    if data.len() > limits.header_bytes {
        return;
    }
    let behind_another = [b"Basic YQ==, ", data].concat();
    assert!(ChallengeRef::parse_all(&behind_another, &Limits::UNLIMITED).eq(found.iter().copied()));

    for challenge in found.into_iter().flatten() {
        assert!(is_part_of(challenge.macaroon, data) && is_part_of(challenge.invoice, data));
        assert!(!challenge.macaroon.is_empty() && !challenge.invoice.is_empty());
        check_written_again(&challenge);
    }
});

fn is_part_of(text: &str, whole: &[u8]) -> bool {
    whole.as_ptr_range().contains(&text.as_ptr())
}

fn check_written_again(challenge: &ChallengeRef<'_>) {
    let ChallengeRef { scheme, macaroon, invoice, .. } = challenge;
    // A backslash stands for itself in a bare value only.
    let quoted = |text: &str| if text.contains('\\') { text.to_owned() } else { format!("\"{text}\"") };
    let value = format!("{scheme} macaroon={}, invoice={}", quoted(macaroon), quoted(invoice));
    let again = only(&value);
    assert_eq!((again.scheme, again.macaroon, again.invoice), (*scheme, *macaroon, *invoice));

    let Ok(decoded) = Macaroon::from_base64(macaroon, &Limits::default()) else { return };
    let written = Challenge::new(decoded.clone(), (*invoice).to_owned());
    assert_eq!(written.is_ok(), invoice.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let Ok(written) = written else { return };
    for value in written.to_aperture_header_values().into_iter().chain([written.to_header_value()]) {
        let again = only(&value);
        assert_eq!(Macaroon::from_base64(again.macaroon, &Limits::default()).as_ref(), Ok(&decoded));
        assert_eq!(again.invoice, *invoice);
    }
}

fn only(value: &str) -> ChallengeRef<'_> {
    let mut found = ChallengeRef::parse_all(value.as_bytes(), &Limits::UNLIMITED);
    let challenge = found.next().unwrap().unwrap();
    assert!(found.next().is_none());
    challenge
}
