//! Tokens over time: they expire, they outlive a restart, and nobody pays for an answer that fails.

use std::time::Duration;

use tokio::time::sleep;

use super::context::{Context, Refusal};
use super::status::{SPENT, expect_spent};
use super::{EXPIRING_URL, FAILING_URL, PAYER, RESTART, SUITE};
use crate::case::Source;
use crate::check::Check;
use crate::http::Request;
use crate::outcome::{CaseResult, Outcome};
use crate::target::Expiry;

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "expiry/refused",
                "a token that has expired is refused",
                "Timeout: `<svc>_valid_until`: [...] `now() < timestamp`. [...] If any caveat fails, REJECT.",
                Source::macaroon("Caveat Verification and Built-in Satisfiers"),
            )
            .needing(&[PAYER, EXPIRING_URL])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(expired_is_refused(cx)),
    },
    Check {
        case: SUITE
            .should(
                "status/expired",
                "a token that has expired is answered 402 with another offer",
                "Possible revocation conditions include: Expiry date encoded as a caveat [...] When a \
                 credential is revoked, the server issues a fresh 402 challenge and the client repeats \
                 the payment flow.",
                Source::protocol("Credential Reuse and Revocation"),
            )
            .needing(&[PAYER, EXPIRING_URL])
            .after(&["expiry/refused"])
            .ambiguous(SPENT),
        run: |cx| Box::pin(expired_is_answered(cx)),
    },
    Check {
        case: SUITE
            .should(
                "delivery/failed-answer",
                "a token is still good when the answer that it paid for failed",
                "A server should count a use of a token only when it has delivered: a client that gets a \
                 5xx has paid for nothing, and tries again.",
                Source::PRACTICE,
            )
            .needing(&[PAYER, FAILING_URL])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(failed_answer(cx)),
    },
    Check {
        case: SUITE
            .should(
                "restart/unused-token",
                "a token that was bought before a restart is good after it",
                "What was sold should be delivered: a restart should not forget root keys.",
                Source::PRACTICE,
            )
            .needing(&[PAYER, RESTART])
            .after(&["credential/accepted"]),
        run: |cx| Box::pin(unused_token(cx)),
    },
    Check {
        case: SUITE
            .should(
                "restart/used-token",
                "a token that was used up before a restart stays so",
                "What is used up should stay so: a restart should not forget uses.",
                Source::PRACTICE,
            )
            .needing(&[PAYER, RESTART])
            .after(&["restart/unused-token"]),
        run: |cx| Box::pin(used_token(cx)),
    },
];

/// Times are whole seconds, and servers round either way.
const EXPIRY_MARGIN: Duration = Duration::from_secs(2);

const RESTART_LIMIT: Duration = Duration::from_secs(60);

/// A request with a token that has expired, while one that was bought with it was good before.
async fn expired(cx: &Context) -> Result<Request, Outcome> {
    let (endpoint, expiry) =
        cx.target.expiring.as_ref().ok_or_else(|| Outcome::skip("needs an expiring URL"))?;
    let with = |value: String| Request::new("GET", endpoint).with_header("Authorization", value);
    let (used, kept) = (cx.buy_at(endpoint).await?, cx.buy_at(endpoint).await?);
    cx.expect_served(&with(used.credential())).await?;
    match expiry {
        Expiry::After(lifetime) => sleep(*lifetime + EXPIRY_MARGIN).await,
        Expiry::Hook(hook) => hook.pull().await.map_err(Outcome::error)?,
    }
    Ok(with(kept.credential()))
}

async fn expired_is_refused(cx: &Context) -> CaseResult {
    let request = expired(cx).await?;
    cx.expect_refused(Refusal::Credential, [("a token that has expired".to_owned(), request)]).await
}

async fn expired_is_answered(cx: &Context) -> CaseResult {
    let request = expired(cx).await?;
    expect_spent(cx, &cx.send(&request).await?)
}

async fn failed_answer(cx: &Context) -> CaseResult {
    let endpoint = cx.target.failing.as_ref().ok_or_else(|| Outcome::skip("needs a failing URL"))?;
    let token = cx.buy_at(endpoint).await?;
    let request = Request::new("GET", endpoint).with_header("Authorization", token.credential());
    let first = cx.send(&request).await?.status;
    if first < 500 {
        return Err(Outcome::error(format!("the failing URL answered {first}, not with a 5xx status")));
    }
    match cx.send(&request).await?.status {
        401..=403 => Err(Outcome::fail("the answer that was paid for, or the same failure", "a refusal")),
        _ => Ok(()),
    }
}

async fn restart(cx: &Context) -> CaseResult {
    let hook = cx.target.restart.as_ref().ok_or_else(|| Outcome::skip("needs a restart"))?;
    hook.pull().await.map_err(Outcome::error)?;
    let pause = Duration::from_millis(100);
    let mut waited = Duration::ZERO;
    while cx.try_send(&cx.request("HEAD")).await?.is_err() {
        if waited >= RESTART_LIMIT {
            return Err(Outcome::error(format!(
                "the server does not answer {RESTART_LIMIT:?} after the restart"
            )));
        }
        sleep(pause).await;
        waited += pause;
    }
    Ok(())
}

async fn unused_token(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    restart(cx).await?;
    cx.expect_served(&cx.with_authorization(token.credential())).await
}

async fn used_token(cx: &Context) -> CaseResult {
    let token = cx.buy_and_use_up().await?;
    restart(cx).await?;
    let request = cx.with_authorization(token.credential());
    cx.expect_refused(Refusal::Any, [("a token that was used before".to_owned(), request)]).await
}
