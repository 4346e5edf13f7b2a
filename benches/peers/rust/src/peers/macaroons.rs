//! The crate `macaroons`, over libsodium. It reads V1 only, and decodes the base64 itself.

use macaroons::token::Token;
use macaroons::v1::V1Token;
use macaroons::verifier::ByteFunc;

use super::{Form, Peer, is_paid, is_satisfied, locked, split};

pub(super) fn peer<'a>(key: [u8; 32], now: u64) -> Peer<'a> {
    let verify = move |header: &str| {
        let (macaroon, preimage) = split(header)?;
        let token = V1Token::deserialize(macaroon.as_bytes().to_vec()).ok()?;
        if !is_paid(&token.identifier, &preimage) {
            return None;
        }
        token.verify(&key, ByteFunc(|caveat: &[u8]| is_satisfied(caveat, now))).ok()
    };
    Peer {
        name: "macaroons",
        language: "Rust",
        version: locked("macaroons"),
        verifies: &["preimage (by us)", "HMAC chain", "caveats", "V1 form only"],
        form: Form::V1,
        verify: Box::new(move |header| verify(header).is_some()),
    }
}
