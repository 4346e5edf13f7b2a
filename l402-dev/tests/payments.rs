//! What a dev wallet pays, what it refuses, and that money is spent once.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod support;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{
    BackendErrorKind, InvoiceProvider, NewInvoice, PayOutcome, Wallet, WalletCapabilities,
};
use l402_core::{Msat, Network, PaymentHash};
use l402_dev::{DevNode, DevWallet};
use lightning_invoice::Currency;
use support::{EXPIRY, NOW, balance, failed, foreign, invoice, node, now, paid, pay, pay_as};

const PRICE: Msat = Msat::from_sat(10);

#[test]
fn paying_gives_the_preimage_and_debits_the_amount() {
    let (node, clock) = node();
    let wallet = node.wallet();
    let invoice = invoice(&node, Msat::from_msat(10_001));
    clock.advance(Duration::from_secs(3));
    let payment = paid(pay(&wallet, &invoice.bolt11));
    assert_eq!(payment.preimage.payment_hash(), invoice.payment_hash);
    assert_eq!(payment.fee, Some(Msat::ZERO));
    assert_eq!(balance(&wallet).as_msat(), DevNode::DEFAULT_BALANCE.as_msat() - 10_001);

    let payments = node.payments();
    assert_eq!(payments.len(), 1);
    assert_eq!(payments[0].payment_hash, invoice.payment_hash);
    assert_eq!(payments[0].amount, Msat::from_msat(10_001));
    assert_eq!(payments[0].fee, Msat::ZERO);
    assert_eq!(payments[0].paid_at, NOW.saturating_add(Duration::from_secs(3)));
}

#[test]
fn payments_are_in_the_order_they_were_made() {
    let (node, _) = node();
    let invoices: Vec<_> = (1..=3).map(|sat| invoice(&node, Msat::from_sat(sat))).collect();
    let other = node.wallet_with_balance(PRICE);
    for (index, wallet) in [(2, &node.wallet()), (0, &other), (1, &node.wallet())] {
        paid(pay(wallet, &invoices[index].bolt11));
    }
    let seen: Vec<_> = node.payments().iter().map(|payment| payment.amount.to_sat_ceil()).collect();
    assert_eq!(seen, [3, 1, 2]);
}

#[test]
fn paying_again_gives_the_same_answer_for_nothing() {
    let (node, clock) = node();
    let wallet = node.wallet_with_balance(PRICE);
    let invoice = invoice(&node, PRICE);
    let first = paid(pay(&wallet, &invoice.bolt11));
    for when in ["at once", "after the expiry"] {
        let again = paid(pay(&wallet.clone(), &invoice.bolt11));
        assert_eq!(again.preimage.expose(), first.preimage.expose(), "{when}");
        assert_eq!(again.fee, first.fee, "{when}");
        clock.advance(EXPIRY);
    }
    assert_eq!(balance(&wallet), Msat::ZERO);
    assert_eq!(node.payments().len(), 1);
}

#[test]
fn another_wallet_comes_too_late() {
    let (node, clock) = node();
    let late = node.wallet_with_balance(PRICE);
    let invoice = invoice(&node, PRICE);
    paid(pay(&node.wallet(), &invoice.bolt11));
    assert_eq!(failed(pay(&late, &invoice.bolt11)), BackendErrorKind::AlreadyPaid);
    clock.advance(EXPIRY);
    assert_eq!(failed(pay(&late, &invoice.bolt11)), BackendErrorKind::AlreadyPaid);
    assert_eq!(balance(&late), PRICE);
}

#[test]
fn the_default_wallet_is_one_account_and_every_other_its_own() {
    let (node, _) = node();
    let poor = node.wallet_with_balance(PRICE);
    paid(pay(&node.wallet(), &invoice(&node, PRICE).bolt11));
    assert_eq!(balance(&node.wallet()), DevNode::DEFAULT_BALANCE.checked_sub(PRICE).unwrap());
    assert_eq!(balance(&poor), PRICE);
    assert_eq!(balance(&node.wallet_with_balance(Msat::MAX)), Msat::MAX);
    assert_eq!(poor.network(), Network::Regtest);
    assert_eq!(poor.capabilities(), WalletCapabilities::FULL);
}

#[test]
fn sixty_four_threads_with_one_wallet_pay_once() {
    let (node, gate) = gated_node();
    let wallet = node.wallet();
    for round in 1..=ROUNDS {
        let invoice = invoice(&node, PRICE);
        let outcomes = gate.at_once(|_| pay(&wallet, &invoice.bolt11));
        for outcome in outcomes {
            assert_eq!(paid(outcome).preimage.payment_hash(), invoice.payment_hash);
        }
        assert_eq!(node.payments().len(), round);
        let spent = DevNode::DEFAULT_BALANCE.checked_sub(balance(&wallet));
        assert_eq!(spent, Some(Msat::from_sat(10 * round as u64)));
    }
}

