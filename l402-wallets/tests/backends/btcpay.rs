//! BTCPay Server as a wallet: what it is asked, and what its answers mean.

use std::time::SystemTime;

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::btcpay::BtcPayWallet;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint, paid, request};
use crate::support::bill::Bill;

const NODE: &str = "/api/v1/stores/store1/lightning/BTC";

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            Box::new(BtcPayWallet::new(endpoint, "store1", KEY).unwrap().with_network(network))
        },
        is_payment: |request| request.method == "POST",
        paid: |bill, preimage| payment(bill, "Complete", preimage),
        found: Some(|bill, preimage| payment(bill, "Complete", preimage)),
        asks_first: true,
        unknown: (404, r#"{"code":"payment-not-found","message":"no"}"#),
    })
    .await;
}

fn payment(bill: &Bill, status: &str, preimage: &str) -> Value {
    json!({
        "id": bill.hash.to_string(), "status": status, "BOLT11": bill.bolt11,
        "paymentHash": bill.hash.to_string(), "preimage": preimage, "createdAt": 1_738_000_000,
        "totalAmount": "21002", "feeAmount": "2",
    })
}

fn wallet(server: &MockServer) -> BtcPayWallet {
    BtcPayWallet::new(endpoint(&server.uri()), "store1", KEY).unwrap().with_network(Network::Regtest)
}

/// A server that knows nothing before the payment, and `look` after it.
async fn server(bill: &Bill, answer: (u16, Value), look: (u16, Value)) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path(format!("{NODE}/invoices/pay")))
        .and(header("authorization", format!("token {KEY}")))
        .and(body_json(json!({"BOLT11": bill.bolt11, "maxFeeFlat": "3", "sendTimeout": 59})))
        .respond_with(ResponseTemplate::new(answer.0).set_body_json(answer.1))
        .expect(1)
        .mount(&server)
        .await;
    for ((status, look), priority) in [unknown(), look].into_iter().zip(1..) {
        let mock = Mock::given(method("GET"))
            .and(path(format!("{NODE}/payments/{}", bill.hash)))
            .respond_with(ResponseTemplate::new(status).set_body_json(look))
            .with_priority(priority);
        let mock = if priority == 1 { mock.up_to_n_times(1) } else { mock };
        mock.mount(&server).await;
    }
    server
}

fn unknown() -> (u16, Value) {
    (404, json!({"code": "payment-not-found", "message": "no"}))
}

#[tokio::test]
async fn a_payment_has_a_limit_in_sat_and_a_fee_in_msat() {
    let bill = Bill::new();
    let server = server(&bill, (200, payment(&bill, "Complete", &bill.preimage)), unknown()).await;
    assert_eq!(paid(wallet(&server).pay(request(&bill)).await.unwrap()).fee, Some(Msat::from_msat(2)));
}

#[tokio::test]
async fn status_202_is_followed_to_its_end() {
    for status in ["Pending", "Unknown"] {
        let bill = Bill::new();
        let look = (200, payment(&bill, "Complete", &bill.preimage));
        let server = server(&bill, (202, payment(&bill, status, "")), look).await;
        let payment = paid(wallet(&server).pay(request(&bill)).await.unwrap());
        assert_eq!(payment.preimage.payment_hash(), bill.hash);
    }
}

#[tokio::test]
async fn codes_of_failures() {
    for (code, message, expected) in [
        ("could-not-find-route", "no route", Kind::NoRoute),
        ("could-not-find-route", "Insufficient balance", Kind::InsufficientBalance),
        ("generic-error", "invoice is already paid", Kind::AlreadyPaid),
        ("generic-error", "invoice expired", Kind::Expired),
        ("invoice-error", "bad", Kind::InvalidInvoice),
        ("generic-error", "something", Kind::Unavailable),
    ] {
        let bill = Bill::new();
        let answer = (400, json!({"code": code, "message": message}));
        let server = server(&bill, answer, unknown()).await;
        let outcome = wallet(&server).pay(request(&bill)).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(kind) if kind == expected), "{message}: {outcome:?}");
    }
}

#[tokio::test]
async fn an_error_of_a_payment_that_succeeded_is_none() {
    let bill = Bill::new();
    let answer = (400, json!({"code": "generic-error", "message": "timeout"}));
    let server = server(&bill, answer, (200, payment(&bill, "Complete", &bill.preimage))).await;
    paid(wallet(&server).pay(request(&bill)).await.unwrap());
}

/// Core Lightning calls a payment failed between two attempts, and BTCPay passes that on.
#[tokio::test]
async fn a_lookup_believes_a_failure_when_no_attempt_can_follow() {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    for (begun, is_over) in [(Some(now - 5), false), (Some(now - 3_600), true), (None, true)] {
        let bill = Bill::new();
        let mut look = payment(&bill, "Failed", "");
        look["createdAt"] = json!(begun);
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(200).set_body_json(look))
            .mount(&server)
            .await;
        let outcome = wallet(&server).lookup(bill.hash).await.unwrap();
        assert_eq!(matches!(outcome, PayOutcome::Failed(Kind::NoRoute)), is_over, "{begun:?}: {outcome:?}");
        assert_eq!(matches!(outcome, PayOutcome::Pending), !is_over, "{begun:?}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_was_paid_before_is_not_paid_again() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    Mock::given(method("POST")).respond_with(ResponseTemplate::new(200)).expect(0).mount(&server).await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(payment(&bill, "Complete", &bill.preimage)))
        .mount(&server)
        .await;
    paid(wallet(&server).pay(request(&bill)).await.unwrap());
}

#[tokio::test]
async fn the_balance_is_that_of_the_channels() {
    let server = MockServer::start().await;
    let balance =
        json!({"onchain": {"confirmed": "5"}, "offchain": {"opening": "0", "local": "7001", "remote": "1"}});
    Mock::given(path(format!("{NODE}/balance")))
        .respond_with(ResponseTemplate::new(200).set_body_json(balance))
        .mount(&server)
        .await;
    assert_eq!(wallet(&server).balance().await.unwrap(), Msat::from_msat(7_001));
}
