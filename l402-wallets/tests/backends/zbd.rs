//! ZBD as a wallet: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::zbd::ZbdWallet;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint, paid, request};
use crate::support::bill::Bill;

const ID: &str = "caafd318-0000-4000-8000-000000000001";

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| Box::new(ZbdWallet::at(endpoint, KEY).unwrap().with_network(network)),
        is_payment: |request| request.method == "POST",
        paid: |bill, preimage| payment(bill, "completed", json!(preimage)),
        found: None,
        asks_first: false,
        unknown: (404, r#"{"success":false,"message":"no"}"#),
    })
    .await;
}

fn payment(bill: &Bill, status: &str, preimage: Value) -> Value {
    let mut answer = json!({"success": true, "message": "Payment done.", "data": {
        "id": ID, "fee": "2000", "unit": "msats", "amount": "21000", "invoice": bill.bolt11, "status": status,
    }});
    answer["data"]["preimage"] = preimage;
    answer
}

fn wallet(server: &MockServer) -> ZbdWallet {
    ZbdWallet::at(endpoint(&server.uri()), KEY).unwrap().with_network(Network::Regtest)
}

async fn service(bill: &Bill, answer: Value, look: Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v0/payments"))
        .and(header("apikey", KEY))
        .and(body_json(json!({"invoice": bill.bolt11})))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path(format!("/v0/payments/{ID}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(look))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn a_payment_is_followed_by_its_id() {
    let bill = Bill::new();
    let done = payment(&bill, "completed", json!(bill.preimage));
    let server = service(&bill, payment(&bill, "processing", Value::Null), done).await;
    let wallet = wallet(&server);
    let payment = paid(wallet.pay(request(&bill)).await.unwrap());
    assert_eq!(payment.preimage.payment_hash(), bill.hash);
    assert_eq!(payment.fee, Some(Msat::from_sat(2)), "fees are msat in text");
    // Again, with the mock insisting on one payment.
    paid(wallet.pay(request(&bill)).await.unwrap());
    paid(wallet.clone().lookup(bill.hash).await.unwrap());
}

#[tokio::test]
async fn a_payment_that_fails() {
    for status in ["failed", "error", "expired"] {
        let bill = Bill::new();
        let failed = payment(&bill, status, Value::Null);
        let server = service(&bill, payment(&bill, "pending", Value::Null), failed).await;
        let wallet = wallet(&server);
        let outcome = wallet.pay(request(&bill)).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(Kind::NoRoute)), "{outcome:?}");
        server.reset().await;
        let done = payment(&bill, "completed", json!(bill.preimage));
        let answer = ResponseTemplate::new(200).set_body_json(done);
        Mock::given(method("POST")).respond_with(answer).mount(&server).await;
        paid(wallet.pay(request(&bill)).await.unwrap());
    }
}

/// As the documentation shows for payments within ZBD.
#[tokio::test]
async fn completed_without_a_preimage_is_not_paid() {
    let bill = Bill::new();
    let answer = payment(&bill, "completed", Value::Null);
    let server = service(&bill, answer.clone(), answer).await;
    let wallet = wallet(&server);
    assert!(matches!(wallet.pay(request(&bill)).await.unwrap(), PayOutcome::Pending));
    assert_eq!(wallet.lookup(bill.hash).await.unwrap_err().kind(), Kind::Protocol);
}

#[tokio::test]
async fn an_invoice_whose_payment_is_lost_is_not_sent_again() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(502)).expect(1).mount(&server).await;
    let wallet = wallet(&server);
    // It does not wait: nothing is to be found out.
    for _ in 0..2 {
        assert!(matches!(wallet.pay(request(&bill)).await.unwrap(), PayOutcome::Pending));
    }
    for hash in [bill.hash, Bill::new().hash] {
        assert_eq!(wallet.lookup(hash).await.unwrap_err().kind(), Kind::Unsupported);
    }
}

#[tokio::test]
async fn an_invoice_that_was_refused_may_be_sent_again() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(429)).expect(2).mount(&server).await;
    let wallet = wallet(&server);
    for _ in 0..2 {
        let error = wallet.pay(request(&bill)).await.unwrap_err();
        assert!(matches!(error.kind(), Kind::RateLimited { .. }));
    }
}

#[tokio::test]
async fn the_balance_is_in_msat_text() {
    let server = MockServer::start().await;
    let balance = json!({"success": true, "data": {"unit": "msats", "balance": "7001"}});
    Mock::given(path("/v0/wallet"))
        .respond_with(ResponseTemplate::new(200).set_body_json(balance))
        .mount(&server)
        .await;
    assert_eq!(wallet(&server).balance().await.unwrap(), Msat::from_msat(7_001));
}