#[test]
fn of_sixty_four_wallets_one_pays() {
    let (node, gate) = gated_node();
    for round in 1..=ROUNDS {
        let wallets: Vec<DevWallet> = (0..THREADS).map(|_| node.wallet_with_balance(PRICE)).collect();
        let invoice = invoice(&node, PRICE);
        let outcomes = gate.at_once(|index| pay(&wallets[index], &invoice.bolt11));
        let (paid, refused): (Vec<_>, Vec<_>) =
            outcomes.iter().partition(|outcome| matches!(outcome, PayOutcome::Paid(_)));
        assert_eq!(paid.len(), 1);
        assert!(refused.iter().all(|o| matches!(o, PayOutcome::Failed(BackendErrorKind::AlreadyPaid))));
        assert_eq!(wallets.iter().filter(|wallet| balance(wallet).is_zero()).count(), 1);
        assert_eq!(node.payments().len(), round);
    }
}

#[test]
fn sixty_four_threads_cannot_overdraw_an_account() {
    let (node, gate) = gated_node();
    for round in 1..=ROUNDS {
        let wallet = node.wallet_with_balance(Msat::from_sat(105));
        let invoices = gate.at_once(|_| invoice(&node, PRICE));
        let outcomes = gate.at_once(|index| pay(&wallet, &invoices[index].bolt11));
        let paid = outcomes.iter().filter(|outcome| matches!(outcome, PayOutcome::Paid(_))).count();
        assert_eq!(paid, 10);
        assert_eq!(balance(&wallet), Msat::from_sat(5));
        assert_eq!(node.payments().len(), round * 10);
    }
    let hashes: HashSet<_> = node.invoices().iter().map(|invoice| invoice.payment_hash).collect();
    assert_eq!(hashes.len(), ROUNDS * THREADS);
}

#[test]
fn an_invoice_expires_by_the_nodes_clock() {
    let (node, clock) = node();
    let wallet = node.wallet();
    let (first, second) = (invoice(&node, PRICE), invoice(&node, PRICE));
    clock.advance(EXPIRY - Duration::from_secs(1));
    paid(pay(&wallet, &first.bolt11));
    clock.advance(Duration::from_secs(1));
    assert_eq!(failed(pay(&wallet, &second.bolt11)), BackendErrorKind::Expired);
    assert_eq!(node.payments().len(), 1);
}

#[test]
fn a_balance_covers_what_it_holds_and_not_a_millisatoshi_more() {
    let (node, _) = node();
    let wallet = node.wallet_with_balance(PRICE);
    let dear = invoice(&node, Msat::from_msat(10_001));
    assert_eq!(failed(pay(&wallet, &dear.bolt11)), BackendErrorKind::InsufficientBalance);
    assert_eq!(balance(&wallet), PRICE);
    assert_eq!(node.invoices()[0].settled_at, None);

    paid(pay(&wallet, &invoice(&node, PRICE).bolt11));
    assert_eq!(balance(&wallet), Msat::ZERO);
    // What one wallet could not afford, another can still pay.
    paid(pay(&node.wallet(), &dear.bolt11));
}

#[test]
fn invoices_of_other_nodes_have_no_route() {
    let (node, _) = node();
    let own = invoice(&node, PRICE);
    let elsewhere = invoice(&DevNode::new().unwrap(), PRICE).bolt11;
    let never_seen = foreign(Currency::Regtest, PaymentHash::from_bytes([1; 32]), PRICE);
    // The dangerous one: the hash of a dear invoice under a cheap price.
    let cheap = foreign(Currency::Regtest, own.payment_hash, Msat::from_msat(1));
    for (text, what) in
        [(elsewhere, "of another dev node"), (never_seen, "never seen"), (cheap, "cheap copy")]
    {
        assert_eq!(failed(pay(&node.wallet(), &text)), BackendErrorKind::NoRoute, "{what}");
    }
    paid(pay(&node.wallet(), &own.bolt11));
    let cheap = foreign(Currency::Regtest, own.payment_hash, Msat::from_msat(1));
    assert_eq!(failed(pay(&node.wallet(), &cheap)), BackendErrorKind::NoRoute, "cheap copy of a paid one");
}

#[test]
fn invoices_of_other_networks_are_not_valid_here() {
    let (node, _) = node();
    let own = invoice(&node, PRICE);
    for currency in [Currency::Bitcoin, Currency::BitcoinTestnet, Currency::Signet] {
        let text = foreign(currency, own.payment_hash, PRICE);
        assert_eq!(failed(pay(&node.wallet(), &text)), BackendErrorKind::InvalidInvoice, "{text}");
    }
    let simnet = foreign(Currency::Simnet, own.payment_hash, PRICE);
    let outcome = pay_as(&node.wallet(), &simnet, own.payment_hash);
    assert_eq!(failed(outcome), BackendErrorKind::InvalidInvoice);
}

