//! The invoice of an offer.

use super::super::SUITE;
use super::super::context::Context;
use crate::case::Source;
use crate::check::Check;
use crate::outcome::{CaseResult, Outcome};
use crate::wire::invoice::Invoice;

pub(in crate::server) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "challenge/invoice",
                "the invoice is BOLT11, with a right checksum and signature",
                "`invoice` (REQUIRED): A BOLT 11 payment request.",
                Source::protocol("§5.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(bolt11(cx)),
    },
    Check {
        case: SUITE
            .should(
                "challenge/invoice-amount",
                "the invoice has an amount, and it is not zero",
                "The server SHOULD derive a price for the resource expressed in millisatoshis (1/1000th \
                 of a satoshi) and create a BOLT 11 invoice `P` requesting that amount from its backing \
                 Lightning node.",
                Source::protocol("§6.1"),
            )
            .after(&["challenge/invoice"]),
        run: |cx| Box::pin(amount(cx)),
    },
    Check {
        case: SUITE
            .should(
                "challenge/invoice-expiry",
                "the invoice can be paid for a while yet",
                "An invoice should have at least half a minute left to be paid when it is offered: a \
                 payment over several hops takes seconds, and one that comes too late is lost or refused.",
                Source::PRACTICE,
            )
            .after(&["challenge/invoice"]),
        run: |cx| Box::pin(expiry(cx)),
    },
];

const LEAST_SECONDS: u64 = 30;

async fn read(cx: &Context) -> Result<Invoice, Outcome> {
    let invoice = cx.offer().await?.invoice;
    Invoice::parse(&invoice)
        .map_err(|reason| Outcome::fail("a BOLT11 invoice", format!("{reason}: {invoice:?}")))
}

async fn bolt11(cx: &Context) -> CaseResult {
    read(cx).await.map(drop)
}

async fn amount(cx: &Context) -> CaseResult {
    match read(cx).await?.amount_msat {
        Some(1..) => Ok(()),
        Some(0) => Err(Outcome::fail("an amount", "0 msat")),
        None => Err(Outcome::fail("an amount", "none: whoever pays chooses, 1 msat is enough")),
    }
}

async fn expiry(cx: &Context) -> CaseResult {
    match read(cx).await?.seconds_left() {
        LEAST_SECONDS.. => Ok(()),
        seconds => {
            Err(Outcome::fail(format!("{LEAST_SECONDS} seconds or more"), format!("{seconds} seconds")))
        }
    }
}
