//! A token opens nothing without the preimage of its payment.

use super::super::context::{Context, Refusal, Token, credential};
use super::super::{SUITE, paid};
use crate::case::Source;
use crate::check::Check;
use crate::http::Request;
use crate::outcome::CaseResult;
use crate::wire::macaroon::identifier_payment_hash;
use crate::wire::{base64, hex};

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "verification/wrong-preimage",
                "an unpaid token is refused with an invented preimage",
                MISMATCH,
                Source::protocol("§4.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(wrong_preimage(cx)),
    },
    Check {
        case: paid(SUITE.must(
            "verification/wrong-preimage-paid",
            "a paid token is refused with a preimage that is one bit off",
            MISMATCH,
            Source::protocol("§4.1"),
        )),
        run: |cx| Box::pin(wrong_preimage_paid(cx)),
    },
    Check {
        case: paid(SUITE.must(
            "verification/preimage-of-another",
            "a paid token is refused with the preimage of another payment",
            MISMATCH,
            Source::protocol("§4.1"),
        )),
        run: |cx| Box::pin(preimage_of_another(cx)),
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
        case: paid(SUITE.must(
            "verification/malformed-preimage",
            "a paid token is refused with something that is not 32 bytes in hex",
            "preimage = 1*HEXDIG [...] The server MUST verify that the invoice tied to the macaroon has \
             been paid: [...] it can verify that `H == sha256(r)`.",
            Source::protocol("§5.3 and §6.1"),
        )),
        run: |cx| Box::pin(malformed_preimage(cx)),
    },
];

const MISMATCH: &str = "Credential present but preimage does not match payment hash: 401.";

async fn wrong_preimage(cx: &Context) -> CaseResult {
    let offer = cx.offer().await?;
    let mut attempts =
        vec![("a random preimage", cx.random()), ("a preimage of zeros", [0; 32]), ("all ones", [0xff; 32])];
    if let Ok(hash) =
        offer.parse().map_err(drop).and_then(|token| identifier_payment_hash(&token.identifier).map_err(drop))
    {
        attempts.push(("the payment hash as the preimage", hash));
    }
    let with = |preimage: [u8; 32]| cx.with_authorization(credential(&offer.macaroon, &preimage));
    let attempts = attempts.into_iter().map(|(what, preimage)| (what.to_owned(), with(preimage)));
    cx.expect_refused(Refusal::Credential, attempts.collect::<Vec<_>>()).await
}

async fn wrong_preimage_paid(cx: &Context) -> CaseResult {
    let Token { macaroon, mut preimage } = cx.buy().await?;
    preimage[31] ^= 1;
    let request = cx.with_authorization(credential(&macaroon, &preimage));
    cx.expect_refused(Refusal::Credential, [("the last bit flipped".to_owned(), request)]).await
}

async fn preimage_of_another(cx: &Context) -> CaseResult {
    let (one, other) = (cx.buy().await?, cx.buy().await?);
    let request = cx.with_authorization(credential(&one.macaroon, &other.preimage));
    cx.expect_refused(Refusal::Credential, [("the preimage of another payment".to_owned(), request)]).await
}

async fn missing_preimage(cx: &Context) -> CaseResult {
    let macaroon = cx.offer().await?.macaroon;
    let attempts = [
        ("the macaroon alone", format!("L402 {macaroon}")),
        ("nothing after the colon", format!("L402 {macaroon}:")),
    ];
    cx.expect_refused(Refusal::Credential, written(cx, attempts)).await
}

async fn malformed_preimage(cx: &Context) -> CaseResult {
    let Token { macaroon, preimage } = cx.buy().await?;
    let digits = hex(&preimage);
    let attempts = [
        ("31 bytes of it", format!("L402 {macaroon}:{}", &digits[..62])),
        ("63 digits of it", format!("L402 {macaroon}:{}", &digits[..63])),
        ("a byte more", format!("L402 {macaroon}:{digits}00")),
        ("something else after it", format!("L402 {macaroon}:{digits}, x")),
        ("0x before it", format!("L402 {macaroon}:0x{digits}")),
        ("base64", format!("L402 {macaroon}:{}", base64::encode(&preimage))),
        ("hex of its hex", format!("L402 {macaroon}:{}", hex(digits.as_bytes()))),
    ];
    cx.expect_refused(Refusal::Credential, written(cx, attempts)).await
}

/// Requests with these values of `Authorization`.
pub(super) fn written<const N: usize>(cx: &Context, attempts: [(&str, String); N]) -> Vec<(String, Request)> {
    attempts.into_iter().map(|(what, value)| (what.to_owned(), cx.with_authorization(value))).collect()
}
