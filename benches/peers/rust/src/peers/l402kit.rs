//! The crate `l402kit`, whose tokens have no HMAC.

use l402kit::verify_token;

use super::{Form, Peer, locked};

pub(super) fn peer<'a>() -> Peer<'a> {
    Peer {
        name: "l402kit (Rust)",
        language: "Rust",
        version: locked("l402kit"),
        verifies: &["preimage", "expiry by the clock", "no HMAC", "no caveats"],
        form: Form::L402kit,
        verify: Box::new(|header| header.strip_prefix("L402 ").is_some_and(verify_token)),
    }
}
