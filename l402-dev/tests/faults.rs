//! What goes wrong on order, and what it costs.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod support;

use std::time::Duration;

use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{
    BackendErrorKind, Invoice, InvoiceProvider, PayOutcome, PayRequest, Settlement, Wallet,
};
use l402_core::{Msat, Network, PaymentHash};
use l402_dev::fault::{InvoiceFault, LookupFault, PaymentFault, When};
use l402_dev::{DevNode, InvoiceStatus, TestTokenError};
use support::{EXPIRY, NOW, balance, failed, invoice, node, now, order, paid, pay};

const PRICE: Msat = Msat::from_sat(10);
const WAIT: Duration = Duration::from_secs(7);

#[test]
fn an_invoice_can_be_wrong_in_every_way_that_a_paywall_must_notice() {
    let (node, _) = node();
    let faulty = |fault| {
        node.faults().invoices().next(fault);
        let invoice = invoice(&node, PRICE);
        let facts: InvoiceFacts = invoice.bolt11.parse().unwrap();
        (invoice, facts)
    };
    let (_, facts) = faulty(InvoiceFault::WrongAmount);
    assert_eq!(facts.amount, Some(Msat::from_sat(20)));
    let (answer, facts) = faulty(InvoiceFault::WrongHash);
    assert_ne!(answer.payment_hash, facts.payment_hash);
    let (_, facts) = faulty(InvoiceFault::WrongNetwork);
    assert_eq!(facts.network, Network::Bitcoin);
    let (_, facts) = faulty(InvoiceFault::Expired);
    assert!(facts.expires_at < NOW);

    let honest = invoice(&node, PRICE);
    paid(pay(&node.wallet(), &honest.bolt11));
}

#[test]
fn a_node_that_is_down_is_an_error_everywhere_and_comes_back() {
    let (node, _) = node();
    let early = invoice(&node, PRICE);
    node.faults().take_down();
    let kinds = [
        now(node.provider().create_invoice(order(PRICE))).unwrap_err().kind(),
        now(node.provider().settlement(early.lookup_id.clone())).unwrap_err().kind(),
        now(node.wallet().pay(request(&early))).unwrap_err().kind(),
        now(node.wallet().lookup(early.payment_hash)).unwrap_err().kind(),
    ];
    assert_eq!(kinds, [BackendErrorKind::Unavailable; 4]);
    node.faults().clear();
    paid(pay(&node.wallet(), &early.bolt11));
}

#[test]
fn a_rate_limit_says_when_to_come_back() {
    let (node, _) = node();
    let retry_after = Some(Duration::from_secs(30));
    let limited = BackendErrorKind::RateLimited { retry_after };
    node.faults().invoices().next(InvoiceFault::RateLimited(retry_after));
    assert_eq!(now(node.provider().create_invoice(order(PRICE))).unwrap_err().kind(), limited);
    let invoice = invoice(&node, PRICE);
    node.faults().payments().next(PaymentFault::RateLimited(retry_after));
    assert_eq!(now(node.wallet().pay(request(&invoice))).unwrap_err().kind(), limited);
    node.faults().lookups().next(LookupFault::RateLimited(retry_after));
    assert_eq!(now(node.provider().settlement(invoice.lookup_id)).unwrap_err().kind(), limited);
}

#[test]
fn a_payment_fails_for_any_reason_and_spends_nothing() {
    for kind in [BackendErrorKind::NoRoute, BackendErrorKind::LimitExceeded] {
        let (node, _) = node();
        let invoice = invoice(&node, PRICE);
        node.faults().payments().next(PaymentFault::Fail(kind));
        assert_eq!(failed(pay(&node.wallet(), &invoice.bolt11)), kind);
        assert_eq!(failed(lookup(&node, &invoice)), kind);
        assert_eq!(balance(&node.wallet()), DevNode::DEFAULT_BALANCE);
        paid(pay(&node.wallet(), &invoice.bolt11));
        paid(lookup(&node, &invoice));
    }
}

