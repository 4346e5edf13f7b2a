//! What must not get in.

use super::context::{Context, Offer, Refusal, Token, credential, decode_macaroon};
use super::{OTHER_URL, PAYER, SUITE};
use crate::case::Source;
use crate::check::Check;
use crate::http::Request;
use crate::outcome::{CaseResult, Outcome};
use crate::wire::macaroon::{Macaroon, l402_identifier, sample_positions};
use crate::wire::{base64, hex, sha256};

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "verification/wrong-preimage",
                "an unpaid token is refused with an invented preimage",
                "Credential present but preimage does not match payment hash: 401.",
                Source::protocol("§4.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(wrong_preimage(cx)),
    },
    Check {
        case: SUITE
            .must(
                "verification/wrong-preimage-paid",
                "a paid token is refused with a preimage that is one bit off",
                "Credential present but preimage does not match payment hash: 401.",
                Source::protocol("§4.1"),
            )
            .needing(&[PAYER])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(wrong_preimage_paid(cx)),
    },
    Check {
        case: SUITE
            .must(
                "verification/missing-preimage",
                "an unpaid token is refused without a preimage",
                "The server MUST verify that the invoice tied to the macaroon has been paid.",
                Source::protocol("§6.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(missing_preimage(cx)),
    },
    Check {
        case: SUITE
            .must(
                "verification/forged",
                "a token that somebody else signed is refused",
                "The server MUST verify the cryptographic integrity of the macaroon (HMAC chain verification \
                      against the root key). If the macaroon is invalid, the server MUST return 401 Unauthorized.",
                Source::protocol("§6.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(forged(cx)),
    },
    Check {
        case: SUITE
            .must(
                "verification/tampered",
                "a paid token is refused when any bit of it is changed",
                "The server MUST verify the cryptographic integrity of the macaroon (HMAC chain verification \
                      against the root key). If the macaroon is invalid, the server MUST return 401 Unauthorized.",
                Source::protocol("§6.1"),
            )
            .needing(&[PAYER])
            .after(&["challenge/macaroon-v2", "credential/accepted"]),
        run: |cx| Box::pin(tampered(cx)),
    },
    Check {
        case: SUITE
            .must(
                "verification/control-characters",
                "control characters in a credential are the client's error",
                "If a client provides a macaroon or preimage containing control characters, the server MUST \
                      treat it as an invalid L402 and respond with 401.",
                Source::protocol("§5.2"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(control_characters(cx)),
    },
    Check {
        case: SUITE
            .must(
                "verification/control-characters-paid",
                "a paid token is refused with control characters in it",
                "If a client provides a macaroon or preimage containing control characters, the server MUST \
                      treat it as an invalid L402 and respond with 401.",
                Source::protocol("§5.2"),
            )
            .needing(&[PAYER])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(control_characters_paid(cx)),
    },
    Check {
        case: SUITE
            .may(
                "verification/used-again",
                "a token is refused the second time, if the server sells single calls",
                "Replay protection comes from the caveat and revocation mechanisms: expiry caveats, \
                      usage-count tracking, and root key deletion all limit the window in which a stolen credential \
                      is useful.",
                Source::protocol("Replay Protection"),
            )
            .needing(&[PAYER])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(used_again(cx)),
    },
    Check {
        case: SUITE
            .must(
                "verification/used-again-respelled",
                "a token that is used up stays so, however it is written",
                "When a credential is revoked [exceeded usage count], the server issues a fresh 402 challenge \
                      and the client repeats the payment flow.",
                Source::protocol("Credential Reuse and Revocation"),
            )
            .needing(&[PAYER])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(used_again_respelled(cx)),
    },
    Check {
        case: SUITE
            .should(
                "verification/other-url",
                "a token for one URL does not open the other",
                "A token should open what it was sold for and nothing else, or a cheap one opens a dear URL.",
                Source::PRACTICE,
            )
            .needing(&[PAYER, OTHER_URL])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(other_url(cx)),
    },
];

/// Bits of a macaroon that are flipped, one at a time.
const TAMPERED_BITS: usize = 20;

/// TAB, which HTTP lets through, and some that most HTTP servers refuse themselves. Not NUL, CR and LF: they are
/// about HTTP, not L402.
const CONTROL_CHARACTERS: [u8; 4] = [0x01, 0x09, 0x1f, 0x7f];

async fn wrong_preimage(cx: &Context) -> CaseResult {
    let macaroon = cx.offer().await?.macaroon;
    let attempts = [("a random preimage", cx.random()), ("a preimage of zeros", [0; 32])];
    cx.expect_refused(
        Refusal::Credential,
        attempts.map(|(what, preimage)| {
            (what.to_owned(), cx.with_authorization(credential(&macaroon, &preimage)))
        }),
    )
    .await
}

async fn wrong_preimage_paid(cx: &Context) -> CaseResult {
    let Token { macaroon, mut preimage } = cx.buy().await?;
    preimage[31] ^= 1;
    let request = cx.with_authorization(credential(&macaroon, &preimage));
    cx.expect_refused(Refusal::Credential, [("the last bit flipped".to_owned(), request)]).await
}

async fn missing_preimage(cx: &Context) -> CaseResult {
    let macaroon = cx.offer().await?.macaroon;
    let attempts = [
        ("the macaroon alone", format!("L402 {macaroon}")),
        ("nothing after the colon", format!("L402 {macaroon}:")),
    ];
    cx.expect_refused(
        Refusal::Credential,
        attempts.map(|(what, value)| (what.to_owned(), cx.with_authorization(value))),
    )
    .await
}

/// A token like the server's, for a payment that never was: whoever makes up the preimage knows its hash.
async fn forged(cx: &Context) -> CaseResult {
    let Offer { macaroon, .. } = cx.offer().await?;
    let mut forged = Macaroon::parse(&decode_macaroon(&macaroon)?).unwrap_or_default();
    let (preimage, token_id, key) = (cx.random(), cx.random(), cx.random());
    forged.identifier = l402_identifier(sha256(&preimage), token_id);
    let attempts = [
        ("a token with the signature of another", forged.clone()),
        ("a token signed with a random key", forged.clone().signed_with(&key)),
        ("a token signed with a key of zeros", forged.clone().signed_with(&[0; 32])),
        ("a token signed with its own identifier", {
            let key = forged.identifier.clone();
            forged.signed_with(&key)
        }),
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
    let positions = sample_positions(&bytes, TAMPERED_BITS)
        .map_err(|reason| Outcome::fail("a macaroon in the V2 binary format", reason))?;
    let attempts = positions.into_iter().enumerate().map(|(sample, at)| {
        let (mut bytes, bit) = (bytes.clone(), sample % 8);
        bytes[at] ^= 1 << bit;
        let value = credential(&base64::encode(&bytes), &token.preimage);
        (format!("bit {bit} of byte {at} flipped"), cx.with_authorization(value))
    });
    cx.expect_refused(Refusal::Credential, attempts.collect::<Vec<_>>()).await
}

async fn control_characters(cx: &Context) -> CaseResult {
    let macaroon = cx.offer().await?.macaroon;
    let token = Token { macaroon, preimage: cx.random() };
    cx.expect_refused(Refusal::AnyClientError, with_control_characters(cx, &token)).await
}

async fn control_characters_paid(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    cx.expect_refused(Refusal::AnyClientError, with_control_characters(cx, &token)).await
}

fn with_control_characters(cx: &Context, token: &Token) -> Vec<(String, Request)> {
    let value = token.credential().into_bytes();
    let in_macaroon = "L402 ".len() + token.macaroon.len() / 2;
    let in_preimage = value.len() - 32;
    let mut attempts = Vec::new();
    for character in CONTROL_CHARACTERS {
        for (place, at) in [("macaroon", in_macaroon), ("preimage", in_preimage)] {
            let mut value = value.clone();
            value.insert(at, character);
            attempts.push((format!("{character:#04x} in the {place}"), cx.with_authorization(value)));
        }
    }
    attempts
}

async fn used_again(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let request = cx.with_authorization(token.credential());
    cx.expect_served(&request).await?;
    if cx.send(&request).await?.is_success() {
        return Err(Outcome::fail(
            "a refusal, unless tokens are meant to be used more than once",
            "served a second time",
        ));
    }
    Ok(())
}

/// Passes where tokens may be used again: there is nothing to get around.
async fn used_again_respelled(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let request = cx.with_authorization(token.credential());
    cx.expect_served(&request).await?;
    if cx.send(&request).await?.is_success() {
        return Ok(());
    }
    let (macaroon, preimage) = (&token.macaroon, hex(&token.preimage));
    let for_urls = base64::respell_for_urls(macaroon);
    for (what, value) in [
        ("upper-case hex", format!("L402 {macaroon}:{}", preimage.to_uppercase())),
        ("the scheme LSAT", format!("LSAT {macaroon}:{preimage}")),
        ("a lower-case scheme", format!("l402 {macaroon}:{preimage}")),
        ("two spaces", format!("L402  {macaroon}:{preimage}")),
        ("a space at the end", format!("L402 {macaroon}:{preimage} ")),
        ("base64 without padding, for URLs", format!("L402 {for_urls}:{preimage}")),
        ("a second colon", format!("L402 {macaroon}:{preimage}:")),
    ] {
        if cx.send(&cx.with_authorization(value)).await?.is_success() {
            return Err(Outcome::fail(
                "the refusal that the same credential got before",
                format!("served, written with {what}"),
            ));
        }
    }
    Ok(())
}

async fn other_url(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let request = Request::new("GET", cx.other_endpoint()?).with_header("Authorization", token.credential());
    if cx.send(&request).await?.is_success() {
        return Err(Outcome::fail("a refusal at the other URL", "served"));
    }
    Ok(())
}
