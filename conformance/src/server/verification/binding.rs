//! A token opens what it was sold for.

use super::super::context::{Context, Refusal};
use super::super::{OTHER_METHOD, OTHER_URL, PAYER, SUITE};
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
                "A token should open what it was sold for and nothing else: one for reading does not pay for writing.",
                Source::PRACTICE,
            )
            .needing(&[PAYER, OTHER_METHOD])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(other_method(cx)),
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
