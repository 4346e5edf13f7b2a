//! This workspace, with the root key given: it derives none.

use l402_core::Limits;

use super::{Form, Peer, locked};
use crate::work::{Keys, verify};

pub(super) fn peer<'a>() -> Peer<'a> {
    let limits = Limits::default();
    let mut buffer = Vec::with_capacity(1024);
    Peer {
        name: "l402-core",
        language: "Rust",
        version: locked("l402-core"),
        verifies: &["preimage", "HMAC chain", "caveats", "that repeated caveats only narrow", "size limits"],
        form: Form::V2,
        verify: Box::new(move |header| {
            verify(&Keys::Given, &limits, header.as_bytes(), &mut buffer).is_some()
        }),
    }
}
