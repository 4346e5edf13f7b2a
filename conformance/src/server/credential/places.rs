//! Where else a credential may be, and what may be with it.

use super::super::challenge::manners::cache_directives;
use super::super::context::Context;
use super::super::{SUITE, paid};
use crate::case::{Ambiguity, Level, Scoring, Source};
use crate::check::Check;
use crate::outcome::{CaseResult, Outcome};
use crate::profile::Profile;
use crate::wire::hex;

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: paid(SUITE.should(
            "credential/twins",
            "the same token may come twice, as LSAT and as L402",
            "A server should accept an `LSAT` and an `L402` Authorization field with the same token: the \
             reference client sends both.",
            Source::PRACTICE,
        )),
        run: |cx| Box::pin(twins(cx)),
    },
    Check {
        case: paid(SUITE.should(
            "credential/preimage-caveat",
            "the macaroon may carry the preimage as a caveat, too",
            "`preimage`: Added by the client after payment to bind the proof of payment to the macaroon. \
             [...] When present, the verifier checks `sha256(preimage) == payment_hash` from the \
             identifier.",
            Source::macaroon("Preimage Caveat"),
        )),
        run: |cx| Box::pin(preimage_caveat(cx)),
    },
    Check {
        case: paid(SUITE.info(
            "credential/macaroon-field",
            "the credential may be in the field Macaroon",
            "Without an `Authorization` field, the field `Macaroon` may have the macaroon in hex, with \
             the preimage as a caveat.",
            Source::PRACTICE,
        ))
        .ambiguous(MACAROON_FIELD),
        run: |cx| Box::pin(in_field(cx, "Macaroon")),
    },
    Check {
        case: paid(SUITE.info(
            "credential/grpc-metadata-field",
            "the credential may be in the field Grpc-Metadata-Macaroon",
            "Without an `Authorization` field, the field `Grpc-Metadata-Macaroon` may have the macaroon \
             in hex, with the preimage as a caveat.",
            Source::PRACTICE,
        ))
        .ambiguous(MACAROON_FIELD),
        run: |cx| Box::pin(in_field(cx, "Grpc-Metadata-Macaroon")),
    },
    Check {
        case: paid(SUITE.should(
            "credential/paid-answer-is-private",
            "the answer to a paid request is not for shared caches",
            "A paid answer should say `Cache-Control: private` or `no-store`, or a shared cache may hand \
             it to those who have not paid.",
            Source::PRACTICE,
        )),
        run: |cx| Box::pin(is_private(cx)),
    },
];

const MACAROON_FIELD: Ambiguity = Ambiguity {
    conflict: "Aperture reads these fields, since gRPC gateways write them; no specification has them",
    scoring: &[Scoring::new(Profile::Aperture, Level::Must, "the request is served")],
};

async fn twins(cx: &Context) -> CaseResult {
    let l402 = cx.buy().await?.credential();
    let lsat = l402.replacen("L402", "LSAT", 1);
    let request = cx.request("GET").with_header("Authorization", lsat).with_header("Authorization", l402);
    cx.expect_served(&request).await
}

async fn preimage_caveat(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let caveat = format!("preimage={}", hex(&token.preimage));
    cx.expect_served(&cx.with_authorization(token.attenuated(&[caveat.as_bytes()])?.credential())).await
}

async fn in_field(cx: &Context, field: &'static str) -> CaseResult {
    let value = cx.buy().await?.as_field()?;
    cx.expect_served(&cx.request("GET").with_header(field, value)).await
}

async fn is_private(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let response = cx.send(&cx.with_authorization(token.credential())).await?;
    if !response.is_success() {
        return Err(Outcome::fail("a 2xx status", format!("status {}", response.status)));
    }
    let directives: Vec<_> = cache_directives(&response).collect();
    if directives.iter().any(|directive| directive == "private" || directive == "no-store") {
        return Ok(());
    }
    Err(Outcome::fail("Cache-Control with private or no-store", format!("{directives:?}")))
}