#[test]
fn a_stuck_payment_holds_the_money_and_ends_as_scripted() {
    for (fault, settles) in [
        (PaymentFault::StuckThenSettle(WAIT), Some(true)),
        (PaymentFault::StuckThenFail(WAIT), Some(false)),
        (PaymentFault::Stuck, None),
    ] {
        let (node, clock) = node();
        let wallet = node.wallet_with_balance(PRICE);
        let invoice = invoice(&node, PRICE);
        node.faults().payments().next(fault);
        let again = || now(wallet.lookup(invoice.payment_hash)).unwrap();

        assert!(matches!(pay(&wallet, &invoice.bolt11), PayOutcome::Pending), "{fault}");
        assert!(matches!(pay(&wallet, &invoice.bolt11), PayOutcome::Pending), "{fault}: asked again");
        assert_eq!(failed(pay(&node.wallet(), &invoice.bolt11)), BackendErrorKind::InFlight);
        assert_eq!(balance(&wallet), Msat::ZERO);
        assert_eq!(node.invoices()[0].status, InvoiceStatus::InFlight);
        assert!(matches!(settlement(&node, &invoice), Settlement::Open));

        clock.advance(WAIT.checked_sub(Duration::from_secs(1)).unwrap());
        assert!(matches!(again(), PayOutcome::Pending), "{fault}: early");
        clock.advance(Duration::from_secs(1));
        match settles {
            Some(true) => {
                assert_eq!(paid(again()).preimage.payment_hash(), invoice.payment_hash);
                assert!(matches!(settlement(&node, &invoice), Settlement::Settled { .. }));
                assert_eq!(node.payments()[0].paid_at, NOW.saturating_add(WAIT));
                assert_eq!(node.account("payee").unwrap().balance(), PRICE);
            }
            Some(false) => {
                assert_eq!(failed(again()), BackendErrorKind::NoRoute);
                assert_eq!(balance(&wallet), PRICE);
                assert!(matches!(settlement(&node, &invoice), Settlement::Open));
                paid(pay(&wallet, &invoice.bolt11));
            }
            None => {
                clock.advance(EXPIRY * 100);
                assert!(matches!(again(), PayOutcome::Pending));
                assert_eq!(node.payments(), []);
            }
        }
    }
}

#[test]
fn a_wrong_or_zero_preimage_is_shown_to_the_payer_again_and_again() {
    let (node, _) = node();
    for fault in [PaymentFault::WrongPreimage, PaymentFault::ZeroPreimage] {
        let invoice = invoice(&node, PRICE);
        node.faults().payments().of(invoice.payment_hash, fault);
        for outcome in [pay(&node.wallet(), &invoice.bolt11), lookup(&node, &invoice)] {
            let shown = paid(outcome).preimage;
            assert_ne!(shown.payment_hash(), invoice.payment_hash, "{fault}");
            assert_eq!(shown.expose() == &[0; 32], fault == PaymentFault::ZeroPreimage);
        }
        let Settlement::Settled { preimage, .. } = settlement(&node, &invoice) else { panic!("not settled") };
        assert_eq!(preimage.unwrap().payment_hash(), invoice.payment_hash, "the payee knows the real one");
    }
}

#[test]
fn paying_twice_costs_twice_or_nothing() {
    let (node, _) = node();
    let rich = node.wallet_with_balance(Msat::from_sat(20));
    let poor = node.wallet_with_balance(Msat::from_sat(19));
    node.faults().payments().every(PaymentFault::PayTwice);
    let invoice = invoice(&node, PRICE);
    assert_eq!(failed(pay(&poor, &invoice.bolt11)), BackendErrorKind::InsufficientBalance);
    assert_eq!(balance(&poor), Msat::from_sat(19));
    paid(pay(&rich, &invoice.bolt11));
    assert_eq!(balance(&rich), Msat::ZERO);
    assert_eq!(node.payments().len(), 2);
    assert_eq!(node.account("payee").unwrap().balance(), Msat::from_sat(20));
}