#[test]
fn every_changed_character_makes_an_invoice_invalid() {
    let (node, _) = node();
    let own = invoice(&node, PRICE);
    let wallet = node.wallet();
    for index in 0..own.bolt11.len() {
        let mut bytes = own.bolt11.clone().into_bytes();
        bytes[index] = if bytes[index] == b'q' { b'p' } else { b'q' };
        let tampered = String::from_utf8(bytes).unwrap();
        let outcome = pay_as(&wallet, &tampered, own.payment_hash);
        assert_eq!(failed(outcome), BackendErrorKind::InvalidInvoice, "character {index}");
    }
    for text in ["", "lnbcrt", &own.bolt11[1..], &own.bolt11[..own.bolt11.len() - 1], &"l".repeat(5000)] {
        assert_eq!(failed(pay_as(&wallet, text, own.payment_hash)), BackendErrorKind::InvalidInvoice);
    }
    assert!(node.payments().is_empty());
}

#[test]
fn a_request_must_name_the_hash_of_its_invoice() {
    let (node, _) = node();
    let (one, other) = (invoice(&node, PRICE), invoice(&node, PRICE));
    let outcome = pay_as(&node.wallet(), &one.bolt11, other.payment_hash);
    assert_eq!(failed(outcome), BackendErrorKind::InvalidInvoice);
    assert!(node.payments().is_empty());
}

#[test]
fn capitals_are_the_same_invoice() {
    let (node, _) = node();
    let invoice = invoice(&node, PRICE);
    paid(pay(&node.wallet(), &invoice.bolt11.to_uppercase()));
    paid(pay(&node.wallet(), &invoice.bolt11));
    assert_eq!(node.payments().len(), 1);
}

#[test]
fn the_longest_invoice_can_be_paid() {
    let (node, _) = node();
    let request = NewInvoice::new(PRICE, "x".repeat(10_000), EXPIRY);
    let invoice = now(node.provider().create_invoice(request)).unwrap();
    assert_eq!(invoice.bolt11.parse::<InvoiceFacts>().unwrap().amount, Some(PRICE));
    paid(pay(&node.wallet(), &invoice.bolt11));
}

#[test]
fn lookup_tells_of_the_wallets_own_payments_only() {
    let (node, _) = node();
    let wallet = node.wallet();
    let other = node.wallet_with_balance(Msat::ZERO);
    let invoice = invoice(&node, PRICE);
    let not_found = |wallet: &DevWallet, hash| {
        let error = now(wallet.lookup(hash)).unwrap_err();
        assert_eq!(error.kind(), BackendErrorKind::NotFound);
    };
    not_found(&wallet, PaymentHash::from_bytes([1; 32]));
    not_found(&wallet, invoice.payment_hash);
    assert_eq!(failed(pay(&other, &invoice.bolt11)), BackendErrorKind::InsufficientBalance);
    not_found(&other, invoice.payment_hash);

    let payment = paid(pay(&wallet, &invoice.bolt11));
    let found = paid(now(wallet.lookup(invoice.payment_hash)).unwrap());
    assert_eq!(found.preimage.expose(), payment.preimage.expose());
    assert_eq!(found.fee, payment.fee);
    not_found(&other, invoice.payment_hash);
}

const THREADS: usize = 64;

/// Enough to see a check and a debit that are not one step, nearly every time.
const ROUNDS: usize = 10;

/// A node whose clock holds every thread back until all have arrived: the last thing that happens before the
/// ledger is locked.
fn gated_node() -> (DevNode, Gate) {
    let gate = Gate(Arc::new(AtomicUsize::new(0)));
    let clock = {
        let gate = gate.clone();
        move || {
            gate.pass();
            NOW
        }
    };
    (DevNode::builder().clock(clock).build().unwrap(), gate)
}

/// Counts the threads still missing; open at zero.
#[derive(Clone)]
struct Gate(Arc<AtomicUsize>);

impl Gate {
    /// Runs `act`, which passes the gate once, in 64 threads.
    fn at_once<T: Send>(&self, act: impl Fn(usize) -> T + Sync) -> Vec<T> {
        self.0.store(THREADS, Ordering::SeqCst);
        let act = &act;
        thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS).map(|index| scope.spawn(move || act(index))).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        })
    }

    fn pass(&self) {
        if self.0.load(Ordering::SeqCst) == 0 {
            return;
        }
        self.0.fetch_sub(1, Ordering::SeqCst);
        while self.0.load(Ordering::SeqCst) > 0 {
            thread::yield_now();
        }
    }
}
