//! Reservations and sums.

use std::sync::Arc;

use l402_core::Msat;
use l402_core::ports::PortFuture;
use tokio::sync::Barrier;

use super::script::{NOW, Verdict, advance, begin, begin_within, expect_used, hash, intent, paid, to_host};
use super::{Case, Storage};
use crate::budget::{Budget, Denial, Period};
use crate::store::{Begun, Intent, Step, Wanted};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "reserved_with_fee",
        promise: "What is begun counts with its amount and its highest fee, in every period, seen from both handles.",
        test: |storage| PortFuture::new(reserved_with_fee(storage)),
    },
    Case {
        name: "counted_with_real_fee",
        promise: "What is paid counts with its real fee, or with the highest one if that is not known.",
        test: |storage| PortFuture::new(counted_with_real_fee(storage)),
    },
    Case {
        name: "failed_gives_back",
        promise: "What failed counts no more.",
        test: |storage| PortFuture::new(failed_gives_back(storage)),
    },
    Case {
        name: "windows_slide",
        promise: "A payment counts in an hour and a day from when it began, and in the total for ever.",
        test: |storage| PortFuture::new(windows_slide(storage)),
    },
    Case {
        name: "open_counts_for_ever",
        promise: "A payment that is open counts in every period however old it is.",
        test: |storage| PortFuture::new(open_counts_for_ever(storage)),
    },
    Case {
        name: "hosts_apart",
        promise: "Payments to a host count for this host and for all.",
        test: |storage| PortFuture::new(hosts_apart(storage)),
    },
    Case {
        name: "caps_are_exact",
        promise: "A cap lets through what fits to the last millisatoshi, and what is denied leaves no trace.",
        test: |storage| PortFuture::new(caps_are_exact(storage)),
    },
    Case {
        name: "races_stay_within",
        promise: "However many begin at once through both handles, together they never go over a cap, and use it up.",
        test: |storage| PortFuture::new(races_stay_within(storage)),
    },
];

const PERIODS: [Period; 3] = [Period::Hour, Period::Day, Period::Total];

async fn reserved_with_fee(Storage { store, second }: Storage) -> Verdict {
    begin(&*store, intent(1, 100)).await?;
    for period in PERIODS {
        expect_used(&*second, None, period, NOW, 110).await?;
        expect_used(&*store, Some("a.example"), period, NOW, 110).await?;
    }
    advance(&*second, 1, Step::Paying, true).await?;
    expect_used(&*store, None, Period::Hour, NOW, 110).await
}

async fn counted_with_real_fee(Storage { store, second }: Storage) -> Verdict {
    for number in [1, 2] {
        begin(&*store, intent(number, 100)).await?;
        advance(&*store, number, Step::Paying, true).await?;
    }
    advance(&*store, 1, paid(1, Some(3)), true).await?;
    advance(&*store, 2, paid(2, None), true).await?;
    for period in PERIODS {
        expect_used(&*second, None, period, NOW, 103 + 110).await?;
    }
    advance(&*store, 1, Step::Delivered, true).await?;
    advance(&*store, 2, Step::Dropped, true).await?;
    expect_used(&*second, None, Period::Total, NOW, 103 + 110).await
}

async fn failed_gives_back(Storage { store, second }: Storage) -> Verdict {
    begin(&*store, intent(1, 100)).await?;
    begin(&*store, intent(2, 200)).await?;
    advance(&*store, 1, Step::Failed, true).await?;
    advance(&*store, 2, Step::Paying, true).await?;
    advance(&*store, 2, Step::Failed, true).await?;
    for period in PERIODS {
        expect_used(&*second, None, period, NOW, 0).await?;
    }
    Ok(())
}

async fn windows_slide(Storage { store, .. }: Storage) -> Verdict {
    begin(&*store, intent(1, 90)).await?;
    advance(&*store, 1, Step::Paying, true).await?;
    advance(&*store, 1, paid(1, Some(10)), true).await?;
    expect_used(&*store, None, Period::Hour, NOW + 3_599, 100).await?;
    expect_used(&*store, None, Period::Hour, NOW + 3_600, 0).await?;
    expect_used(&*store, None, Period::Day, NOW + 86_399, 100).await?;
    expect_used(&*store, None, Period::Day, NOW + 86_400, 0).await?;
    expect_used(&*store, None, Period::Hour, NOW - 1_000_000, 100).await?; // a clock that was set back
    expect_used(&*store, None, Period::Total, NOW + 1_000_000_000, 100).await
}

