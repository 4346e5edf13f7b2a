//! How a paid credential may be written.

use super::context::Context;
use super::{PAYER, SUITE};
use crate::case::Source;
use crate::check::Check;
use crate::outcome::CaseResult;
use crate::wire::hex;

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "credential/accepted",
                "a paid credential is served",
                "Otherwise, the server SHOULD process the request or forward it to the proxied backend. [...] \
                      Clients and servers MUST accept both `LSAT` and `L402` in `Authorization` headers.",
                Source::protocol("§6.1 and Backwards Compatibility"),
            )
            .needing(&[PAYER])
            // Every case buys a token of its own, which takes an offer of its own.
            .after(&["challenge/parameters", "challenge/invoice", "challenge/fresh"]),
        run: |cx| Box::pin(accepted(cx)),
    },
    Check {
        case: SUITE
            .must(
                "credential/lsat",
                "the scheme may be called LSAT",
                "Clients and servers MUST accept both `LSAT` and `L402` in `Authorization` headers.",
                Source::protocol("Backwards Compatibility"),
            )
            .needing(&[PAYER])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(served_as(cx, |macaroon, preimage| format!("LSAT {macaroon}:{}", hex(preimage)))),
    },
    Check {
        case: SUITE
            .must(
                "credential/scheme-case",
                "the name of the scheme may be in any case",
                "The scheme name is \"L402\" (case-insensitive).",
                Source::protocol("§5"),
            )
            .needing(&[PAYER])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(served_as(cx, |macaroon, preimage| format!("l402 {macaroon}:{}", hex(preimage)))),
    },
    Check {
        case: SUITE
            .must(
                "credential/two-spaces",
                "several spaces may follow the scheme",
                "l402-credential = \"L402\" 1*SP macaroons \":\" preimage",
                Source::protocol("§5.3"),
            )
            .needing(&[PAYER])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(served_as(cx, |macaroon, preimage| format!("L402  {macaroon}:{}", hex(preimage)))),
    },
    Check {
        case: SUITE
            .must(
                "credential/upper-case-hex",
                "the preimage may be in upper-case hex",
                "preimage = 1*HEXDIG (hexadecimal digits are case-insensitive)",
                Source::protocol("§5.3"),
            )
            .needing(&[PAYER])
            .after(&["credential/accepted"]),
        run: |cx| {
            Box::pin(served_as(cx, |macaroon, preimage| {
                format!("L402 {macaroon}:{}", hex(preimage).to_uppercase())
            }))
        },
    },
];

async fn accepted(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    cx.expect_served(&cx.with_authorization(token.credential())).await
}

/// Buys a token and presents it in another spelling.
async fn served_as(cx: &Context, spell: fn(&str, &[u8]) -> String) -> CaseResult {
    let token = cx.buy().await?;
    cx.expect_served(&cx.with_authorization(spell(&token.macaroon, &token.preimage))).await
}
