//! V1 packets, as they are and with their lengths put right: what is accepted is written in one way up to empty
//! locations, and is the same macaroon in V2.

#![no_main]

use l402_core::{Limits, Macaroon, MacaroonFormat};
use l402_core_fuzz::{assert_within, check_macaroon, packet, to_v1};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    check(data);
    // Each piece becomes a packet, since guessing a length takes long.
    let pieces = data.split(|byte| *byte == 0xff).map(|piece| {
        let space = piece.iter().position(|byte| *byte == b' ').unwrap_or(piece.len());
        let key = std::str::from_utf8(&piece[..space]).unwrap_or("cid");
        packet(key, piece.get(space + 1..).unwrap_or_default())
    });
    check(&pieces.collect::<Vec<_>>().concat());
});

fn check(bytes: &[u8]) {
    let limits = Limits::default();
    let limited = Macaroon::decode_any(bytes, &limits);
    let Ok((macaroon, format)) = Macaroon::decode_any(bytes, &Limits::UNLIMITED) else {
        assert!(limited.is_err(), "limits only refuse");
        return;
    };
    check_macaroon(&macaroon);
    if let Ok((limited, _)) = limited {
        assert_within(&limited.as_macaroon_ref(), &limits);
        assert_eq!(limited, macaroon);
    }
    if format == MacaroonFormat::V1 {
        let view = macaroon.as_macaroon_ref();
        // Every caveat may have an empty location written or not, so only whole styles are compared.
        let empty =
            view.caveats().filter_map(|caveat| caveat.third_party()).filter(|it| it.location().is_empty());
        if empty.count() <= 1 {
            assert!(to_v1(&view).iter().any(|written| written == bytes));
        }
        for byte in [0, b'\n', b'0'] {
            assert!(Macaroon::decode_any(&[bytes, &[byte]].concat(), &Limits::UNLIMITED).is_err());
        }
    }
}
