//! How the value of `Authorization` may be written.

use super::super::context::{Context, Token};
use super::super::{PAYER, SUITE, paid};
use crate::case::Source;
use crate::check::Check;
use crate::outcome::CaseResult;
use crate::wire::hex;

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "credential/accepted",
                "a paid credential is served",
                "Otherwise, the server SHOULD process the request or forward it to the proxied backend. \
                 [...] Clients and servers MUST accept both `LSAT` and `L402` in `Authorization` headers.",
                Source::protocol("§6.1 and Backwards Compatibility"),
            )
            .needing(&[PAYER])
            // Every case buys a token of its own, which takes an offer of its own.
            .after(&["challenge/parameters", "challenge/invoice", "challenge/fresh"]),
        run: |cx| Box::pin(served_as(cx, Token::credential)),
    },
    Check {
        case: paid(SUITE.must(
            "credential/lsat",
            "the scheme may be called LSAT",
            "Clients and servers MUST accept both `LSAT` and `L402` in `Authorization` headers.",
            Source::protocol("Backwards Compatibility"),
        )),
        run: |cx| Box::pin(served_as(cx, |token| token.credential().replacen("L402", "LSAT", 1))),
    },
    Check {
        case: paid(SUITE.must(
            "credential/scheme-case",
            "the name of the scheme may be in any case",
            "The scheme name is \"L402\" (case-insensitive).",
            Source::protocol("§5"),
        )),
        run: |cx| Box::pin(served_as(cx, |token| token.credential().replacen("L402", "l402", 1))),
    },
    Check {
        case: paid(SUITE.must(
            "credential/two-spaces",
            "several spaces may follow the scheme",
            "l402-credential = \"L402\" 1*SP macaroons \":\" preimage",
            Source::protocol("§5.3"),
        )),
        run: |cx| Box::pin(served_as(cx, |token| token.credential().replacen(' ', "  ", 1))),
    },
    Check {
        case: paid(SUITE.must(
            "credential/upper-case-hex",
            "the preimage may be in upper-case hex",
            "preimage = 1*HEXDIG (hexadecimal digits are case-insensitive)",
            Source::protocol("§5.3"),
        )),
        run: |cx| {
            Box::pin(served_as(cx, |token| {
                format!("L402 {}:{}", token.macaroon, hex(&token.preimage).to_uppercase())
            }))
        },
    },
    Check {
        case: paid(SUITE.should(
            "credential/unpadded-base64",
            "the macaroon may come without padding",
            "A server should accept a macaroon whose base64 is not padded: pymacaroons, js-macaroon and \
             clients built on them write it so.",
            Source::PRACTICE,
        )),
        run: |cx| {
            Box::pin(served_as(cx, |token| {
                format!("L402 {}:{}", token.macaroon.trim_end_matches('='), hex(&token.preimage))
            }))
        },
    },
    Check {
        case: paid(SUITE.should(
            "credential/url-safe-base64",
            "the macaroon may come in the alphabet for URLs",
            "A server should accept a macaroon in base64url: clients that decode and encode it again \
             write it so.",
            Source::PRACTICE,
        )),
        run: |cx| {
            Box::pin(served_as(cx, |token| {
                // With the padding that it had, which is for another case.
                let macaroon = token.macaroon.replace('+', "-").replace('/', "_");
                format!("L402 {macaroon}:{}", hex(&token.preimage))
            }))
        },
    },
];

/// Buys a token and presents it in this spelling.
async fn served_as(cx: &Context, spell: fn(&Token) -> String) -> CaseResult {
    let token = cx.buy().await?;
    cx.expect_served(&cx.with_authorization(spell(&token))).await
}
