//! A wallet over Nostr Wallet Connect: what it is asked through a real relay, and what its answers mean.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::nwc::{NwcUri, NwcWallet};
use serde_json::{Value, json};

use crate::contract::{self, Backend, LONG, paid, request};
use crate::support::bill::Bill;
use crate::support::log;
use crate::support::nostr::{BadRelay, METHODS, Relay, Say, WalletService};
use crate::support::time::Standstill;

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Backend::<NwcUri> {
        connect: |uri, network| Box::new(NwcWallet::new(uri).unwrap().with_network(network)),
        is_payment: |method| method == "pay_invoice",
        paid: |_, preimage| json!({"preimage": preimage, "fees_paid": 1_001}),
        found: Some(|bill, preimage| transaction(bill, "settled", preimage)),
        asks_first: false,
        unknown: "NOT_FOUND",
    })
    .await;
}

fn at(uri: &str) -> NwcWallet {
    let uri = NwcUri::parse(uri).unwrap().timeout(LONG).pause(Duration::from_millis(1));
    NwcWallet::new(uri).unwrap().with_network(Network::Regtest)
}

/// The transaction of a payment, as Alby Hub tells it.
fn transaction(bill: &Bill, state: &str, preimage: &str) -> Value {
    json!({
        "type": "outgoing", "state": state, "invoice": bill.bolt11, "preimage": preimage,
        "payment_hash": bill.hash.to_string(), "amount": 21_000, "fees_paid": 1_001, "created_at": 1_700_000_000,
        "settled_at": null, "metadata": null,
    })
}

fn not_found() -> Say {
    Say::Error("NOT_FOUND", "transaction not found".to_owned())
}

/// The wallet may not look, so it stops looking.
fn forbidden() -> Say {
    Say::Error("RESTRICTED", String::new())
}

/// A wallet that answers payments with `pay`, and look-ups with each of `looks` in turn, the last one again and again.
async fn wallet(pay: Vec<Say>, looks: Vec<Say>) -> (WalletService, NwcWallet) {
    let mut looks = looks.into_iter();
    let mut look = not_found();
    let service = WalletService::start(move |method, _| match method {
        "pay_invoice" => pay.clone(),
        "lookup_invoice" => {
            look = looks.next().unwrap_or_else(|| look.clone());
            vec![look.clone()]
        }
        _ => vec![Say::Error("NOT_IMPLEMENTED", String::new())],
    })
    .await;
    let wallet = at(&service.uri);
    (service, wallet)
}

#[tokio::test]
async fn every_cipher_fees_and_the_balance_in_millisatoshi() {
    for info in [Some((METHODS, "nip44_v2 nip04")), Some((METHODS, "")), None] {
        let bill = Bill::new();
        let preimage = bill.preimage.clone();
        let service = WalletService::with_info(info, move |method, _| match method {
            "pay_invoice" => vec![Say::Result(json!({"preimage": preimage, "fees_paid": 1_001}))],
            "get_balance" => vec![Say::Result(json!({"balance": 77_001}))],
            _ => vec![not_found()],
        })
        .await;
        let wallet = at(&service.uri);
        let payment = paid(wallet.pay(request(&bill)).await.unwrap());
        assert_eq!(payment.fee, Some(Msat::from_msat(1_001)));
        assert_eq!(wallet.balance().await.unwrap(), Msat::from_msat(77_001));
        assert_eq!(wallet.lookup(bill.hash).await.unwrap_err().kind(), Kind::NotFound);
        let asked = service.requests();
        assert_eq!(asked[0], ("pay_invoice".to_owned(), json!({"invoice": bill.bolt11})));
        assert_eq!(asked[2].1, json!({"payment_hash": bill.hash.to_string()}));
    }
}

#[tokio::test]
async fn what_somebody_else_signed_is_no_answer() {
    let (bill, other) = (Bill::new(), Bill::new());
    let result = |bill: &Bill| json!({"preimage": bill.preimage});
    let answers = vec![Say::Forged(result(&other)), Say::Result(result(&bill))];
    let (_service, wallet) = wallet(answers, vec![forbidden()]).await;
    let payment = paid(wallet.pay(request(&bill)).await.unwrap());
    assert_eq!(payment.preimage.payment_hash(), bill.hash);
}

