//! A token opens what it was sold for.

use super::super::context::{Context, Refusal, credential};
use super::super::{OTHER_METHOD, OTHER_URL, PAYER, SUITE, paid};
use crate::case::Source;
use crate::check::Check;
use crate::http::Request;
use crate::outcome::{CaseResult, Outcome};

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
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
    Check {
        case: SUITE
            .should(
                "verification/other-method",
                "a token for GET does not open the URL with another method",
                "A token should open what it was sold for and nothing else: one for reading does not pay \
                 for writing.",
                Source::PRACTICE,
            )
            .needing(&[PAYER, OTHER_METHOD])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(other_method(cx)),
    },
    Check {
        case: paid(SUITE.should(
            "verification/two-credentials",
            "two different credentials in one request are refused",
            "A request with two different L402 credentials should be refused: which of them counts is \
             decided in one way by a proxy and in another behind it.",
            Source::PRACTICE,
        )),
        run: |cx| Box::pin(two_credentials(cx)),
    },
];

async fn other_url(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let request = Request::new("GET", cx.other_endpoint()?).with_header("Authorization", token.credential());
    if cx.send(&request).await?.is_success() {
        return Err(Outcome::fail("a refusal at the other URL", "served"));
    }
    Ok(())
}

async fn other_method(cx: &Context) -> CaseResult {
    let method = cx.target.other_method.clone().ok_or_else(|| Outcome::skip("needs another method"))?;
    let request = || Request::new(method.clone(), &cx.target.endpoint).with_header("Content-Length", "0");
    let unpaid = cx.send(&request()).await?.status;
    if unpaid != 402 {
        return Err(Outcome::unsupported(format!(
            "{method} for money: status {unpaid} without a credential"
        )));
    }
    let token = cx.buy().await?;
    let attempt = (
        format!("a token for GET with {method}"),
        request().with_header("Authorization", token.credential()),
    );
    cx.expect_refused(Refusal::Any, [attempt]).await
}

async fn two_credentials(cx: &Context) -> CaseResult {
    let good = cx.buy().await?.credential();
    let bad = credential(&cx.offer().await?.macaroon, &cx.random());
    let with = |first: &str, second: &str| cx.with_authorization(first).with_header("Authorization", second);
    let attempts = [
        ("a good one and a bad one".to_owned(), with(&good, &bad)),
        ("a bad one and a good one".to_owned(), with(&bad, &good)),
    ];
    cx.expect_refused(Refusal::Any, attempts).await
}
