//! Bills above what the client may spend.

use lightning_invoice::{Currency, SiPrefix};

use super::bills::{AMOUNT, REASONABLE, foreign, must, refuses};
use super::{SAFETY, should};
use crate::case::Case;
use crate::check::Check;
use crate::client::command::Call;
use crate::client::context::Context;
use crate::client::options::LIMIT;
use crate::client::origin::Answer;
use crate::client::shop::{Draft, Form, Offer, Script};
use crate::outcome::{CaseResult, Outcome};

const LIMITED: &[&str] = &["client/limit"];

const fn within_limit(id: &'static str, title: &'static str) -> Case {
    must(id, title).needing(&[LIMIT]).after(LIMITED)
}

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: must("client/limit", "an invoice above the limit is not paid").needing(&[LIMIT]),
        run: |cx| {
            Box::pin(refuses(cx, Script::priced(DEAR_MSAT), "it costs 5000 satoshi, and the limit is 100"))
        },
    },
    Check {
        case: within_limit(
            "client/limit/capital-letters",
            "an invoice above the limit, in capitals, is not paid",
        ),
        run: |cx| Box::pin(refuses(cx, dear_in_capitals(), "it costs 5000 satoshi, and the limit is 100")),
    },
    Check {
        case: within_limit("client/limit/body", "the price in the body does not count, but the invoice's"),
        run: |cx| {
            Box::pin(refuses(cx, cheap_in_body(), "the invoice says 5000 satoshi, and the limit is 100"))
        },
    },
    Check {
        case: within_limit("client/limit/pico", "an amount in pico-bitcoin is read rightly"),
        run: |cx| Box::pin(foreign(cx, Draft::of(50_000_000, Some(SiPrefix::Pico)), "it costs 5000 satoshi")),
    },
    Check {
        case: within_limit("client/limit/milli", "an amount in milli-bitcoin is read rightly"),
        run: |cx| Box::pin(foreign(cx, Draft::of(1, Some(SiPrefix::Milli)), "it costs 100000 satoshi")),
    },
    Check {
        case: within_limit("client/limit/signet", "an amount behind any network's prefix is read"),
        run: |cx| {
            let draft = Draft { currency: Currency::Signet, ..Draft::of(50, Some(SiPrefix::Micro)) };
            Box::pin(foreign(cx, draft, "it costs 5000 satoshi, and is of another network"))
        },
    },
    Check {
        case: should(
            "client/limit/one-millisatoshi",
            "one millisatoshi above the limit is too much",
            REASONABLE,
            AMOUNT,
        )
        .needing(&[LIMIT])
        .after(LIMITED),
        run: |cx| {
            Box::pin(refuses(cx, Script::priced(100_001), "it costs 100001 msat, and the limit is 100 sat"))
        },
    },
    Check {
        case: should(
            "client/limit/exact",
            "an invoice of just the limit is paid",
            "The limit is the most that may be spent, not less.",
            SAFETY,
        )
        .needing(&[LIMIT])
        .after(LIMITED),
        run: |cx| Box::pin(exact_limit(cx)),
    },
    Check {
        case: should(
            "client/limit/fee",
            "the routing fee counts",
            "What is spent is the amount and the fee; a limit that leaves the fee out is none.",
            SAFETY,
        )
        .needing(&[LIMIT])
        .after(LIMITED),
        run: |cx| Box::pin(fee_counts(cx)),
    },
];

pub(super) const DEAR_MSAT: u64 = 5_000_000;

pub(super) fn dear_in_capitals() -> Script {
    Script::priced(DEAR_MSAT).unpaid(|_, offer| {
        let offer = Offer { invoice: offer.invoice.to_uppercase(), ..offer.clone() };
        Form::Plain.answer(402, &offer)
    })
}

pub(super) fn cheap_in_body() -> Script {
    Script::priced(DEAR_MSAT).unpaid(|_, offer| {
        let Offer { macaroon, invoice, .. } = offer;
        let prices = "\"price_sats\":1,\"priceSats\":1,\"amount\":1,\"amount_sats\":1";
        let body = format!("{{\"error\":\"Payment Required\",{prices},\"invoice\":\"{invoice}\",\"macaroon\":\"{macaroon}\"}}");
        let line = Form::Plain.lines(offer).remove(0);
        Answer::new(402).header("WWW-Authenticate", line).body("application/json", body)
    })
}

async fn exact_limit(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    let shop = stage.sell(Script::honest()).await?;
    let url = shop.url("/report");
    let run = stage.call(&Call { max_cost_sats: 10, ..Call::get(&url) }).await?;
    stage.bought(&shop)?;
    stage.delivered(&run)
}

async fn fee_counts(cx: &Context) -> CaseResult {
    let stage = cx.stage_with_fee(60_000).await?;
    let shop = stage.sell(Script::priced(50_000)).await?;
    stage.run(&shop.url("/report")).await?;
    let payments = stage.node().payments();
    let spent: u64 = payments.iter().map(|paid| paid.amount.as_msat() + paid.fee.as_msat()).sum();
    if spent <= 100_000 {
        return Ok(());
    }
    Err(Outcome::fail("at most 100000 msat are spent", format!("{spent} msat, with the fee")))
}
