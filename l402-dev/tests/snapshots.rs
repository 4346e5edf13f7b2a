//! A node that is stopped and started goes on as if nothing had happened.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod support;

use std::time::Duration;

use l402_core::Msat;
use l402_core::ports::{PayOutcome, Wallet};
use l402_dev::fault::PaymentFault;
use l402_dev::{DevNode, DevNodeError};
use support::{invoice, node, now, paid, pay};

const PRICE: Msat = Msat::from_sat(10);
const WAIT: Duration = Duration::from_secs(7);

#[test]
fn everything_is_there_again_and_no_preimage_twice() {
    let (node, clock) = node();
    let alice = node.open_account("alice", PRICE).unwrap();
    let (first, stuck, open) = (invoice(&node, PRICE), invoice(&node, PRICE), invoice(&node, PRICE));
    node.faults().payments().of(first.payment_hash, PaymentFault::ZeroPreimage);
    paid(pay(&node.wallet(), &first.bolt11));
    node.faults().payments().next(PaymentFault::StuckThenSettle(WAIT));
    assert!(matches!(pay(&alice.wallet(), &stuck.bolt11), PayOutcome::Pending));

    let again = DevNode::builder().clock(clock.clone()).restore(node.snapshot()).build().unwrap();
    assert_eq!(again.node_id(), node.node_id());
    assert_eq!(again.accounts(), node.accounts());
    assert_eq!(again.invoices(), node.invoices());
    assert_eq!(again.payments(), node.payments());
    assert_eq!(again.snapshot(), node.snapshot());
    let key = alice.spend_key();
    assert_eq!(again.account_by_key(&key).unwrap().0.name(), "alice");
    let shown = paid(now(again.wallet().lookup(first.payment_hash)).unwrap());
    assert_eq!(shown.preimage.expose(), &[0; 32]);

    assert_ne!(invoice(&again, PRICE).payment_hash, first.payment_hash);
    clock.advance(WAIT);
    let settled = paid(now(again.account("alice").unwrap().wallet().lookup(stuck.payment_hash)).unwrap());
    assert_eq!(settled.preimage.payment_hash(), stuck.payment_hash);
    let opened = paid(pay(&again.wallet(), &open.bolt11));
    assert_eq!(opened.preimage.payment_hash(), open.payment_hash);
    assert_eq!(again.account("payee").unwrap().balance(), Msat::from_sat(30));
}

#[test]
fn what_is_no_snapshot_is_refused() {
    let (node, _) = node();
    invoice(&node, PRICE);
    let good = node.snapshot();
    for bad in [
        String::new(),
        "{}".to_owned(),
        good.replace("\"version\":1", "\"version\":2"),
        good.replace("\"payee\":1", "\"payee\":9"),
        good.replace("\"name\":\"payee\"", "\"name\":\"payer\""),
        good.replace("\"signed\":1", "\"signed\":0"),
        good[..good.len() / 2].to_owned(),
    ] {
        let refused = DevNode::builder().restore(bad.clone()).build();
        assert!(matches!(refused, Err(DevNodeError::Snapshot)), "{bad}");
    }
}
