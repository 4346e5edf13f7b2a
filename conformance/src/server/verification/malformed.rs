//! What is no credential at all opens nothing, and is the client's error rather than the server's.

use super::super::context::{Context, Refusal, Token};
use super::super::{SUITE, paid};
use super::preimage::written;
use crate::case::Source;
use crate::check::Check;
use crate::http::Request;
use crate::outcome::CaseResult;
use crate::wire::hex;

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "verification/malformed",
                "a credential that is none is the client's error",
                "Credential present but macaroon invalid or tampered: 401.",
                Source::protocol("§4.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(malformed(cx)),
    },
    Check {
        case: paid(SUITE.should(
            "verification/other-scheme",
            "a paid token is no credential of another scheme",
            "l402-credential = \"L402\" 1*SP macaroons \":\" preimage. A field of another scheme is for \
             somebody else.",
            Source::protocol("§5.3"),
        )),
        run: |cx| Box::pin(other_scheme(cx)),
    },
    Check {
        case: SUITE
            .must(
                "verification/control-characters",
                "control characters in a credential are the client's error",
                CONTROL,
                Source::protocol("§5.2"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(control_characters(cx)),
    },
    Check {
        case: paid(SUITE.must(
            "verification/control-characters-paid",
            "a paid token is refused with control characters in it",
            CONTROL,
            Source::protocol("§5.2"),
        )),
        run: |cx| Box::pin(control_characters_paid(cx)),
    },
    Check {
        case: SUITE
            .must(
                "verification/header-injection",
                "nothing of a request becomes a header field of the answer",
                "Field values containing CR, LF, or NUL characters are invalid and dangerous [...]; a \
                 recipient of CR, LF, or NUL within a field value MUST either reject the message or \
                 replace each of those characters with SP.",
                Source::new("RFC 9110", "§5.5"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(header_injection(cx)),
    },
];

const CONTROL: &str = "If a client provides a macaroon or preimage containing control characters, the \
     server MUST treat it as an invalid L402 and respond with 401.";

/// TAB, which HTTP lets through, and some that most HTTP servers refuse themselves. Not NUL, CR and LF: they are
/// about HTTP, not L402.
const CONTROL_CHARACTERS: [u8; 4] = [0x01, 0x09, 0x1f, 0x7f];

const INJECTED: &str = "x-l402-conformance";

async fn malformed(cx: &Context) -> CaseResult {
    let macaroon = cx.offer().await?.macaroon;
    let preimage = hex(&cx.random());
    let attempts = [
        ("the scheme alone", "L402".to_owned()),
        ("the scheme and a space", "L402 ".to_owned()),
        ("a colon", "L402 :".to_owned()),
        ("a preimage without a macaroon", format!("L402 :{preimage}")),
        ("a preimage alone", format!("L402 {preimage}")),
        ("what is not base64", format!("L402 not-base64***:{preimage}")),
        ("base64 of something else", format!("L402 AAAA:{preimage}")),
        ("half a macaroon", format!("L402 {}:{preimage}", &macaroon[..macaroon.len() / 8 * 4])),
        ("a comma list of nothing", format!("L402 ,,,:{preimage}")),
        ("the scheme twice", format!("L402 L402 {macaroon}:{preimage}")),
        ("a space in the middle", format!("L402 {macaroon} : {preimage}")),
        ("parameters", format!("L402 macaroon=\"{macaroon}\", preimage=\"{preimage}\"")),
        ("bytes that are no text", "L402 \u{e9}\u{df}:00".to_owned()),
    ];
    cx.expect_refused(Refusal::Credential, written(cx, attempts)).await
}

async fn other_scheme(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let (value, l402) = (token.credential().replacen("L402 ", "", 1), token.credential());
    let attempts = [
        ("no scheme", value.clone()),
        ("the scheme Bearer", format!("Bearer {value}")),
        ("the scheme Basic", format!("Basic {value}")),
        ("a longer scheme", format!("XL402 {value}")),
        ("another scheme before it", format!("Bearer {l402}")),
        ("no space", format!("L402{value}")),
    ];
    cx.expect_refused(Refusal::Any, written(cx, attempts)).await
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

/// Line breaks in caveats, where only base64 hides them, and in the query.
async fn header_injection(cx: &Context) -> CaseResult {
    let offer = cx.offer().await?;
    let unpaid = Token { macaroon: offer.macaroon, preimage: cx.random() };
    let breaks = ["\r\n", "\n", "\r"].map(|end| format!("path=x{end}{INJECTED}: 1{end}{end}"));
    let mut requests = Vec::new();
    for caveat in &breaks {
        // Formats that cannot be attenuated are for another case.
        if let Ok(token) = unpaid.attenuated(&[caveat.as_bytes()]) {
            requests.push(("a line break in a caveat", cx.with_authorization(token.credential())));
        }
    }
    let endpoint = &cx.target.endpoint;
    let separator = if endpoint.path_and_query.contains('?') { '&' } else { '?' };
    let path_and_query = format!("{}{separator}x=%0d%0a{INJECTED}:%201", endpoint.path_and_query);
    let endpoint = crate::target::Endpoint { path_and_query, ..endpoint.clone() };
    requests.push(("an encoded line break in the query", Request::new("GET", &endpoint)));
    for (what, request) in requests {
        let response = cx.send(&request).await?;
        if response.values(INJECTED).next().is_some() {
            return Err(crate::outcome::Outcome::fail(
                "no header field of the client's making",
                format!("{INJECTED} after {what}"),
            ));
        }
    }
    Ok(())
}
