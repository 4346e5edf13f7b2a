//! Servers that take the money and do not deliver.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{PAYS, SAFETY};
use crate::case::{Case, Suite};
use crate::check::Check;
use crate::client::context::Context;
use crate::client::options::CACHE;
use crate::client::origin::Answer;
use crate::client::shop::{Form, Offer, PRICE_MSAT, Script, content};
use crate::outcome::{CaseResult, Outcome};

const fn pays_once(id: &'static str, title: &'static str) -> Case {
    let requirement = "One request costs one payment at most, whatever the server answers to the credential.";
    Suite::Client.must(id, title, requirement, SAFETY).after(PAYS)
}

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: pays_once("client/paid-then-402", "a server that asks again and again is paid once"),
        run: |cx| Box::pin(pays_once_at(cx, Script::honest().uses(0))),
    },
    Check {
        case: pays_once(
            "client/paid-then-same-macaroon",
            "the same macaroon with another invoice is not paid again",
        ),
        run: |cx| Box::pin(pays_once_at(cx, same_macaroon())),
    },
    Check {
        case: pays_once("client/paid-then-401", "a server that answers 401 and a new challenge is paid once"),
        run: |cx| Box::pin(pays_once_at(cx, then_challenge(401))),
    },
    Check {
        case: pays_once("client/paid-then-403", "a server that answers 403 and a new challenge is paid once"),
        run: |cx| Box::pin(pays_once_at(cx, then_challenge(403))),
    },
    Check {
        case: pays_once("client/paid-then-500", "a server that breaks after it is paid is paid once"),
        run: |cx| Box::pin(pays_once_at(cx, Script::honest().paid(|_, _| broken()))),
    },
    Check {
        case: pays_once("client/paid-then-nothing", "a server that hangs up after it is paid is paid once"),
        run: |cx| Box::pin(pays_once_at(cx, Script::honest().paid(|_, _| Answer::hang_up()))),
    },
    Check {
        case: Suite::Client
            .should(
                "client/paid-then-500/again",
                "what was paid for and not delivered is asked for again without paying",
                "A token whose request failed is still worth something: the next run uses it.",
                SAFETY,
            )
            .needing(&[CACHE])
            .after(&["client/paid-then-500", "client/cached"]),
        run: |cx| Box::pin(again_without_paying(cx, broken())),
    },
    Check {
        case: Suite::Client
            .should(
                "client/paid-then-nothing/again",
                "a token that may not have arrived is shown again",
                "A token whose request failed is still worth something: the next run uses it.",
                SAFETY,
            )
            .needing(&[CACHE])
            .after(&["client/paid-then-nothing", "client/cached"]),
        run: |cx| Box::pin(again_without_paying(cx, Answer::hang_up())),
    },
];

pub(super) fn broken() -> Answer {
    Answer::new(500).body("text/plain", "broken\n")
}

async fn pays_once_at(cx: &Context, script: Script) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(script).await?;
    stage.run(&shop.url("/report")).await?;
    stage.paid_at_most(1)?;
    if stage.log().orders().is_empty() {
        return Err(Outcome::fail("one payment", "the client paid nothing"));
    }
    Ok(())
}

pub(super) fn then_challenge(status: u16) -> Script {
    Script::honest().uses(0).unpaid(move |request, offer| {
        let status = if request.value("authorization").is_some() { status } else { 402 };
        Form::Plain.answer(status, offer)
    })
}

/// The first macaroon, with the newest invoice.
pub(super) fn same_macaroon() -> Script {
    Script::honest().uses(0).offering(|till| match till.offers().first() {
        None => till.offer(PRICE_MSAT),
        Some(first) => {
            let (invoice, payment_hash) = till.invoice(PRICE_MSAT);
            till.add(Offer { macaroon: first.macaroon.clone(), invoice, payment_hash })
        }
    })
}

async fn again_without_paying(cx: &Context, first: Answer) -> CaseResult {
    let stage = cx.stage().await?;
    let fails = AtomicBool::new(true);
    let script = Script::honest().paid(move |_, _| match fails.swap(false, Ordering::Relaxed) {
        true => first.clone(),
        false => content(),
    });
    let shop = stage.sell(script).await?;
    let url = shop.url("/report");
    let run = stage.run(&url).await?;
    stage.paid_at_most(1)?;
    // A client may ask again by itself.
    let run = if run.succeeded() { run } else { stage.run(&url).await? };
    stage.paid_at_most(1)?;
    stage.delivered(&run)
}
