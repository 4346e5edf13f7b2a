//! Everything about an offer that is not its header: caches, browsers, crawlers.

use super::super::SUITE;
use super::super::context::{Context, has_invoice};
use crate::case::Source;
use crate::check::Check;
use crate::http::Response;
use crate::outcome::{CaseResult, Outcome};

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .should(
                "challenge/no-store",
                "a challenge is not to be stored by caches",
                "A 402 should say `Cache-Control: no-store`: its invoice is for one client, and can be \
                 paid once.",
                Source::PRACTICE,
            )
            .after(&["challenge/status-402"]),
        run: |cx| Box::pin(no_store(cx)),
    },
    Check {
        case: SUITE
            .should(
                "challenge/head",
                "HEAD without a credential costs no invoice",
                "A HEAD request should not create an invoice: crawlers and monitors send it, and pay \
                 nothing.",
                Source::PRACTICE,
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(without_invoice(cx, "HEAD")),
    },
    Check {
        case: SUITE
            .should(
                "challenge/options",
                "OPTIONS without a credential costs no invoice",
                "An OPTIONS request should not create an invoice: browsers send it before the real \
                 request, without a credential.",
                Source::PRACTICE,
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(without_invoice(cx, "OPTIONS")),
    },
    Check {
        case: SUITE
            .should(
                "cors/expose",
                "scripts of other origins can read the challenge",
                "A server that lets scripts of other origins in should list `WWW-Authenticate` in \
                 `Access-Control-Expose-Headers`, or they see a 402 that they cannot pay.",
                Source::PRACTICE,
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(exposed(cx)),
    },
    Check {
        case: SUITE
            .should(
                "cors/preflight",
                "the question before a script's request is answered for free, and allows Authorization",
                "A CORS-preflight request never has a credential; a server that lets scripts of other \
                 origins in should answer it with a 2xx status and allow the `Authorization` field.",
                Source::new("Fetch Standard", "CORS-preflight fetch"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(preflight(cx)),
    },
];

const ORIGIN: &str = "https://app.example";

async fn no_store(cx: &Context) -> CaseResult {
    let response = cx.send(&cx.request("GET")).await?;
    if cache_directives(&response).any(|directive| directive == "no-store") {
        return Ok(());
    }
    let values: Vec<&str> = response.values("cache-control").collect();
    let actual = if values.is_empty() { "no Cache-Control".to_owned() } else { format!("{values:?}") };
    Err(Outcome::fail("Cache-Control: no-store", actual))
}

/// In lower case, with their arguments.
pub(in crate::server) fn cache_directives(response: &Response) -> impl Iterator<Item = String> {
    list(response, "cache-control")
}

/// The items of a comma-separated field, in lower case.
fn list(response: &Response, name: &'static str) -> impl Iterator<Item = String> {
    response.values(name).flat_map(|value| value.split(',')).map(|item| item.trim().to_ascii_lowercase())
}

async fn without_invoice(cx: &Context, method: &'static str) -> CaseResult {
    let response = cx.send(&cx.request(method)).await?;
    if has_invoice(&response) {
        return Err(Outcome::fail("no invoice", format!("an invoice, with status {}", response.status)));
    }
    Ok(())
}

/// Whether scripts of `ORIGIN` may read the answer.
fn allows_origin(response: &Response) -> bool {
    response.values("access-control-allow-origin").any(|value| value == "*" || value == ORIGIN)
}

async fn exposed(cx: &Context) -> CaseResult {
    let response = cx.send(&cx.request("GET").with_header("Origin", ORIGIN)).await?;
    if !allows_origin(&response) {
        return Err(Outcome::unsupported("scripts of other origins (no Access-Control-Allow-Origin)"));
    }
    let mut exposed = list(&response, "access-control-expose-headers");
    if exposed.any(|name| name == "www-authenticate" || name == "*") {
        return Ok(());
    }
    let actual = format!("{:?}", response.values("access-control-expose-headers").collect::<Vec<_>>());
    Err(Outcome::fail("WWW-Authenticate in Access-Control-Expose-Headers", actual))
}

async fn preflight(cx: &Context) -> CaseResult {
    let answer = cx.send(&cx.request("GET").with_header("Origin", ORIGIN)).await?;
    if !allows_origin(&answer) {
        return Err(Outcome::unsupported("scripts of other origins (no Access-Control-Allow-Origin)"));
    }
    let request = cx
        .request("OPTIONS")
        .with_header("Origin", ORIGIN)
        .with_header("Access-Control-Request-Method", "GET")
        .with_header("Access-Control-Request-Headers", "authorization");
    let response = cx.send(&request).await?;
    if !response.is_success() {
        return Err(Outcome::fail("a 2xx status", format!("status {}", response.status)));
    }
    let allowed: Vec<String> = list(&response, "access-control-allow-headers").collect();
    // A star does not stand for Authorization.
    if allows_origin(&response) && allowed.iter().any(|name| name == "authorization") {
        return Ok(());
    }
    Err(Outcome::fail("Access-Control-Allow-Headers with Authorization", format!("{allowed:?}")))
}
