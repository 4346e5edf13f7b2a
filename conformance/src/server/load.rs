//! Many at once, and what those cost who do not pay.

use super::context::{Context, read_offer};
use super::{LEDGER, PAYER, SUITE, paid};
use crate::case::{Ambiguity, Level, Scoring, Source};
use crate::check::Check;
use crate::http::Request;
use crate::outcome::{CaseResult, Outcome};
use crate::profile::Profile;
use crate::wire::hex;

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "concurrency/challenges",
                "requests at once all get an offer of their own",
                "The server MUST mint a new macaroon `M` for the client.",
                Source::protocol("§6.1"),
            )
            .after(&["challenge/fresh"]),
        run: |cx| Box::pin(challenges(cx)),
    },
    Check {
        case: paid(SUITE.must(
            "concurrency/one-token",
            "a token that is used by many at once is good for no more than it was sold for",
            "Possible revocation conditions include: [...] Exceeded usage count [...] When a credential \
             is revoked, the server issues a fresh 402 challenge and the client repeats the payment flow.",
            Source::protocol("Credential Reuse and Revocation"),
        )),
        run: |cx| Box::pin(one_token(cx)),
    },
    Check {
        case: SUITE
            .should(
                "cost/unasked",
                "HEAD and OPTIONS cost the node no invoice",
                "A request that nobody pays for should not create an invoice: the node keeps every one of \
                 them.",
                Source::PRACTICE,
            )
            .needing(&[PAYER, LEDGER])
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(unasked(cx)),
    },
    Check {
        case: SUITE
            .should(
                "cost/invalid",
                "credentials that are none cost the node no invoice",
                "A credential that is malformed or forged should be refused without an invoice: whoever \
                 sends it does not pay.",
                Source::PRACTICE,
            )
            .needing(&[PAYER, LEDGER])
            .after(&["challenge/parameters"])
            .ambiguous(COST),
        run: |cx| Box::pin(invalid(cx)),
    },
];

const COST: Ambiguity = Ambiguity {
    conflict: "where an invalid credential is answered 402, a challenge comes with it",
    scoring: &[
        Scoring::new(Profile::Aperture, Level::Info, "nothing: each gets a challenge"),
        Scoring::new(Profile::L402kit, Level::Info, "nothing: each gets a challenge"),
    ],
};

/// How often a race is run; a server that loses it may win now and then.
const ROUNDS: usize = 3;

/// Nobody sells calls in fewer than this and still counts.
const MAX_USES: usize = 5;

async fn challenges(cx: &Context) -> CaseResult {
    let requests = vec![cx.request("GET"); cx.target.parallel];
    let mut seen = Vec::new();
    for response in cx.send_at_once(&requests).await? {
        if response.status != 402 {
            return Err(Outcome::fail("status 402 for all", format!("status {}", response.status)));
        }
        let offer = read_offer(&response)?;
        for text in [offer.macaroon, offer.invoice] {
            if seen.contains(&text) {
                return Err(Outcome::fail("another offer for each", format!("{text:?} twice")));
            }
            seen.push(text);
        }
    }
    Ok(())
}

async fn one_token(cx: &Context) -> CaseResult {
    let request = cx.with_authorization(cx.buy().await?.credential());
    let mut uses = 0;
    while cx.send(&request).await?.is_success() {
        uses += 1;
        if uses > MAX_USES {
            return Err(Outcome::unsupported("a number of uses: its tokens are good for more than five"));
        }
    }
    let mut most = 0;
    for _ in 0..ROUNDS {
        let request = cx.with_authorization(cx.buy().await?.credential());
        let answers = cx.send_at_once(&vec![request; cx.target.parallel.max(uses + 1)]).await?;
        let statuses: Vec<String> = answers.iter().map(|answer| answer.status.to_string()).collect();
        cx.attach("the statuses, in the order of the requests", &statuses.join(" "));
        most = most.max(answers.iter().filter(|answer| answer.is_success()).count());
        if most > uses {
            break;
        }
    }
    let of = cx.target.parallel.max(uses + 1);
    if most > uses {
        return Err(Outcome::fail(format!("{uses} of {of} served"), format!("{most} of {of} served")));
    }
    if most == 0 {
        return Err(Outcome::warn(format!("{uses} of {of} served"), "none served"));
    }
    Ok(())
}

async fn count(cx: &Context) -> Result<usize, Outcome> {
    let payer = cx.payer.as_ref().ok_or_else(|| Outcome::skip("needs a payer"))?;
    let count = payer.count_invoices().await.ok_or_else(|| Outcome::unsupported("a ledger"))?;
    count.map_err(Outcome::error)
}

/// The server's node must have no other customers meanwhile.
async fn expect_no_invoice(cx: &Context, requests: Vec<(String, Request)>) -> CaseResult {
    let before = count(cx).await?;
    cx.offer().await?;
    if count(cx).await? == before {
        return Err(Outcome::unsupported("its invoices at the payer's node"));
    }
    for (what, request) in requests {
        let before = count(cx).await?;
        let status = cx.send(&request).await?.status;
        let made = count(cx).await?.saturating_sub(before);
        if made > 0 {
            return Err(Outcome::fail("no invoice", format!("{made} for {what}, with status {status}")));
        }
    }
    Ok(())
}

async fn unasked(cx: &Context) -> CaseResult {
    let requests = ["HEAD", "OPTIONS"].map(|method| (method.to_owned(), cx.request(method)));
    expect_no_invoice(cx, requests.into()).await
}

async fn invalid(cx: &Context) -> CaseResult {
    let macaroon = cx.offer().await?.macaroon;
    let preimage = hex(&cx.random());
    let attempts = [
        ("garbage", "L402 garbage".to_owned()),
        ("a wrong preimage", format!("L402 {macaroon}:{preimage}")),
        ("a forged token", format!("L402 AAAA{macaroon}:{preimage}")),
    ];
    let requests = attempts.map(|(what, value)| (what.to_owned(), cx.with_authorization(value)));
    expect_no_invoice(cx, requests.into()).await
}
