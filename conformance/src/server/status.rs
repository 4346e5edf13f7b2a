//! Which status a bad credential gets, where the texts contradict each other.

use super::context::{Context, read_offer};
use super::{OTHER_URL, PAYER, SUITE, paid};
use crate::case::{Ambiguity, Level, Scoring, Source};
use crate::check::Check;
use crate::http::{Request, Response};
use crate::outcome::{CaseResult, Outcome};
use crate::profile::Profile;

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .should(
                "status/invalid",
                "a credential that is forged or unpaid is answered 401, or 402 with another offer",
                "Credential present but macaroon invalid or tampered: 401.",
                Source::protocol("§4.1"),
            )
            .after(&["verification/wrong-preimage"])
            .ambiguous(INVALID),
        run: |cx| Box::pin(invalid(cx)),
    },
    Check {
        case: paid(SUITE.should(
            "status/used-up",
            "a token that is used up is answered 402 with another offer",
            "Possible revocation conditions include: [...] Exceeded usage count [...] When a credential \
             is revoked, the server issues a fresh 402 challenge and the client repeats the payment flow.",
            Source::protocol("Credential Reuse and Revocation"),
        ))
        .ambiguous(SPENT),
        run: |cx| Box::pin(used_up(cx)),
    },
    Check {
        case: SUITE
            .should(
                "status/other-url",
                "a token for another URL is answered 402 with another offer",
                "A token that is good, but not for this, should be answered with 402 and a fresh \
                 challenge: the client did nothing wrong, and many clients pay on 402 only.",
                Source::PRACTICE,
            )
            .needing(&[PAYER, OTHER_URL])
            .after(&["verification/other-url"])
            .ambiguous(UNFIT),
        run: |cx| Box::pin(other_url(cx)),
    },
];

const INVALID: Ambiguity = Ambiguity {
    conflict: "the specification says 401 in one place; its earlier revision says 402 for whatever is \
               missing or invalid, and Aperture and l402kit do so",
    scoring: &[
        Scoring::new(Profile::Default, Level::Should, "401, or 402 with a challenge"),
        Scoring::new(Profile::Aperture, Level::Must, "402 with a challenge"),
        Scoring::new(Profile::L402kit, Level::Must, "402 with a challenge"),
    ],
};

pub(super) const SPENT: Ambiguity = Ambiguity {
    conflict: "the specification says 401 for what is invalid, and 402 for what was revoked or has \
               expired; deployed clients pay again on 402 and give up on 401, but l402kit answers 401",
    scoring: &[
        Scoring::new(Profile::Default, Level::Should, "402 with a challenge"),
        Scoring::new(Profile::Aperture, Level::Must, "402 with a challenge"),
        Scoring::new(Profile::L402kit, Level::Must, "401"),
    ],
};

const UNFIT: Ambiguity = Ambiguity {
    conflict: "the specification says 401 for what is invalid, and says nothing about what is valid \
               elsewhere",
    scoring: &[Scoring::new(Profile::Aperture, Level::Must, "402 with a challenge")],
};

/// The status, and the offer if it is 402.
fn expect_challenge(response: &Response) -> CaseResult {
    match response.status {
        402 => read_offer(response).map(drop),
        status => Err(Outcome::fail("status 402 with a challenge", format!("status {status}"))),
    }
}

async fn invalid(cx: &Context) -> CaseResult {
    let offer = cx.offer().await?;
    let value = super::context::credential(&offer.macaroon, &cx.random());
    let response = cx.send(&cx.with_authorization(value)).await?;
    match (cx.profile, response.status) {
        (Profile::Default, 401) => Ok(()),
        _ => expect_challenge(&response),
    }
}

/// What is good no more, in this profile.
pub(super) fn expect_spent(cx: &Context, response: &Response) -> CaseResult {
    match (cx.profile, response.status) {
        (Profile::L402kit, 401) => Ok(()),
        (Profile::L402kit, status) => Err(Outcome::fail("status 401", format!("status {status}"))),
        _ => expect_challenge(response),
    }
}

async fn used_up(cx: &Context) -> CaseResult {
    let token = cx.buy_and_use_up().await?;
    let response = cx.send(&cx.with_authorization(token.credential())).await?;
    expect_spent(cx, &response)
}

async fn other_url(cx: &Context) -> CaseResult {
    let token = cx.buy().await?;
    let request = Request::new("GET", cx.other_endpoint()?).with_header("Authorization", token.credential());
    let response = cx.send(&request).await?;
    if response.is_success() {
        return Err(Outcome::unsupported("tokens for one URL only"));
    }
    expect_challenge(&response)
}