#[tokio::test(start_paused = true)]
async fn slow_answers_take_their_time() {
    let (node, _) = node();
    let start = tokio::time::Instant::now();
    node.faults().invoices().next(InvoiceFault::Slow(WAIT));
    let invoice = node.provider().create_invoice(order(PRICE)).await.unwrap();
    assert_eq!(start.elapsed(), WAIT);
    node.faults().lookups().next(LookupFault::Slow(WAIT));
    node.provider().settlement(invoice.lookup_id.clone()).await.unwrap();
    assert_eq!(start.elapsed(), WAIT * 2);
    node.faults().payments().next(PaymentFault::Slow(Duration::from_secs(5)));
    paid(node.wallet().pay(request(&invoice)).await.unwrap());
    assert_eq!(start.elapsed(), WAIT * 2 + Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_payer_who_waits_too_short_learns_later() {
    let (node, clock) = node();
    let invoice = invoice(&node, PRICE);
    node.faults().payments().next(PaymentFault::Slow(WAIT));
    let start = tokio::time::Instant::now();
    let outcome = node.wallet().pay(request(&invoice)).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Pending));
    assert_eq!(start.elapsed(), Duration::from_secs(5), "as long as the request waits");
    clock.advance(WAIT);
    paid(lookup(&node, &invoice));
}

#[test]
fn faults_come_in_order_and_those_of_a_hash_first() {
    let (node, _) = node();
    let (marked, plain) = (invoice(&node, PRICE), invoice(&node, PRICE));
    let faults = node.faults();
    faults.add("payment", When::Next(2), "fail=no-route").unwrap();
    faults.add("payment", When::Every, "fail=timeout").unwrap();
    faults.add("payment", When::Of(marked.payment_hash), "fail=auth").unwrap();
    let hash = marked.payment_hash;
    let listed = faults.list();
    assert_eq!(
        listed,
        [
            format!("payment of {hash} fail=auth"),
            "payment next 2 fail=no-route".to_owned(),
            "payment every fail=timeout".to_owned()
        ]
    );
    let kinds: Vec<_> = [&marked, &plain, &plain, &plain, &marked]
        .map(|invoice| failed(pay(&node.wallet(), &invoice.bolt11)))
        .into();
    use BackendErrorKind::{Auth, NoRoute, Timeout};
    assert_eq!(kinds, [Auth, NoRoute, NoRoute, Timeout, Auth]);
}

#[test]
fn a_fault_reads_as_it_is_written() {
    let (node, _) = node();
    for (operation, texts) in [
        ("invoice", &["down", "rate-limited", "rate-limited=30s", "slow=500ms", "wrong-amount"][..]),
        ("invoice", &["wrong-hash", "wrong-network", "expired"]),
        ("payment", &["down", "rate-limited=1s", "slow=2s", "fail=insufficient-balance", "stuck"]),
        ("payment", &["stuck-then-settle=5s", "stuck-then-fail=1500ms", "wrong-preimage"]),
        ("payment", &["zero-preimage", "pay-twice", "fail=rate-limited"]),
        ("lookup", &["down", "rate-limited", "slow=1ms"]),
    ] {
        for text in texts {
            node.faults().clear();
            node.faults().add(operation, When::Every, text).unwrap();
            assert_eq!(node.faults().list(), [format!("{operation} every {text}")]);
        }
    }
    node.faults().clear();
    for (operation, text, help) in [
        ("invoice", "stuck", "wrong-amount"),
        ("payment", "slow", "TIME"),
        ("payment", "slow=5", "500ms"),
        ("payment", "slow=9999999999s", "500ms"),
        ("payment", "fail=bad-luck", "no-route"),
        ("payment", "fail=in-flight", "stuck"),
        ("payment", "fail", "fail=REASON"),
        ("lookup", "down=1s", "slow"),
        ("balance", "down", "invoice, payment or lookup"),
    ] {
        let error = node.faults().add(operation, When::Every, text).unwrap_err().to_string();
        assert!(error.contains(help), "{operation} {text}: {error}");
    }
    for (operation, when) in
        [("invoice", When::Of(PaymentHash::from_bytes([7; 32]))), ("payment", When::Next(0))]
    {
        let error = node.faults().add(operation, when, "down").unwrap_err().to_string();
        assert!(error.contains("or every"), "{operation} {when}: {error}");
    }
    assert_eq!(node.faults().list(), Vec::<String>::new());
}

