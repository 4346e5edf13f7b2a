//! Caveats restrict: those that anybody appends, too.

use super::super::context::{Context, Refusal, Token};
use super::super::{OTHER_URL, PAYER, SUITE, paid};
use crate::case::Source;
use crate::check::Check;
use crate::http::Request;
use crate::outcome::{CaseResult, Outcome};
use crate::wire::invoice::now;

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: paid(SUITE.must(
            "caveats/unknown",
            "a caveat that nobody knows changes nothing",
            "If no satisfier is registered for a caveat's condition, the caveat MUST be skipped (not \
             rejected).",
            Source::macaroon("Caveat Verification"),
        )),
        run: |cx| Box::pin(unknown(cx)),
    },
    Check {
        case: paid(SUITE.must(
            "caveats/expired",
            "a token is refused with an appended expiry that is over",
            "Timeout: `<svc>_valid_until`: [...] `now() < timestamp`. [...] If any caveat fails, REJECT.",
            Source::macaroon("Caveat Verification and Built-in Satisfiers"),
        )),
        run: |cx| Box::pin(expired(cx)),
    },
    Check {
        case: paid(SUITE.must(
            "caveats/widened",
            "a token is refused with an appended caveat that would widen another",
            "If multiple caveats share the same condition, verify that each successive caveat is more \
             restrictive than the previous. [...] If any caveat fails, REJECT.",
            Source::macaroon("Caveat Verification"),
        )),
        run: |cx| Box::pin(widened(cx)),
    },
    Check {
        case: SUITE
            .should(
                "caveats/of-other-url",
                "a token does not open the other URL with the other's caveats appended",
                "Whoever holds a token can append caveats to it. None of them should open anything that \
                 it was not sold for.",
                Source::PRACTICE,
            )
            .needing(&[PAYER, OTHER_URL])
            .after(&["verification/other-url"]),
        run: |cx| Box::pin(of_other_url(cx)),
    },
];

async fn unknown(cx: &Context) -> CaseResult {
    for caveat in ["l402-conformance=1", "l402-conformance", "l402-conformance=a=b"] {
        let token = cx.buy().await?.attenuated(&[caveat.as_bytes()])?;
        let response = cx.send(&cx.with_authorization(token.credential())).await?;
        if !response.is_success() {
            let actual = format!("status {} with the caveat {caveat:?}", response.status);
            return Err(Outcome::fail("a 2xx status", actual));
        }
    }
    Ok(())
}

/// The caveats of a token, as conditions and values.
fn conditions(token: &Token) -> Result<Vec<(String, String)>, Outcome> {
    let caveats = token.parse()?.first_party_caveats;
    let texts = caveats.iter().filter_map(|caveat| str::from_utf8(caveat).ok());
    Ok(texts.filter_map(|text| text.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())).collect())
}

/// The services that a `services` caveat names.
fn services(conditions: &[(String, String)]) -> impl Iterator<Item = &str> {
    let lists = conditions.iter().filter(|(name, _)| name == "services").map(|(_, list)| list);
    lists.flat_map(|list| list.split(',')).filter_map(|service| service.split(':').next())
}

/// A caveat that says until when, as every implementation writes it: a time to come, in seconds or milliseconds.
fn is_expiry((_, value): &(String, String)) -> bool {
    let time =
        value.trim().parse().map_or(0, |time: u64| if time > MILLISECONDS { time / 1000 } else { time });
    (now()..now() + 20 * YEAR).contains(&time)
}

const YEAR: u64 = 365 * 24 * 3600;

/// Above this it is no number of seconds that anybody means: 1973 in milliseconds.
const MILLISECONDS: u64 = 100_000_000_000;

async fn expired(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let conditions = conditions(&token)?;
    let mut caveats: Vec<String> =
        services(&conditions).map(|service| format!("{service}_valid_until=1")).collect();
    let expiries = conditions.iter().filter(|condition| is_expiry(condition));
    // A space after the `=` is part of the value, where it is written.
    caveats.extend(
        expiries.map(|(name, value)| format!("{name}={}1", if value.starts_with(' ') { " " } else { "" })),
    );
    expect_restricting(cx, &token, &caveats).await
}

async fn widened(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let mut wider = Vec::new();
    for condition in conditions(&token)? {
        let (name, value) = &condition;
        if name == "services" {
            wider.push(format!("services={value},l402-conformance:0"));
            wider.push("services=l402-conformance:0".to_owned());
        } else if is_expiry(&condition) {
            // A digit more is thousands of years.
            wider.push(format!("{name}={value}9"));
        }
    }
    expect_restricting(cx, &token, &wider).await
}

async fn expect_restricting(cx: &Context, token: &Token, caveats: &[String]) -> CaseResult {
    if caveats.is_empty() {
        return Err(Outcome::unsupported("caveats on services or expiry"));
    }
    let attempts = caveats.iter().map(|caveat| attempt(cx, token, caveat));
    cx.expect_refused(Refusal::Credential, attempts.collect::<Result<Vec<_>, _>>()?).await
}

fn attempt(cx: &Context, token: &Token, caveat: &str) -> Result<(String, Request), Outcome> {
    let value = token.attenuated(&[caveat.as_bytes()])?.credential();
    Ok((format!("{caveat} appended"), cx.with_authorization(value)))
}

async fn of_other_url(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let own = token.parse()?.first_party_caveats;
    let others = cx.offer_at(cx.other_endpoint()?).await?.parse()?.first_party_caveats;
    let foreign: Vec<&[u8]> =
        others.iter().filter(|caveat| !own.contains(caveat)).map(Vec::as_slice).collect();
    if foreign.is_empty() {
        return Err(Outcome::unsupported("caveats that tell its URLs apart"));
    }
    let value = token.attenuated(&foreign)?.credential();
    let request = Request::new("GET", cx.other_endpoint()?).with_header("Authorization", value);
    cx.expect_refused(Refusal::Any, [("the other URL's caveats appended".to_owned(), request)]).await
}
