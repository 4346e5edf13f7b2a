//! The crate `macaroon`, over libsodium.

use macaroon::{ByteString, Macaroon, MacaroonKey, Verifier};

use super::{Form, Peer, is_in_time, is_paid, locked, split};
use crate::fixture::NOW;

pub(super) fn peer<'a>(key: [u8; 32]) -> Peer<'a> {
    macaroon::initialize().unwrap();
    let verify = move |header: &str| {
        let (macaroon, preimage) = split(header)?;
        let bytes = base64_simd::STANDARD.decode_to_vec(macaroon).ok()?;
        let macaroon = Macaroon::deserialize_binary(&bytes).ok()?;
        if !is_paid(&macaroon.identifier().0, &preimage) {
            return None;
        }
        let mut verifier = Verifier::default();
        verifier.satisfy_exact("services=api:0".into());
        verifier.satisfy_exact("api_capabilities=read".into());
        verifier.satisfy_general(|ByteString(caveat)| is_in_time(caveat, NOW)); // it takes no closure
        verifier.verify(&macaroon, &MacaroonKey::generate(&key), Vec::new()).ok()
    };
    Peer {
        name: "macaroon",
        language: "Rust",
        version: locked("macaroon"),
        verifies: &["preimage (by us)", "HMAC chain", "caveats"],
        form: Form::V2,
        verify: Box::new(move |header| verify(header).is_some()),
    }
}