#[test]
fn a_fee_is_charged_to_the_payer_within_its_limit() {
    let fee = Msat::from_msat(1_500);
    let node = DevNode::builder().fee(fee).build().unwrap();
    let wallet = node.wallet_with_balance(Msat::from_msat(11_500));
    let invoice = invoice(&node, PRICE);
    let with_limit = |max_fee| {
        let request = PayRequest::new(invoice.bolt11.clone(), invoice.payment_hash, max_fee, WAIT);
        now(wallet.pay(request)).unwrap()
    };
    assert_eq!(failed(with_limit(Msat::from_msat(1_499))), BackendErrorKind::FeeTooHigh);
    assert_eq!(paid(with_limit(fee)).fee, Some(fee));
    assert_eq!(balance(&wallet), Msat::ZERO);
    assert_eq!(node.payments()[0].fee, fee);
    assert_eq!(node.account("payee").unwrap().balance(), PRICE);
}

#[test]
fn an_account_pays_and_is_paid_but_not_by_itself() {
    let (node, _) = node();
    let alice = node.open_account("alice", PRICE).unwrap();
    let invoice = now(alice.provider().create_invoice(order(PRICE))).unwrap();
    assert_eq!(failed(pay(&alice.wallet(), &invoice.bolt11)), BackendErrorKind::SelfPayment);
    paid(pay(&node.wallet(), &invoice.bolt11));
    assert_eq!(alice.balance(), Msat::from_sat(20));
    assert_eq!(&*node.invoices()[0].payee, "alice");
    assert_eq!(&*node.payments()[0].payer, "payer");

    let full = node.open_account("full", Msat::MAX).unwrap();
    let invoice = now(full.provider().create_invoice(order(PRICE))).unwrap();
    assert_eq!(failed(pay(&alice.wallet(), &invoice.bolt11)), BackendErrorKind::LimitExceeded);
    assert_eq!(alice.balance(), Msat::from_sat(20));
}

fn request(invoice: &Invoice) -> PayRequest {
    PayRequest::new(invoice.bolt11.clone(), invoice.payment_hash, Msat::ZERO, Duration::from_secs(5))
}

fn lookup(node: &DevNode, invoice: &Invoice) -> PayOutcome {
    now(node.wallet().lookup(invoice.payment_hash)).unwrap()
}

fn settlement(node: &DevNode, invoice: &Invoice) -> Settlement {
    now(node.provider().settlement(invoice.lookup_id.clone())).unwrap()
}

#[test]
fn a_test_token_says_why_there_is_none() {
    let (node, _) = node();
    let invoice = invoice(&node, PRICE).bolt11;
    let challenge = format!("L402 macaroon=\"AgEE\", invoice=\"{invoice}\"");
    assert_eq!(node.test_token("Basic realm=x"), Err(TestTokenError::Challenge));
    assert_eq!(node.test_token("L402 macaroon=\"AgEE\", invoice=\"lnbc1\""), Err(TestTokenError::Invoice));
    node.faults().payments().next(PaymentFault::Stuck);
    assert_eq!(node.test_token(&challenge), Err(TestTokenError::Pending));
    let other = DevNode::new().unwrap();
    assert_eq!(other.test_token(&challenge), Err(TestTokenError::NotPaid(BackendErrorKind::NoRoute)));
}
