//! Steps of payments, and what is remembered of them.

use std::sync::Arc;

use l402_core::ports::PortFuture;
use l402_core::{Msat, Preimage};

use super::script::{
    NOW, Verdict, advance, at, begin, begin_within, expect, expect_found, get, hash, intent, paid, preimage,
    to_host,
};
use super::{Case, Storage};
use crate::budget::Budget;
use crate::store::{Begun, State, Step, Wanted};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "all_is_remembered",
        promise: "What was begun and what became of it is found as it was given.",
        test: |storage| PortFuture::new(all_is_remembered(storage)),
    },
    Case {
        name: "one_intent_a_hash",
        promise: "A payment hash is begun once, whatever became of it, and the second time changes nothing.",
        test: |storage| PortFuture::new(one_intent_a_hash(storage)),
    },
    Case {
        name: "one_begins",
        promise: "Of many that begin the same payment hash at once, one succeeds.",
        test: |storage| PortFuture::new(one_begins(storage)),
    },
    Case {
        name: "steps_in_order",
        promise: "A payment goes from intent to paying to paid to delivered, or fails before it is paid, and is paid after all if there is a proof.",
        test: |storage| PortFuture::new(steps_in_order(storage)),
    },
    Case {
        name: "one_goes_on",
        promise: "Of one that begins to pay and one that gives up, one succeeds.",
        test: |storage| PortFuture::new(one_goes_on(storage)),
    },
    Case {
        name: "paid_stays_paid",
        promise: "What is paid keeps its proof, whatever is said later.",
        test: |storage| PortFuture::new(paid_stays_paid(storage)),
    },
    Case {
        name: "deliveries_count",
        promise: "Every delivery counts.",
        test: |storage| PortFuture::new(deliveries_count(storage)),
    },
    Case {
        name: "found_by_kind",
        promise: "Open payments, tokens of all origins or of one, and the latest payments are found, in their order.",
        test: |storage| PortFuture::new(found_by_kind(storage)),
    },
];

async fn all_is_remembered(Storage { store, second }: Storage) -> Verdict {
    let given = intent(1, 100);
    begin(&*store, given.clone()).await?;
    let record = get(&*second, 1).await?;
    expect("the intent", Ok(record.intent == given && record.changed_at == at(NOW)), true)?;
    expect("its state", Ok((record.state, record.used, record.dropped)), (State::Intent, 0, false))?;
    advance(&*store, 1, Step::Paying, true).await?;
    advance(&*store, 1, paid(1, Some(3)), true).await?;
    let record = get(&*second, 1).await?;
    expect("the intent", Ok(record.intent == given && record.changed_at == at(NOW + 5)), true)?;
    expect("its state", Ok((record.state, record.fee)), (State::Paid, Some(Msat::from_msat(3))))?;
    let found = record.preimage.as_ref().map(Preimage::expose);
    expect("its proof", Ok(found == Some(preimage(1).expose())), true)
}

async fn one_intent_a_hash(Storage { store, second }: Storage) -> Verdict {
    let steps = [Step::Paying, paid(1, None), Step::Delivered];
    let states = [State::Intent, State::Paying, State::Paid, State::Delivered];
    begin(&*store, intent(1, 100)).await?;
    for (number, state) in states.into_iter().enumerate() {
        begin_within(&*second, intent(1, 5), Budget::unlimited(), Begun::Known(state)).await?;
        if let Some(step) = steps.get(number) {
            advance(&*store, 1, step.clone(), true).await?;
        }
    }
    begin(&*store, intent(2, 100)).await?;
    advance(&*store, 2, Step::Failed, true).await?;
    begin_within(&*second, intent(2, 100), Budget::unlimited(), Begun::Known(State::Failed)).await?;
    expect("the amount", Ok(get(&*store, 1).await?.intent.amount), Msat::from_msat(100))
}

async fn one_begins(Storage { store, second }: Storage) -> Verdict {
    for number in 0..20 {
        let budget = || Arc::new(Budget::unlimited());
        let both = [&store, &second].map(|store| {
            let store = Arc::clone(store);
            tokio::spawn(async move { store.begin(intent(number, 1), budget()).await })
        });
        let mut reserved = 0;
        for begun in both {
            let begun = begun.await.map_err(|error| error.to_string())?.map_err(|error| error.to_string())?;
            reserved += u32::from(begun == Begun::Reserved);
        }
        expect("those who began", Ok(reserved), 1)?;
    }
    Ok(())
}

