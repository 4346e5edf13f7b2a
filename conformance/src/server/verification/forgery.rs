//! A macaroon that the server did not sign as it is opens nothing.

use super::super::context::{Context, Offer, Refusal, credential, decode_macaroon};
use super::super::{SUITE, paid};
use crate::case::Source;
use crate::check::Check;
use crate::outcome::{CaseResult, Outcome};
use crate::wire::macaroon::{Macaroon, l402_identifier, sample_positions};
use crate::wire::{base64, sha256};

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "verification/forged",
                "a token that somebody else signed is refused",
                INTEGRITY,
                Source::protocol("§6.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(forged(cx)),
    },
    Check {
        case: paid(SUITE.must(
            "verification/tampered",
            "a paid token is refused when any bit of it is changed",
            INTEGRITY,
            Source::protocol("§6.1"),
        ))
        .after(&["challenge/macaroon-v2", "credential/accepted"]),
        run: |cx| Box::pin(tampered(cx)),
    },
    Check {
        case: paid(SUITE.must(
            "verification/caveat-removed",
            "a paid token is refused with a caveat less",
            INTEGRITY,
            Source::protocol("§6.1"),
        ))
        .after(&["challenge/macaroon-v2", "credential/accepted"]),
        run: |cx| Box::pin(caveat_removed(cx)),
    },
];

pub(in crate::server) const INTEGRITY: &str = "The server MUST verify the cryptographic integrity of the macaroon (HMAC chain verification against the root \
     key). If the macaroon is invalid, the server MUST return 401 Unauthorized.";

/// Bits of a macaroon that are flipped, one at a time.
const TAMPERED_BITS: usize = 20;

/// A token like the server's, for a payment that never was: whoever makes up the preimage knows its hash.
async fn forged(cx: &Context) -> CaseResult {
    let Offer { macaroon, .. } = cx.offer().await?;
    let mut forged = Macaroon::parse(&decode_macaroon(&macaroon)?).unwrap_or_default();
    let (preimage, token_id, key) = (cx.random(), cx.random(), cx.random());
    forged.identifier = l402_identifier(sha256(&preimage), token_id);
    let own_identifier = forged.identifier.clone();
    let bare = Macaroon { first_party_caveats: Vec::new(), ..forged.clone() };
    let attempts = [
        ("a token with the signature of another", forged.clone()),
        ("a token with a signature of zeros", Macaroon { signature: [0; 32], ..forged.clone() }),
        ("a token signed with a random key", forged.clone().signed_with(&key)),
        ("a token without caveats, signed with a random key", bare.signed_with(&key)),
        ("a token signed with a key of zeros", forged.clone().signed_with(&[0; 32])),
        ("a token signed with an empty key", forged.clone().signed_with(b"")),
        ("a token signed with the key `secret`", forged.clone().signed_with(b"secret")),
        ("a token signed with its payment hash", forged.clone().signed_with(&sha256(&preimage))),
        ("a token signed with its preimage", forged.clone().signed_with(&preimage)),
        ("a token signed with its own identifier", forged.signed_with(&own_identifier)),
    ];
    cx.expect_refused(
        Refusal::Credential,
        attempts.map(|(what, token)| {
            let macaroon = base64::encode(&token.to_bytes());
            (what.to_owned(), cx.with_authorization(credential(&macaroon, &preimage)))
        }),
    )
    .await
}

async fn tampered(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let bytes = token.macaroon_bytes()?;
    let count = if cx.exhaustive { usize::MAX } else { TAMPERED_BITS };
    let positions = sample_positions(&bytes, count)
        .map_err(|reason| Outcome::fail("a macaroon in the V2 binary format", reason))?;
    let mut attempts = Vec::new();
    for at in positions {
        let bits = if cx.exhaustive { (0..8).collect() } else { vec![cx.chance.below(8)] };
        for bit in bits {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            attempts.push((format!("bit {bit} of byte {at} flipped"), bytes));
        }
    }
    let signature = bytes.len() - 32;
    attempts.push(("the last byte cut off".to_owned(), bytes[..bytes.len() - 1].to_vec()));
    attempts.push(("no signature".to_owned(), bytes[..signature].to_vec()));
    attempts.push(("a signature of zeros".to_owned(), [&bytes[..signature], &[0; 32]].concat()));
    cx.expect_refused(
        Refusal::Credential,
        attempts.into_iter().map(|(what, bytes)| {
            (what, cx.with_authorization(credential(&base64::encode(&bytes), &token.preimage)))
        }),
    )
    .await
}

async fn caveat_removed(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let macaroon = token.parse()?;
    if macaroon.first_party_caveats.is_empty() {
        return Err(Outcome::unsupported("caveats of its own"));
    }
    let attempts = (0..macaroon.first_party_caveats.len()).map(|at| {
        let mut shorter = macaroon.clone();
        let removed = shorter.first_party_caveats.remove(at);
        let value = credential(&base64::encode(&shorter.to_bytes()), &token.preimage);
        (format!("no {}", removed.escape_ascii()), cx.with_authorization(value))
    });
    cx.expect_refused(Refusal::Credential, attempts.collect::<Vec<_>>()).await
}