async fn open_counts_for_ever(Storage { store, .. }: Storage) -> Verdict {
    begin(&*store, intent(1, 90)).await?;
    begin(&*store, intent(2, 90)).await?;
    advance(&*store, 2, Step::Paying, true).await?;
    expect_used(&*store, None, Period::Hour, NOW + 1_000_000, 200).await?;
    expect_used(&*store, Some("a.example"), Period::Day, NOW + 1_000_000, 200).await?;
    advance(&*store, 1, Step::Failed, true).await?;
    expect_used(&*store, None, Period::Hour, NOW + 1_000_000, 100).await
}

async fn hosts_apart(Storage { store, .. }: Storage) -> Verdict {
    begin(&*store, intent(1, 90)).await?;
    begin(&*store, to_host("b.example", intent(2, 290))).await?;
    for period in PERIODS {
        expect_used(&*store, Some("a.example"), period, NOW, 100).await?;
        expect_used(&*store, Some("b.example"), period, NOW, 300).await?;
        expect_used(&*store, Some("c.example"), period, NOW, 0).await?;
        expect_used(&*store, None, period, NOW, 400).await?;
    }
    Ok(())
}

async fn caps_are_exact(Storage { store, second }: Storage) -> Verdict {
    for (number, budget) in [
        (1, Budget::unlimited().total(Msat::from_msat(200))),
        (2, Budget::unlimited().per_hour(Msat::from_msat(200)).per_day(Msat::from_msat(1_000))),
        (3, Budget::unlimited().per_day(Msat::from_msat(200))),
        (4, Budget::unlimited().per_host(Period::Day, Msat::from_msat(200))),
        (5, Budget::unlimited().for_host("a.example", Period::Total, Msat::from_msat(200))),
    ] {
        let first = number * 10;
        let cap = budget.caps().next().cloned().ok_or("no cap.")?;
        let host = |intent| if number < 4 { intent } else { to_host("a.example", intent) };
        begin_within(&*store, host(intent(first, 90)), budget.clone(), Begun::Reserved).await?;
        let denied = Denial::OverCap { cap, used: Msat::from_msat(100), asked: Msat::from_msat(101) };
        begin_within(&*second, host(intent(first + 1, 91)), budget.clone(), Begun::Denied(denied)).await?;
        begin_within(&*second, host(intent(first + 2, 90)), budget, Begun::Reserved).await?;
        let missing = store.find(Wanted::One(hash(first + 1))).await.map_err(|error| error.to_string())?;
        if !missing.is_empty() {
            return Err("a payment that was denied is there.".to_owned());
        }
        for number in [first, first + 2] {
            advance(&*store, number, Step::Failed, true).await?;
        }
    }
    Ok(())
}

async fn races_stay_within(Storage { store, second }: Storage) -> Verdict {
    const LIMIT: u64 = 1_003;
    const TASKS: usize = 8;
    let budget = Arc::new(Budget::unlimited().per_day(Msat::from_msat(LIMIT)));
    // Without it the first ones may be at the end before the last ones begin, and nobody races.
    let start = Arc::new(Barrier::new(TASKS));
    let tasks: Vec<_> = (0..TASKS as u64)
        .map(|task| {
            let store = Arc::clone(if task % 2 == 0 { &store } else { &second });
            let (budget, start) = (Arc::clone(&budget), Arc::clone(&start));
            tokio::spawn(async move {
                start.wait().await;
                let mut reserved = 0;
                for number in 0..100 {
                    let amount = Msat::from_msat(if number < 60 { 7 } else { 1 });
                    let intent = Intent { amount, max_fee: Msat::ZERO, ..intent(task * 1_000 + number, 0) };
                    match store.begin(intent, Arc::clone(&budget)).await {
                        Ok(Begun::Reserved) => reserved += amount.as_msat(),
                        Ok(Begun::Denied(_)) => {}
                        other => return Err(format!("begin: {other:?}.")),
                    }
                }
                Ok(reserved)
            })
        })
        .collect();
    let mut reserved = 0;
    for task in tasks {
        reserved += task.await.map_err(|error| error.to_string())??;
    }
    if reserved != LIMIT {
        return Err(format!("{reserved} of {LIMIT} were reserved."));
    }
    expect_used(&*store, None, Period::Day, NOW, LIMIT).await
}
