//! V2 bytes: what is accepted is written in one way, is within the limits, and is the same in every other format.

#![no_main]

use l402_core::{Identifier, Limits, Macaroon, MacaroonFormat, MacaroonRef};
use l402_core_fuzz::{assert_same, assert_within, check_macaroon, key};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(identifier) = Identifier::decode(data) {
        assert_eq!(identifier.to_bytes()[..], *data);
    }
    let _ = Identifier::decode_any(data);

    let limits = Limits::default();
    let limited = MacaroonRef::decode(data, &limits);
    let Ok(macaroon) = MacaroonRef::decode(data, &Limits::UNLIMITED) else {
        assert!(limited.is_err(), "limits only refuse");
        return;
    };
    if let Ok(limited) = limited {
        assert_same(&limited, &macaroon);
        assert_within(&limited, &limits);
    }
    assert_eq!(macaroon.as_bytes(), data);
    assert_eq!(macaroon.to_owned().as_bytes(), data);
    check_macaroon(&macaroon.to_owned());
    let any = Macaroon::decode_any(data, &Limits::UNLIMITED);
    assert_eq!(any, Ok((macaroon.to_owned(), MacaroonFormat::V2)));
    let _ = macaroon.is_signed_by(&key());
    let _ = macaroon.verify_discharged(&key(), &[macaroon]);
    for caveat in macaroon.caveats() {
        if let Some((name, value)) = caveat.condition() {
            assert_eq!(format!("{name}={value}").as_bytes(), caveat.id());
        }
    }
});
