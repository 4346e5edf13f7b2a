//! The crate `l402_middleware`: its own parser, and the verification that its Rocket fairing is documented with.

use l402_bench_peers::fixture::{Fixture, NOW};
use l402_bench_peers::peers::{Form, Peer, secret, version_in};
use l402_middleware::l402::verify_l402_with_verifier;
use l402_middleware::utils::parse_l402_header;
use macaroon::{ByteString, Verifier};

/// The implementation, alone in a list.
#[must_use]
pub fn peers(fixture: &Fixture) -> Vec<Peer<'_>> {
    let key = secret(fixture);
    vec![Peer {
        name: "l402_middleware",
        language: "Rust",
        version: version_in(include_str!("../Cargo.lock"), "l402_middleware"),
        verifies: &["preimage", "HMAC chain", "caveats"],
        form: Form::V2,
        verify: Box::new(move |header| verify(header, &key).is_some()),
    }]
}

fn verify(header: &str, key: &[u8]) -> Option<()> {
    let (macaroon, preimage) = parse_l402_header(header).ok()?;
    let mut verifier = Verifier::default();
    verifier.satisfy_exact("services=api:0".into());
    verifier.satisfy_exact("api_capabilities=read".into());
    verifier.satisfy_general(is_in_time);
    verify_l402_with_verifier(&macaroon, &mut verifier, key.to_vec(), preimage).ok()
}

fn is_in_time(ByteString(caveat): &ByteString) -> bool {
    let end = caveat.strip_prefix(b"api_valid_until=").and_then(|end| str::from_utf8(end).ok());
    end.and_then(|end| end.parse::<u64>().ok()).is_some_and(|end| NOW < end)
}
