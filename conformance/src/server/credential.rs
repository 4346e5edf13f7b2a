//! How a paid credential may be written.

use super::Context;
use crate::case::{Case, CaseResult, Level, Need, Source};
use crate::wire::hex;

pub(super) const CASES: &[Case] = &[
    Case {
        id: "credential/accepted",
        title: "a paid credential is served",
        requirement: "Otherwise, the server SHOULD process the request or forward it to the proxied backend. [...] \
                      Clients and servers MUST accept both `LSAT` and `L402` in `Authorization` headers.",
        level: Level::Must,
        source: Source::protocol("§6.1 and Backwards Compatibility"),
        needs: &[Need::Payer],
        // Every case buys a token of its own, which takes an offer of its own.
        depends_on: &["challenge/parameters", "challenge/invoice", "challenge/fresh"],
        run: |cx| Box::pin(accepted(cx)),
    },
    Case {
        id: "credential/lsat",
        title: "the scheme may be called LSAT",
        requirement: "Clients and servers MUST accept both `LSAT` and `L402` in `Authorization` headers.",
        level: Level::Must,
        source: Source::protocol("Backwards Compatibility"),
        needs: &[Need::Payer],
        depends_on: &["credential/accepted"],
        run: |cx| Box::pin(served_as(cx, |macaroon, preimage| format!("LSAT {macaroon}:{}", hex(preimage)))),
    },
    Case {
        id: "credential/scheme-case",
        title: "the name of the scheme may be in any case",
        requirement: "The scheme name is \"L402\" (case-insensitive).",
        level: Level::Must,
        source: Source::protocol("§5"),
        needs: &[Need::Payer],
        depends_on: &["credential/accepted"],
        run: |cx| Box::pin(served_as(cx, |macaroon, preimage| format!("l402 {macaroon}:{}", hex(preimage)))),
    },
    Case {
        id: "credential/two-spaces",
        title: "several spaces may follow the scheme",
        requirement: "l402-credential = \"L402\" 1*SP macaroons \":\" preimage",
        level: Level::Must,
        source: Source::protocol("§5.3"),
        needs: &[Need::Payer],
        depends_on: &["credential/accepted"],
        run: |cx| Box::pin(served_as(cx, |macaroon, preimage| format!("L402  {macaroon}:{}", hex(preimage)))),
    },
    Case {
        id: "credential/upper-case-hex",
        title: "the preimage may be in upper-case hex",
        requirement: "preimage = 1*HEXDIG (hexadecimal digits are case-insensitive)",
        level: Level::Must,
        source: Source::protocol("§5.3"),
        needs: &[Need::Payer],
        depends_on: &["credential/accepted"],
        run: |cx| {
            Box::pin(served_as(cx, |macaroon, preimage| {
                format!("L402 {macaroon}:{}", hex(preimage).to_uppercase())
            }))
        },
    },
];

async fn accepted(cx: &Context<'_>) -> CaseResult {
    let token = cx.buy().await?;
    cx.expect_served(&cx.with_authorization(token.credential())).await
}

/// Buys a token and presents it in another spelling.
async fn served_as(cx: &Context<'_>, spell: fn(&str, &[u8]) -> String) -> CaseResult {
    let token = cx.buy().await?;
    cx.expect_served(&cx.with_authorization(spell(&token.macaroon, &token.preimage))).await
}
