//! Many invoices and payments cost what the ledger remembers of them, and nothing else.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod support;

use l402_core::Msat;
use l402_dev::DevNode;
use support::{invoice, node, paid, pay};

const PRICE: Msat = Msat::from_sat(1);

/// A record has the invoice's text of some 280 bytes twice over at most, and room for growth.
const MOST_BYTES_EACH: i64 = 2_000;

#[test]
fn ten_thousand_invoices_and_payments_take_what_they_are() {
    let (node, _) = node();
    let first = kept_by(&node, 1_000);
    let then = kept_by(&node, 9_000);
    assert!(first / 1_000 < MOST_BYTES_EACH, "{} bytes each", first / 1_000);
    assert!(then / 9_000 < MOST_BYTES_EACH, "{} bytes each", then / 9_000);
    assert_eq!((node.invoices().len(), node.payments().len()), (10_000, 10_000));
    let total: u64 = node.accounts().iter().map(|account| account.balance.as_msat()).sum();
    assert_eq!(total, DevNode::DEFAULT_BALANCE.as_msat(), "no money is made or lost");
}

/// How many bytes stay allocated after `count` invoices and their payments.
fn kept_by(node: &DevNode, count: usize) -> i64 {
    let wallet = node.wallet();
    let measured = allocation_counter::measure(|| {
        for _ in 0..count {
            paid(pay(&wallet, &invoice(node, PRICE).bolt11));
        }
    });
    measured.bytes_current
}
