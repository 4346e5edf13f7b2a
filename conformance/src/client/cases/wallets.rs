//! Wallets that fail, lie, or take their time.

use std::time::Duration;

use l402_core::ports::BackendErrorKind;
use l402_dev::fault::PaymentFault;

use super::{SAFETY, must, should};
use crate::case::Source;
use crate::check::Check;
use crate::client::command::Call;
use crate::client::context::Context;
use crate::client::judge::credentials;
use crate::client::options::CACHE;
use crate::client::shop::Script;
use crate::outcome::{CaseResult, Outcome};

const PROOF: &str = "The credential has the preimage of the invoice, whose SHA-256 is the payment hash.";
const IN_DOUBT: &str =
    "A payment of which nobody knows whether it is made may be made: no other one is made in its place.";

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: must(
            "client/wallet/fails",
            "a payment that fails makes no credential",
            PROOF,
            Source::protocol("§6.2"),
        ),
        run: |cx| Box::pin(no_credential(cx, PaymentFault::Fail(BackendErrorKind::NoRoute))),
    },
    Check {
        case: must(
            "client/wallet/down",
            "a wallet that is down makes no credential",
            PROOF,
            Source::protocol("§6.2"),
        ),
        run: |cx| Box::pin(no_credential(cx, PaymentFault::Down)),
    },
    Check {
        case: must(
            "client/wallet/wrong-preimage/once",
            "a wallet that shows a wrong preimage makes one payment",
            "One request costs one payment at most, whatever the wallet says.",
            SAFETY,
        ),
        run: |cx| Box::pin(lies_once(cx)),
    },
    Check {
        case: should(
            "client/wallet/wrong-preimage",
            "a wrong preimage is not sent to the server",
            PROOF,
            Source::protocol("§6.2"),
        ),
        run: |cx| Box::pin(no_credential(cx, PaymentFault::WrongPreimage)),
    },
    Check {
        case: should(
            "client/wallet/zero-preimage",
            "a preimage of zeros is not sent to the server",
            PROOF,
            Source::protocol("§6.2"),
        ),
        run: |cx| Box::pin(no_credential(cx, PaymentFault::ZeroPreimage)),
    },
    Check {
        case: must(
            "client/wallet/pending",
            "a payment under way is not made a second time",
            IN_DOUBT,
            SAFETY,
        ),
        run: |cx| Box::pin(pending(cx)),
    },
    Check {
        case: should("client/wallet/pending/again", "nor by the next run", IN_DOUBT, SAFETY)
            .needing(&[CACHE])
            .after(&["client/wallet/pending", "client/cached"]),
        run: |cx| Box::pin(pending_again(cx)),
    },
    Check {
        case: must("client/wallet/late", "a payment that settles late is made once", IN_DOUBT, SAFETY),
        run: |cx| Box::pin(late(cx)),
    },
    Check {
        case: should(
            "client/wallet/late/resumed",
            "what a late payment bought is used",
            "A payment that settled after the client gave up is found again, and its token used.",
            SAFETY,
        )
        .needing(&[CACHE])
        .after(&["client/wallet/late", "client/cached"]),
        run: |cx| Box::pin(late_resumed(cx)),
    },
    Check {
        case: should(
            "client/wallet/slow",
            "a wallet that takes two seconds is waited for",
            "A payment over Lightning takes seconds.",
            SAFETY,
        ),
        run: |cx| Box::pin(slow(cx)),
    },
];

/// Clients may wait for what never comes; this much of it is enough.
const PATIENCE: Duration = Duration::from_secs(4);

const LATE: Duration = Duration::from_secs(1);

async fn no_credential(cx: &Context, fault: PaymentFault) -> CaseResult {
    let stage = cx.stage().await?;
    stage.faults().payments().every(fault);
    let shop = stage.sell(Script::honest()).await?;
    let url = shop.url("/report");
    stage.call_for(&Call::get(&url), stage.timeout().min(PATIENCE * 2)).await?;
    let requests = shop.requests();
    let shown = requests.iter().find(|request| !credentials(request).is_empty());
    shown.map_or(Ok(()), |request| {
        let shown = format!("{:?}", credentials(request));
        Err(Outcome::fail("no request with a credential", shown))
    })
}

async fn lies_once(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    stage.faults().payments().every(PaymentFault::WrongPreimage);
    let shop = stage.sell(Script::honest()).await?;
    stage.run(&shop.url("/report")).await?;
    stage.paid_at_most(1)
}

async fn pending(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    stage.faults().payments().every(PaymentFault::Stuck);
    let shop = stage.sell(Script::honest()).await?;
    let url = shop.url("/report");
    stage.call_for(&Call::get(&url), stage.timeout().min(PATIENCE)).await?;
    stage.paid_at_most(1)
}

async fn pending_again(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    stage.faults().payments().every(PaymentFault::Stuck);
    let shop = stage.sell(Script::honest()).await?;
    let url = shop.url("/report");
    for _ in 0..2 {
        stage.call_for(&Call::get(&url), stage.timeout().min(PATIENCE)).await?;
    }
    stage.paid_at_most(1)
}

async fn late(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    stage.faults().payments().next(PaymentFault::StuckThenSettle(LATE));
    let shop = stage.sell(Script::honest()).await?;
    stage.run(&shop.url("/report")).await?;
    stage.paid_at_most(1)
}

async fn late_resumed(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    stage.faults().payments().next(PaymentFault::StuckThenSettle(LATE));
    let shop = stage.sell(Script::honest()).await?;
    let url = shop.url("/report");
    let mut run = stage.run(&url).await?;
    if !run.succeeded() {
        // What the wallet's clock says is the time that passes here.
        tokio::time::sleep(LATE * 2).await;
        run = stage.run(&url).await?;
    }
    stage.paid_at_most(1)?;
    stage.delivered(&run)
}

async fn slow(cx: &Context) -> CaseResult {
    let stage = cx.stage().await?;
    stage.faults().payments().every(PaymentFault::Slow(LATE * 2));
    let shop = stage.sell(Script::honest()).await?;
    let run = stage.run(&shop.url("/report")).await?;
    stage.bought(&shop)?;
    stage.delivered(&run)
}
