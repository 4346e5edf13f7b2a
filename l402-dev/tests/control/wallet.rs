//! The wallet of another process, `l402_wallets::dev`: what it is told of payments.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind, Invoice, PayOutcome, PayRequest, Wallet};
use l402_core::{Msat, PaymentHash};
use l402_dev::fault::{PaymentFault, When};
use l402_dev::{DevNode, control};
use l402_wallets::dev::DevNodeWallet;

use crate::support::{invoice, node, paid};
use crate::{PRICE, serve};

/// The wallet of another process sees what the wallet in this one does.
#[tokio::test]
async fn a_wallet_elsewhere_pays_looks_up_and_knows_its_balance() {
    let (node, _) = node();
    let wallet = DevNodeWallet::new(&serve(control::router(&node)).await).unwrap();
    let invoice = invoice(&node, PRICE);
    let hash = invoice.payment_hash;
    let request = || PayRequest::new(invoice.bolt11.clone(), hash, Msat::ZERO, Duration::from_secs(30));

    let unknown = wallet.lookup(hash).await.unwrap_err();
    assert_eq!(unknown.kind(), BackendErrorKind::NotFound);
    for _ in 0..2 {
        let PayOutcome::Paid(payment) = wallet.pay(request()).await.unwrap() else { panic!("not paid") };
        assert_eq!((payment.preimage.payment_hash(), payment.fee), (hash, Some(Msat::ZERO)));
    }
    let PayOutcome::Paid(found) = wallet.lookup(hash).await.unwrap() else { panic!("not found") };
    assert_eq!(found.preimage.payment_hash(), hash);
    assert_eq!(node.payments().len(), 1);
    assert_eq!(wallet.balance().await.unwrap(), node.wallet().balance().await.unwrap());
    assert_eq!(wallet.network(), DevNode::NETWORK);
}

#[tokio::test]
async fn a_wallet_elsewhere_tells_failures_from_what_it_does_not_know() {
    let (node, _) = node();
    let url = serve(control::router(&node)).await;
    let request = |bolt11: String, hash| PayRequest::new(bolt11, hash, Msat::ZERO, Duration::from_secs(30));
    let failure = async |wallet: &DevNodeWallet, request| match wallet.pay(request).await.unwrap() {
        PayOutcome::Failed(kind) => kind,
        other => panic!("{other:?}"),
    };
    let wallet = DevNodeWallet::new(&url).unwrap();
    let foreign = invoice(&DevNode::new().unwrap(), PRICE);
    let kind = failure(&wallet, request(foreign.bolt11, foreign.payment_hash)).await;
    assert_eq!(kind, BackendErrorKind::NoRoute);
    let kind = failure(&wallet, request("garbage".to_owned(), foreign.payment_hash)).await;
    assert_eq!(kind, BackendErrorKind::InvalidInvoice);

    let taken = invoice(&node, PRICE);
    let other = node.wallet_with_balance(DevNode::DEFAULT_BALANCE);
    other.pay(request(taken.bolt11.clone(), taken.payment_hash)).await.unwrap();
    let kind = failure(&wallet, request(taken.bolt11, taken.payment_hash)).await;
    assert_eq!(kind, BackendErrorKind::AlreadyPaid);

    let nobody = DevNodeWallet::new("http://127.0.0.1:1").unwrap();
    let invoice = invoice(&node, PRICE);
    let kind = failure(&nobody, request(invoice.bolt11, invoice.payment_hash)).await;
    assert_eq!(kind, BackendErrorKind::Unavailable, "nothing was sent");
    assert_eq!(nobody.lookup(taken.payment_hash).await.unwrap_err().kind(), BackendErrorKind::Unavailable);
}

/// What a client must know before it may spend anything else.
#[tokio::test]
async fn a_wallet_in_another_process_knows_what_is_under_way_and_what_failed() {
    let node = DevNode::builder().fee(Msat::from_msat(1_500)).build().unwrap();
    let url = serve(control::router(&node)).await;
    let wallet = DevNodeWallet::new(&url).unwrap();
    let pay = |invoice: &Invoice, max_fee: u64| {
        let max_fee = Msat::from_msat(max_fee);
        let timeout = Duration::from_secs(5);
        wallet.pay(PayRequest::new(invoice.bolt11.clone(), invoice.payment_hash, max_fee, timeout))
    };
    let dear = invoice(&node, PRICE);
    let outcome = pay(&dear, 1_499).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(BackendErrorKind::FeeTooHigh)), "{outcome:?}");
    assert_eq!(paid(pay(&dear, 1_500).await.unwrap()).fee, Some(Msat::from_msat(1_500)));

    node.faults().payments().next(PaymentFault::Stuck);
    let stuck = invoice(&node, PRICE);
    for outcome in [pay(&stuck, 1_500).await, wallet.lookup(stuck.payment_hash).await] {
        assert!(matches!(outcome, Ok(PayOutcome::Pending)), "{outcome:?}");
    }
    node.faults().payments().next(PaymentFault::Fail(BackendErrorKind::NoRoute));
    let failing = invoice(&node, PRICE);
    for outcome in [pay(&failing, 1_500).await, wallet.lookup(failing.payment_hash).await] {
        assert!(matches!(outcome, Ok(PayOutcome::Failed(BackendErrorKind::NoRoute))), "{outcome:?}");
    }
    let unknown = wallet.lookup(invoice(&node, PRICE).payment_hash).await.unwrap_err();
    assert_eq!(unknown.kind(), BackendErrorKind::NotFound);
    node.faults().take_down();
    assert!(wallet.lookup(dear.payment_hash).await.is_err());
    let outcome = pay(&invoice_of_another(&node), 1_500).await;
    assert!(!matches!(outcome, Ok(PayOutcome::Paid(_))), "{outcome:?}");
}

/// One that was there before the node went down.
fn invoice_of_another(node: &DevNode) -> Invoice {
    node.faults().clear();
    let invoice = invoice(node, PRICE);
    node.faults().take_down();
    invoice
}

/// Every failure that can be ordered is the same failure for the wallet of another process, now and when it looks.
#[tokio::test]
async fn a_wallet_elsewhere_fails_as_one_in_the_process_does() {
    let (node, _) = node();
    let wallet = DevNodeWallet::new(&serve(control::router(&node)).await).unwrap();
    let refused = node.faults().add("payment", When::Every, "fail=?").unwrap_err().to_string();
    let reasons = refused.strip_prefix("a payment can fail with ").unwrap();
    assert_eq!(reasons.split(", ").count(), 16, "all kinds but one: {reasons}");
    for reason in reasons.split(", ") {
        let invoice = invoice(&node, PRICE);
        let hash = invoice.payment_hash;
        let timeout = Duration::from_secs(30);
        let request = PayRequest::new(invoice.bolt11.clone(), hash, Msat::ZERO, timeout);
        node.faults().add("payment", When::Next(2), &format!("fail={reason}")).unwrap();
        let here = node.wallet().pay(request.clone()).await.unwrap();
        let PayOutcome::Failed(expected) = here else { panic!("{reason}: {here:?}") };
        for elsewhere in [wallet.pay(request).await.unwrap(), wallet.lookup(hash).await.unwrap()] {
            let is_same = matches!(elsewhere, PayOutcome::Failed(kind) if kind == expected);
            assert!(is_same, "{reason}: {elsewhere:?}");
        }
    }
    assert_eq!(node.payments(), []);
    node.faults().take_down();
    let hash = PaymentHash::from_bytes([7; 32]);
    assert_eq!(wallet.lookup(hash).await.unwrap_err().kind(), BackendErrorKind::Unavailable);
}
