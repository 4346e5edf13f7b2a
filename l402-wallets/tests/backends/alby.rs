//! Alby Hub as a wallet: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::alby::AlbyWallet;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, TIMEOUTS, Vendor, endpoint, hasty, paid, request, was_asked_to_pay};
use crate::support::bill::Bill;

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| Box::new(AlbyWallet::new(endpoint, KEY).unwrap().with_network(network)),
        is_payment: |request| request.method == "POST",
        paid: |bill, preimage| transaction(bill, "outgoing", "settled", preimage),
        found: Some(|bill, preimage| transaction(bill, "outgoing", "settled", preimage)),
        asks_first: false,
        unknown: (500, r#"{"message":"The transaction requested was not found"}"#),
    })
    .await;
}

fn transaction(bill: &Bill, direction: &str, state: &str, preimage: &str) -> Value {
    json!({
        "id": 7, "type": direction, "state": state, "invoice": bill.bolt11, "preimage": preimage,
        "paymentHash": bill.hash.to_string(), "amountMsat": 21_000, "feesPaidMsat": 1_001,
    })
}

fn wallet(server: &MockServer) -> AlbyWallet {
    AlbyWallet::new(endpoint(&server.uri()), KEY).unwrap().with_network(Network::Regtest)
}

async fn hub(bill: &Bill, answer: (u16, Value), look: (u16, Value)) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(format!("/api/payments/{}", bill.bolt11)))
        .and(header("authorization", format!("Bearer {KEY}")))
        .and(body_json(json!({})))
        .respond_with(ResponseTemplate::new(answer.0).set_body_json(answer.1))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path(format!("/api/transactions/{}", bill.hash)))
        .respond_with(ResponseTemplate::new(look.0).set_body_json(look.1))
        .mount(&server)
        .await;
    server
}

fn unknown() -> (u16, Value) {
    (500, json!({"message": "The transaction requested was not found"}))
}

#[tokio::test]
async fn the_invoice_is_in_the_path_and_the_fee_in_msat() {
    let bill = Bill::new();
    let done = transaction(&bill, "outgoing", "settled", &bill.preimage);
    let server = hub(&bill, (200, done), unknown()).await;
    assert_eq!(paid(wallet(&server).pay(request(&bill)).await.unwrap()).fee, Some(Msat::from_msat(1_001)));
}

#[tokio::test]
async fn texts_of_failures() {
    for (text, expected) in [
        ("this invoice has expired", Kind::Expired),
        ("Insufficient balance remaining to make the requested payment", Kind::InsufficientBalance),
        ("Your wallet has exceeded its spending quota", Kind::LimitExceeded),
        ("this invoice has already been paid", Kind::AlreadyPaid),
    ] {
        let bill = Bill::new();
        let server = hub(&bill, (500, json!({"message": text})), unknown()).await;
        let outcome = wallet(&server).pay(request(&bill)).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(kind) if kind == expected), "{text}: {outcome:?}");
    }
    // What the node says comes through as it is. The hub's record tells how it ended.
    let bill = Bill::new();
    let failed = (200, transaction(&bill, "outgoing", "failed", ""));
    let server = hub(&bill, (500, json!({"message": "FAILURE_REASON_NO_ROUTE"})), failed).await;
    let outcome = wallet(&server).pay(request(&bill)).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(Kind::NoRoute)), "{outcome:?}");
}

#[tokio::test]
async fn what_was_paid_before_is_recovered() {
    for text in
        ["this invoice has already been paid", "there is already a payment pending for this invoice", "other"]
    {
        let bill = Bill::new();
        let look = (200, transaction(&bill, "outgoing", "settled", &bill.preimage));
        let server = hub(&bill, (500, json!({"message": text})), look).await;
        let payment = paid(wallet(&server).pay(request(&bill)).await.unwrap());
        assert_eq!(payment.preimage.payment_hash(), bill.hash, "{text}");
    }
}

#[tokio::test]
async fn a_payment_that_is_pending_already_has_not_failed() {
    let bill = Bill::new();
    let text = json!({"message": "there is already a payment pending for this invoice"});
    let look = (200, transaction(&bill, "outgoing", "failed", ""));
    for timeout in TIMEOUTS {
        let server = hub(&bill, (500, text.clone()), look.clone()).await;
        let outcome = wallet(&server).pay(hasty(&bill, timeout)).await.unwrap();
        if was_asked_to_pay(&server).await {
            assert!(matches!(outcome, PayOutcome::Pending), "{outcome:?}");
            return;
        }
    }
    panic!("the hub was never asked");
}

#[tokio::test]
async fn money_that_came_in_is_no_payment() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    let incoming = transaction(&bill, "incoming", "settled", &bill.preimage);
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(incoming))
        .mount(&server)
        .await;
    assert_eq!(wallet(&server).lookup(bill.hash).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn the_balance_is_what_can_be_sent_over_lightning() {
    let server = MockServer::start().await;
    let balances = json!({"onchain": {"spendable": 9}, "lightning": {"totalSpendableMsat": 7_001}});
    Mock::given(path("/api/balances"))
        .respond_with(ResponseTemplate::new(200).set_body_json(balances))
        .mount(&server)
        .await;
    assert_eq!(wallet(&server).balance().await.unwrap(), Msat::from_msat(7_001));
}