async fn steps_in_order(Storage { store, .. }: Storage) -> Verdict {
    advance(&*store, 9, Step::Paying, false).await?;
    let all = [Step::Paying, paid(1, None), Step::Delivered, Step::Failed, Step::Dropped];
    // Which of these steps may be gone from a state that is reached by some of them.
    let allowed: [(&[usize], [bool; 5]); 5] = [
        (&[], [true, false, false, true, false]),
        (&[0], [false, true, false, true, false]),
        (&[0, 1], [false, true, true, false, true]),
        (&[0, 1, 2], [false, true, true, false, true]),
        (&[3], [false, true, false, true, false]),
    ];
    let mut number = 0;
    for (path, allowed) in allowed {
        for (step, allowed) in all.iter().zip(allowed) {
            number += 1;
            begin(&*store, intent(number, 1)).await?;
            for earlier in path {
                advance(&*store, number, all[*earlier].clone(), true).await?;
            }
            advance(&*store, number, step.clone(), allowed).await?;
        }
    }
    Ok(())
}

async fn one_goes_on(Storage { store, second }: Storage) -> Verdict {
    for number in 0..20 {
        begin(&*store, intent(number, 1)).await?;
        advance(&*store, number, Step::Failed, true).await?;
        advance(&*second, number, Step::Paying, false).await?;
        expect("the state", Ok(get(&*store, number).await?.state), State::Failed)?;
    }
    Ok(())
}

async fn paid_stays_paid(Storage { store, second }: Storage) -> Verdict {
    begin(&*store, intent(1, 1)).await?;
    advance(&*store, 1, Step::Paying, true).await?;
    advance(&*store, 1, paid(1, Some(3)), true).await?;
    advance(&*second, 1, paid(2, Some(9)), true).await?;
    advance(&*second, 1, Step::Failed, false).await?;
    advance(&*second, 1, Step::Paying, false).await?;
    let record = get(&*store, 1).await?;
    expect("the fee", Ok(record.fee), Some(Msat::from_msat(3)))?;
    let found = record.preimage.as_ref().map(Preimage::expose);
    expect("its proof", Ok(found == Some(preimage(1).expose())), true)
}

async fn deliveries_count(Storage { store, second }: Storage) -> Verdict {
    begin(&*store, intent(1, 1)).await?;
    advance(&*store, 1, Step::Paying, true).await?;
    advance(&*store, 1, paid(1, None), true).await?;
    for expected in 1..=3 {
        advance(&*second, 1, Step::Delivered, true).await?;
        expect("the deliveries", Ok(get(&*store, 1).await?.used), expected)?;
    }
    expect("the state", Ok(get(&*store, 1).await?.state), State::Delivered)
}

async fn found_by_kind(Storage { store, second }: Storage) -> Verdict {
    // In the order of their numbers: open, paying, paid, at another host, dropped, failed.
    for number in 1..=6 {
        let intent = intent(number, 1);
        begin(&*store, if number == 4 { to_host("b.example", intent) } else { intent }).await?;
    }
    for number in 2..=5 {
        advance(&*store, number, Step::Paying, true).await?;
    }
    for number in 3..=5 {
        advance(&*store, number, paid(number, None), true).await?;
    }
    advance(&*store, 4, Step::Delivered, true).await?;
    advance(&*store, 5, Step::Dropped, true).await?;
    advance(&*store, 6, Step::Failed, true).await?;
    let tokens_of = |origin: &str| Wanted::Tokens { origin: Some(origin.to_owned()) };
    expect_found(&*second, Wanted::Open, &[1, 2]).await?;
    expect_found(&*second, Wanted::Tokens { origin: None }, &[3, 4]).await?;
    expect_found(&*second, tokens_of("https://b.example"), &[4]).await?;
    expect_found(&*second, tokens_of("https://c.example"), &[]).await?;
    expect_found(&*second, Wanted::Latest(4), &[6, 5, 4, 3]).await?;
    expect_found(&*second, Wanted::Latest(100), &[6, 5, 4, 3, 2, 1]).await?;
    expect_found(&*second, Wanted::One(hash(2)), &[2]).await?;
    expect_found(&*second, Wanted::One(hash(9)), &[]).await
}
