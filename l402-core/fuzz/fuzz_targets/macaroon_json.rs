//! V2-JSON and texts of any kind: what is accepted says the same to another reader of JSON, and is the same in V2.

#![no_main]

use l402_core::{Limits, Macaroon, MacaroonFormat, MacaroonText};
use l402_core_fuzz::{assert_within, check_macaroon};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let limits = Limits::default();
    let read = Macaroon::decode_any(data, &Limits::UNLIMITED);
    let limited = Macaroon::decode_any(data, &limits);
    if let Ok((limited, format)) = limited {
        assert_within(&limited.as_macaroon_ref(), &limits);
        assert_eq!(read, Ok((limited, format)));
    }
    if let Ok((macaroon, format)) = &read {
        check_macaroon(macaroon);
        if *format == MacaroonFormat::V2Json {
            check_against_another_reader(data, macaroon);
        }
    }
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok((macaroon, format, written)) = Macaroon::from_text_any(text, &Limits::UNLIMITED) {
        check_macaroon(&macaroon);
        if written == MacaroonText::Plain {
            assert_eq!(read, Ok((macaroon, format)));
        }
    }
});

fn check_against_another_reader(json: &[u8], macaroon: &Macaroon) {
    let value: Value = match serde_json::from_slice(json) {
        Ok(value) => value,
        // It has limits on numbers, which we skip unread.
        Err(error) if error.to_string().contains("out of range") => return,
        Err(error) => panic!("{error}"),
    };
    let view = macaroon.as_macaroon_ref();
    assert_eq!(field(&value, "l").unwrap_or_default(), view.location());
    assert_eq!(field(&value, "i").unwrap(), view.identifier());
    assert_eq!(field(&value, "s").unwrap(), view.signature());
    let none = Vec::new();
    let caveats = value["c"].as_array().unwrap_or(&none);
    assert_eq!(caveats.len(), view.caveats().count());
    for (expected, caveat) in caveats.iter().zip(view.caveats()) {
        assert_eq!(field(expected, "i").unwrap(), caveat.id());
        let third_party = caveat.third_party();
        assert_eq!(field(expected, "v").as_deref(), third_party.map(|party| party.verification_id()));
        assert_eq!(
            field(expected, "l").unwrap_or_default(),
            third_party.map_or(&[][..], |party| party.location())
        );
    }
}

/// The value of a key or, in base64, of the key that ends in 64.
fn field(object: &Value, key: &str) -> Option<Vec<u8>> {
    let text = object[key].as_str().map(|text| text.as_bytes().to_vec());
    text.or_else(|| {
        let base64 = object[format!("{key}64")].as_str()?.trim_end_matches('=');
        let base64 = base64.replace('-', "+").replace('_', "/");
        Some(base64_simd::STANDARD_NO_PAD.decode_to_vec(base64).unwrap())
    })
}