#[tokio::test]
async fn the_proof_of_another_payment_is_none() {
    let (bill, other) = (Bill::new(), Bill::new());
    let unclear = vec![Say::Error("OTHER", String::new())];
    let looks = vec![Say::Result(transaction(&other, "settled", &other.preimage)), forbidden()];
    let (service, paying) = wallet(unclear.clone(), looks.clone()).await;
    assert!(matches!(paying.pay(request(&bill)).await.unwrap(), PayOutcome::Pending));
    assert_eq!(service.count("lookup_invoice"), 2);
    let (_service, looking) = wallet(unclear, looks).await;
    assert_eq!(looking.lookup(bill.hash).await.unwrap_err().kind(), Kind::Protocol);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_found_by_looking() {
    let bill = Bill::new();
    let late = json!({"preimage": bill.preimage});
    let looks = vec![not_found(), Say::Result(transaction(&bill, "settled", &bill.preimage))];
    let (service, wallet) = wallet(vec![Say::Late(late)], looks).await;
    let standstill = Standstill::begin();
    let paying = tokio::spawn(wallet.pay(request(&bill)));
    service.asked(1).await;
    tokio::time::advance(2 * LONG).await;
    assert!(matches!(paying.await.unwrap().unwrap(), PayOutcome::Pending));
    drop(standstill);
    // The late answer comes with this one, and answers nothing.
    assert_eq!(wallet.lookup(bill.hash).await.unwrap_err().kind(), Kind::NotFound);
    paid(wallet.lookup(bill.hash).await.unwrap());
    assert_eq!(service.count("pay_invoice"), 1);
}

#[tokio::test]
async fn failures_have_meanings() {
    for (code, expected) in [
        ("INSUFFICIENT_BALANCE", Kind::InsufficientBalance),
        ("QUOTA_EXCEEDED", Kind::LimitExceeded),
        ("PAYMENT_FAILED", Kind::NoRoute),
        ("EXPIRED", Kind::Expired),
        ("BAD_REQUEST", Kind::InvalidInvoice),
    ] {
        for look in [not_found(), Say::Error("NOT_IMPLEMENTED", String::new())] {
            let (service, wallet) = wallet(vec![Say::Error(code, String::new())], vec![look]).await;
            let outcome = wallet.pay(request(&Bill::new())).await.unwrap();
            assert!(matches!(outcome, PayOutcome::Failed(kind) if kind == expected), "{code}: {outcome:?}");
            assert_eq!(service.count("pay_invoice"), 1, "{code}: paid again");
        }
    }
    let refusing = BadRelay::start(Relay::Refuses).await;
    let outcome = at(&refusing.uri).pay(request(&Bill::new())).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(Kind::Unavailable)), "{outcome:?}");
}

#[tokio::test]
async fn a_refusal_is_not_believed_while_a_payment_is_under_way() {
    for (state, is_paid) in [("pending", false), ("settled", true)] {
        for code in ["PAYMENT_FAILED", "INSUFFICIENT_BALANCE"] {
            let bill = Bill::new();
            let preimage = if is_paid { bill.preimage.as_str() } else { "" };
            let looks = vec![Say::Result(transaction(&bill, state, preimage)), forbidden()];
            let (_service, wallet) = wallet(vec![Say::Error(code, String::new())], looks).await;
            let outcome = wallet.pay(request(&bill)).await.unwrap();
            assert_eq!(matches!(outcome, PayOutcome::Paid(_)), is_paid, "{code} {state}: {outcome:?}");
            assert_eq!(matches!(outcome, PayOutcome::Pending), !is_paid, "{code} {state}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn every_state_of_a_payment() {
    let bill = Bill::new();
    let of = |state: &str| transaction(&bill, state, &bill.preimage);
    let changed = |state: &str, field: &str, value: Value| {
        let mut it = of(state);
        it[field] = value;
        it
    };
    for (answer, expected) in [
        (of("settled"), "Ok(Paid"),
        (of("pending"), "Ok(Pending"),
        (of("accepted"), "Ok(Pending"),
        (of("dreaming"), "Ok(Pending"),
        (of("failed"), "Ok(Failed(NoRoute"),
        (of("expired"), "Ok(Failed(Expired"),
        (changed("", "state", json!(null)), "Ok(Paid"),
        (changed("", "preimage", json!(null)), "Ok(Pending"),
        (changed("", "preimage", json!("00".repeat(32))), "Ok(Pending"),
        (
            changed("settled", "type", json!("incoming")),
            "Err(BackendError { backend: \"nwc\", kind: NotFound",
        ),
        (changed("settled", "type", json!(null)), "Ok(Paid"),
    ] {
        let service = WalletService::start(move |_, _| vec![Say::Result(answer.clone())]).await;
        let said = format!("{:?}", at(&service.uri).lookup(bill.hash).await);
        assert!(said.starts_with(expected), "{said} instead of {expected}");
    }
}

#[tokio::test]
async fn a_connection_that_cannot_pay_is_refused_before_any_payment() {
    let with = |methods: &'static str| WalletService::with_info(Some((methods, "nip44_v2")), |_, _| vec![]);
    let service = with("make_invoice lookup_invoice get_info").await;
    assert_eq!(at(&service.uri).checked().await.unwrap_err().kind(), Kind::Unsupported);
    let error = at(&service.uri).pay(request(&Bill::new())).await.unwrap_err();
    assert_eq!((error.kind(), service.requests().len()), (Kind::Unsupported, 0));

    let service = with("pay_invoice").await;
    assert!(!at(&service.uri).checked().await.unwrap().capabilities().can_lookup);
    let service = with(METHODS).await;
    let it = at(&service.uri).checked().await.unwrap().capabilities();
    assert!(it.can_lookup && it.preimage_on_pay && !it.fee_limit);
}

#[tokio::test]
async fn what_a_wallet_says_is_told_without_its_secrets() {
    let bill = Bill::new();
    let answer = vec![Say::Error("RESTRICTED", format!("look: {}", bill.preimage))];
    let (service, wallet) = wallet(answer, vec![not_found()]).await;
    let error = wallet.pay(request(&bill)).await.unwrap_err();
    assert!(log::everything_said_by(&error).contains("RESTRICTED: look: [redacted]"));
    let said = format!("{wallet:?}");
    assert!(!said.contains(&service.secret), "{said}");
}
