//! Tokens that somebody made up, in every form that some implementation uses.

use super::super::SUITE;
use super::super::context::{Context, Refusal};
use super::forgery::INTEGRITY;
use crate::case::Source;
use crate::check::Check;
use crate::http::Request;
use crate::outcome::CaseResult;
use crate::wire::invoice::now;
use crate::wire::macaroon::{Macaroon, hmac, l402_identifier};
use crate::wire::{base64, hex, sha256};

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "verification/forged-json",
                "a token of unsigned JSON is refused",
                INTEGRITY,
                Source::protocol("§6.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(unsigned_json(cx)),
    },
    Check {
        case: SUITE
            .must(
                "verification/forged-signed-json",
                "a token of JSON that somebody else signed is refused",
                INTEGRITY,
                Source::protocol("§6.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(signed_json(cx)),
    },
    Check {
        case: SUITE
            .must(
                "verification/forged-formats",
                "a macaroon that somebody else signed is refused in every format",
                INTEGRITY,
                Source::protocol("§6.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(other_formats(cx)),
    },
    Check {
        case: SUITE
            .must(
                "verification/forged-identifiers",
                "a macaroon that somebody else signed is refused with every kind of identifier",
                INTEGRITY,
                Source::protocol("§6.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(other_identifiers(cx)),
    },
];

async fn refused(cx: &Context, preimage: [u8; 32], tokens: Vec<(&str, String)>) -> CaseResult {
    let preimage = hex(&preimage);
    let attempt = |(what, token): (&str, String)| -> (String, Request) {
        (what.to_owned(), cx.with_authorization(format!("L402 {token}:{preimage}")))
    };
    cx.expect_refused(Refusal::Credential, tokens.into_iter().map(attempt).collect::<Vec<_>>()).await
}

/// The payment hash and an expiry, which is all that some servers look at.
async fn unsigned_json(cx: &Context) -> CaseResult {
    let preimage = cx.random();
    let hash = hex(&sha256(&preimage));
    let (seconds, milliseconds) = (now() + 3600, (now() + 3600) * 1000);
    let mut tokens = Vec::new();
    for (what, expiry) in [
        ("JSON that expires in an hour, in milliseconds", milliseconds.to_string()),
        ("JSON that expires in an hour, in seconds", seconds.to_string()),
        ("JSON with an expiry that is a fraction", format!("{milliseconds}.5")),
        ("JSON with an expiry that is text", format!("\"{milliseconds}\"")),
        ("JSON with an expiry that is not a number", "NaN".to_owned()),
        ("JSON that never expires", "Infinity".to_owned()),
        ("JSON that expires in 287396", "9007199254740991".to_owned()),
        ("JSON with an expiry in other notation", "1e15".to_owned()),
        ("JSON with a negative expiry", "-1".to_owned()),
        ("JSON with a null expiry", "null".to_owned()),
    ] {
        tokens.push((what, base64::encode(format!("{{\"hash\":\"{hash}\",\"exp\":{expiry}}}").as_bytes())));
    }
    let spelled = format!("{{\"hash\": \"{hash}\", \"exp\": {milliseconds}}}");
    tokens.push(("JSON as Python writes it", base64::encode(spelled.as_bytes())));
    tokens.push(("JSON in base64url", base64::for_urls(spelled.as_bytes())));
    tokens.push(("JSON without an expiry", base64::encode(format!("{{\"hash\":\"{hash}\"}}").as_bytes())));
    let named = format!("{{\"payment_hash\":\"{hash}\",\"expires_at\":{seconds}}}");
    tokens.push(("JSON with other names", base64::encode(named.as_bytes())));
    refused(cx, preimage, tokens).await
}

/// JSON, a dot, and an HMAC with a key that anybody can guess.
async fn signed_json(cx: &Context) -> CaseResult {
    let preimage = cx.random();
    let hash = hex(&sha256(&preimage));
    let payload = base64::for_urls(format!("{{\"p\":1,\"paymentHash\":\"{hash}\"}}").as_bytes());
    let keys: [(&str, Vec<u8>); 5] = [
        ("JSON signed with an empty key", Vec::new()),
        ("JSON signed with a key of zeros", vec![0; 32]),
        ("JSON signed with the key `secret`", b"secret".to_vec()),
        ("JSON signed with its payment hash", hash.clone().into_bytes()),
        ("JSON signed with a random key", cx.random().to_vec()),
    ];
    let mut tokens: Vec<_> = keys
        .into_iter()
        .map(|(what, key)| (what, format!("{payload}.{}", hex(&hmac(&key, payload.as_bytes())))))
        .collect();
    tokens.push(("JSON with a signature of zeros", format!("{payload}.{}", "0".repeat(64))));
    tokens.push(("JSON with an empty signature", format!("{payload}.")));
    let header = base64::for_urls(br#"{"alg":"none","typ":"JWT"}"#);
    tokens.push(("a JWT without a signature", format!("{header}.{payload}.")));
    refused(cx, preimage, tokens).await
}

/// Signed with keys that anybody can guess; the empty and the zero key are the same in HMAC.
fn signed(macaroon: &Macaroon, cx: &Context) -> [Macaroon; 2] {
    [macaroon.clone().signed_with(&[0; 32]), macaroon.clone().signed_with(&cx.random())]
}

async fn other_formats(cx: &Context) -> CaseResult {
    let preimage = cx.random();
    let macaroon = Macaroon {
        identifier: l402_identifier(sha256(&preimage), cx.random()),
        location: Some(b"lsat".to_vec()),
        ..Macaroon::default()
    };
    let mut tokens = Vec::new();
    for macaroon in signed(&macaroon, cx) {
        let (v1, json) = (macaroon.to_v1_bytes(), macaroon.to_json());
        tokens.push(("a macaroon in the packets of V1", base64::encode(&v1)));
        tokens.push(("a macaroon in the packets of V1, in base64url", base64::for_urls(&v1)));
        tokens.push(("a macaroon in V2-JSON", base64::encode(json.as_bytes())));
        tokens.push(("a macaroon in V2-JSON, in base64url", base64::for_urls(json.as_bytes())));
        tokens.push(("a macaroon in V2, in base64url", base64::for_urls(&macaroon.to_bytes())));
        tokens.push(("a macaroon in V2, in hex", hex(&macaroon.to_bytes())));
    }
    refused(cx, preimage, tokens).await
}

async fn other_identifiers(cx: &Context) -> CaseResult {
    let preimage = cx.random();
    let hash = sha256(&preimage);
    let l402 = l402_identifier(hash, cx.random());
    let mut newer = l402.clone();
    newer[1] = 1;
    let mut tokens = Vec::new();
    for (what, identifier) in [
        ("an identifier that is the bare hash", hash.to_vec()),
        ("an identifier that is the hash in hex", hex(&hash).into_bytes()),
        ("an identifier in hex", hex(&l402).into_bytes()),
        ("an identifier of version 1", newer),
        ("an identifier with the hash somewhere in it", [&[7; 90], hash.as_slice(), &[9; 109]].concat()),
        ("an identifier without a token id", l402[..34].to_vec()),
        ("an identifier with more behind it", [l402.as_slice(), &[0; 8]].concat()),
        ("an empty identifier", Vec::new()),
    ] {
        let macaroon = Macaroon { identifier, location: Some(b"lsat".to_vec()), ..Macaroon::default() };
        for macaroon in signed(&macaroon, cx) {
            tokens.push((what, base64::encode(&macaroon.to_bytes())));
        }
    }
    refused(cx, preimage, tokens).await
}
