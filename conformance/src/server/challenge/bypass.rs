//! Ways around the offer, and what a client may not decide.

use super::super::SUITE;
use super::super::context::{Context, read_offer};
use crate::case::Source;
use crate::check::Check;
use crate::http::Request;
use crate::outcome::{CaseResult, Outcome};
use crate::target::Endpoint;
use crate::wire::hex;
use crate::wire::invoice::Invoice;

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "challenge/no-way-around",
                "no header field opens the URL without a payment",
                "The server MUST reply with HTTP 402 (Payment Required).",
                Source::protocol("§6.1"),
            )
            .after(&["challenge/status-402"]),
        run: |cx| Box::pin(no_way_around(cx)),
    },
    Check {
        case: SUITE
            .should(
                "challenge/path-variants",
                "the URL is not for free in another spelling",
                "A resource that costs money should cost it however its path is written: `//`, `/./`, a \
                 slash at the end, another case, percent-encoding.",
                Source::PRACTICE,
            )
            .after(&["challenge/status-402"]),
        run: |cx| Box::pin(path_variants(cx)),
    },
    Check {
        case: SUITE
            .should(
                "challenge/price",
                "the client does not choose the price",
                "A price should not come from the request: a client that may name it names the smallest.",
                Source::PRACTICE,
            )
            .after(&["challenge/invoice-amount"]),
        run: |cx| Box::pin(price(cx)),
    },
    Check {
        case: SUITE
            .should(
                "challenge/html",
                "a page for people has nothing of the request's markup in it",
                "A page that shows the invoice to people should escape what it repeats of the request, or \
                 a link makes their browsers run its scripts.",
                Source::PRACTICE,
            )
            .after(&["challenge/status-402"]),
        run: |cx| Box::pin(html(cx)),
    },
];

/// Fields that some server, proxy or framework takes for more than they are.
const FIELDS: [(&str, &str); 14] = [
    ("Accept-Authenticate", "nope"),
    ("Accept-Authenticate", ""),
    ("Authorization", "Basic dXNlcjpwYXNz"),
    ("Authorization", "Bearer preimage=1"),
    ("Accept", "text/html"),
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Real-IP", "127.0.0.1"),
    ("Forwarded", "for=127.0.0.1"),
    ("X-HTTP-Method-Override", "OPTIONS"),
    ("X-Original-URL", "/"),
    ("X-Rewrite-URL", "/"),
    ("X-Payment", "paid"),
    ("Cookie", "paid=true"),
    ("Upgrade", "h2c"),
];

async fn no_way_around(cx: &Context) -> CaseResult {
    for (name, value) in FIELDS {
        let response = cx.send(&cx.request("GET").with_header(name, value)).await?;
        if response.is_success() {
            let actual = format!("status {} with {name}: {value}", response.status);
            return Err(Outcome::fail("no 2xx status without a payment", actual));
        }
    }
    Ok(())
}

async fn path_variants(cx: &Context) -> CaseResult {
    let endpoint = &cx.target.endpoint;
    let (path, query) = match endpoint.path_and_query.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (endpoint.path_and_query.as_str(), String::new()),
    };
    let at = |path: String| {
        let endpoint = Endpoint { path_and_query: format!("{path}{query}"), ..endpoint.clone() };
        Request::new("GET", &endpoint)
    };
    // What serves anything under any name is not selling there.
    let nowhere = cx.send(&at(format!("{}/{}", path.trim_end_matches('/'), hex(&cx.random())))).await?;
    if nowhere.is_success() {
        return Err(Outcome::unsupported("paths that do not exist: it answers all of them"));
    }
    for (what, variant) in variants(path) {
        if cx.send(&at(variant.clone())).await?.is_success() {
            return Err(Outcome::fail(
                "no 2xx status without a payment",
                format!("2xx with {what}: {variant}"),
            ));
        }
    }
    Ok(())
}

fn variants(path: &str) -> Vec<(&'static str, String)> {
    let upper = path.to_ascii_uppercase();
    let mut variants = vec![
        ("two slashes", format!("/{path}")),
        ("a dot segment", format!("/.{path}")),
        ("a way up and down again", format!("/x/..{path}")),
        ("an encoded way up", format!("/x/%2e%2e{path}")),
        ("an empty query", format!("{path}?")),
    ];
    if let Some(last) = path.trim_end_matches('/').chars().last().filter(char::is_ascii_alphanumeric) {
        let trimmed = path.trim_end_matches('/');
        let start = &trimmed[..trimmed.len() - 1];
        variants.push(("a slash at the end", format!("{trimmed}/")));
        variants.push(("an encoded letter", format!("{start}%{:02x}", u32::from(last))));
        variants.push(("a parameter in the path", format!("{trimmed};x=1")));
        variants.push(("an encoded null byte", format!("{trimmed}%00")));
    }
    if upper != path {
        variants.push(("upper case", upper));
    }
    variants
}

/// The URL under test with one more parameter.
fn with_parameter(cx: &Context, parameter: &str) -> Endpoint {
    let endpoint = &cx.target.endpoint;
    let separator = if endpoint.path_and_query.contains('?') { '&' } else { '?' };
    let path_and_query = format!("{}{separator}{parameter}", endpoint.path_and_query);
    Endpoint { path_and_query, ..endpoint.clone() }
}

async fn price(cx: &Context) -> CaseResult {
    let amount = |invoice: &str| Invoice::parse(invoice).ok().and_then(|invoice| invoice.amount_msat);
    let Some(asked) = amount(&cx.offer().await?.invoice) else {
        return Err(Outcome::unsupported("prices: whoever pays chooses the amount"));
    };
    let mut requests: Vec<(&str, Request)> = ["amount=1", "price=1", "price_sats=1", "amount_msat=1"]
        .map(|parameter| (parameter, Request::new("GET", &with_parameter(cx, parameter))))
        .into();
    requests.push(("X-Price: 1", cx.request("GET").with_header("X-Price", "1")));
    for (what, request) in requests {
        let response = cx.send(&request).await?;
        if response.status != 402 {
            continue; // it has no offer for that
        }
        let offered = amount(&read_offer(&response)?.invoice);
        if offered.is_none_or(|offered| offered < asked) {
            return Err(Outcome::fail(format!("{asked} msat"), format!("{offered:?} msat with {what}")));
        }
    }
    Ok(())
}

async fn html(cx: &Context) -> CaseResult {
    const MARKUP: &str = "<script>l402conformance</script>";
    let endpoint = with_parameter(cx, &format!("x={MARKUP}"));
    let encoded = with_parameter(cx, "x=%3Cscript%3El402conformance%3C/script%3E");
    for endpoint in [endpoint, encoded] {
        let request = Request::new("GET", &endpoint).with_header("Accept", "text/html");
        let response = cx.send(&request).await?;
        let is_html = response.values("content-type").any(|value| value.contains("html"));
        if is_html && String::from_utf8_lossy(&response.body).contains(MARKUP) {
            return Err(Outcome::fail(
                "markup of the request escaped, or left out",
                "it is in the page as it came",
            ));
        }
    }
    Ok(())
}
