//! An account at Alby as a wallet: what it is asked, and what its answers mean.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, PayRequest, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::alby::AlbyAccountWallet;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint, paid, request};
use crate::support::bill::Bill;

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            Box::new(AlbyAccountWallet::at(endpoint, KEY).unwrap().with_network(network))
        },
        is_payment: |request| request.method == "POST",
        paid: payment,
        found: None,
        asks_first: false,
        unknown: (404, r#"{"code":1,"error":true,"message":"no"}"#),
    })
    .await;
}

fn payment(bill: &Bill, preimage: &str) -> Value {
    json!({
        "amount": 21, "description": "one report", "destination": "025c1d5d", "fee": 2,
        "payment_hash": bill.hash.to_string(), "payment_preimage": preimage, "payment_request": bill.bolt11,
    })
}

fn wallet(server: &MockServer) -> AlbyAccountWallet {
    AlbyAccountWallet::at(endpoint(&server.uri()), KEY).unwrap().with_network(Network::Regtest)
}

async fn service(bill: &Bill, status: u16, answer: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/payments/bolt11"))
        .and(header("authorization", format!("Bearer {KEY}")))
        .and(body_json(json!({"invoice": bill.bolt11})))
        .respond_with(ResponseTemplate::new(status).set_body_json(answer))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn fees_are_in_satoshi_and_an_invoice_is_sent_once() {
    let bill = Bill::new();
    let server = service(&bill, 200, payment(&bill, &bill.preimage)).await;
    let wallet = wallet(&server);
    let payment = paid(wallet.pay(request(&bill)).await.unwrap());
    assert_eq!(payment.fee, Some(Msat::from_sat(2)));
    assert!(matches!(wallet.clone().pay(request(&bill)).await.unwrap(), PayOutcome::Pending));
    assert_eq!(server.received_requests().await.unwrap().len(), 1);
    assert_eq!(wallet.lookup(bill.hash).await.unwrap_err().kind(), Kind::Unsupported);
}

/// It may be this wallet that paid it, before the program was started anew: no reason to try again.
#[tokio::test]
async fn what_was_paid_before_stays_paid() {
    let bill = Bill::new();
    let refusal = json!({"code": 8, "error": true, "message": "This invoice has already been paid"});
    let server = service(&bill, 400, refusal).await;
    let wallet = wallet(&server);
    let outcome = wallet.pay(request(&bill)).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(Kind::AlreadyPaid)), "{outcome:?}");
    assert!(matches!(wallet.pay(request(&bill)).await.unwrap(), PayOutcome::Pending));
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "sent again");
}

/// The documentation's own example: an invoice of Alby's test network with its preimage.
#[tokio::test]
async fn the_documented_answer() {
    let bolt11 = "lnbcrt1u1p3d23dkpp58r92m0s0vyfdnd3caxhzgvu006dajv9r8pcspknhvezw26t9e8qsdq5g9kxy7fqd9h8vmmfvdjscqzpgxqyz5v\
        qsp59efe44rg6cjl3xwh9glgx4ztcgwtg5l8uhry2v9v7s0zn2wpaz2s9qyyssq2z799an4pt4wtfy8yrk5ee0qqj7w5a74prz5tm8rulwez08ttla\
        z9xx7eqw7fe94y7t0600d03k55fyguyj24nd9tjmx6sf7dsxkk4gpkyenl8";
    let hash = "38caadbe0f6112d9b638e9ae24338f7e9bd930a3387100da776644e56965c9c1".parse().unwrap();
    let answer = json!({
        "amount": 100, "description": "Alby invoice", "fee": 0,
        "destination": "025c1d5d1b4c983cc6350fc2d756fbb59b4dc365e45e87f8e3afe07e24013e8220",
        "payment_hash": "38caadbe0f6112d9b638e9ae24338f7e9bd930a3387100da776644e56965c9c1",
        "payment_preimage": "2f84e22556af9919f695d7761f404e98ff98058b7d32074de8c0c83bf63eecd7",
        "payment_request": bolt11,
    });
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(&server)
        .await;
    let request = PayRequest::new(bolt11.to_owned(), hash, Msat::ZERO, Duration::from_secs(5));
    assert_eq!(paid(wallet(&server).pay(request).await.unwrap()).preimage.payment_hash(), hash);
}

#[tokio::test]
async fn bad_requests_spend_nothing_and_may_be_tried_again() {
    for (message, expected) in
        [("not enough balance", Kind::InsufficientBalance), ("invalid invoice", Kind::InvalidInvoice)]
    {
        let bill = Bill::new();
        let refusal = json!({"code": 8, "error": true, "message": message});
        let server = service(&bill, 400, refusal).await;
        let wallet = wallet(&server);
        for _ in 0..2 {
            let outcome = wallet.pay(request(&bill)).await.unwrap();
            assert!(matches!(outcome, PayOutcome::Failed(kind) if kind == expected), "{outcome:?}");
        }
        assert_eq!(server.received_requests().await.unwrap().len(), 2);
    }
}

#[tokio::test]
async fn the_balance_is_in_satoshi() {
    for (unit, expected) in [("sat", Ok(Msat::from_sat(7_001))), ("btc", Err(Kind::Protocol))] {
        let server = MockServer::start().await;
        let balance = json!({"balance": 7_001, "currency": "BTC", "unit": unit});
        Mock::given(path("/balance"))
            .respond_with(ResponseTemplate::new(200).set_body_json(balance))
            .mount(&server)
            .await;
        assert_eq!(wallet(&server).balance().await.map_err(|error| error.kind()), expected);
    }
}
