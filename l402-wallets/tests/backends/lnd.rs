//! LND as a wallet: what it is asked, and what its answers mean.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::lnd::LndWallet;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, TIMEOUTS, Vendor, endpoint, hasty, paid, request, was_asked_to_pay};
use crate::support::bill::{Bill, base64};
use crate::support::raw::{RawServer, Then};

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| Box::new(LndWallet::new(endpoint, KEY).unwrap().with_network(network)),
        is_payment: |request| request.url.path() == "/v2/router/send",
        paid: |bill, preimage| line(bill, "SUCCEEDED", preimage, "NONE"),
        found: Some(|bill, preimage| line(bill, "SUCCEEDED", preimage, "NONE")),
        asks_first: false,
        unknown: (404, r#"{"code":5,"message":"payment isn't initiated","details":[]}"#),
    })
    .await;
}

fn line(bill: &Bill, status: &str, preimage: &str, reason: &str) -> Value {
    json!({"result": {
        "payment_hash": bill.hash.to_string(), "value_msat": "21000", "creation_date": "1738000000",
        "payment_preimage": preimage, "payment_request": bill.bolt11, "status": status, "fee_msat": "1001",
        "creation_time_ns": "1738000000000000000", "htlcs": [], "failure_reason": format!("FAILURE_REASON_{reason}"),
    }})
}

fn zeros() -> String {
    "0".repeat(64)
}

fn wallet(server: &MockServer) -> LndWallet {
    LndWallet::new(endpoint(&server.uri()), b"\x02\x01").unwrap().with_network(Network::Regtest)
}

async fn node(bill: &Bill, status: u16, lines: &[Value], look: (u16, Value)) -> MockServer {
    let server = MockServer::start().await;
    let stream: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let body = json!({
        "payment_request": bill.bolt11, "timeout_seconds": 59, "fee_limit_msat": "3000",
        "no_inflight_updates": true, "max_parts": 16,
    });
    Mock::given(method("POST"))
        .and(path("/v2/router/send"))
        .and(header("grpc-metadata-macaroon", "0201"))
        .and(body_json(body))
        .respond_with(ResponseTemplate::new(status).set_body_string(stream))
        .expect(1)
        .mount(&server)
        .await;
    let id = base64(bill.hash.as_bytes()).replace('+', "-").replace('/', "_");
    Mock::given(method("GET"))
        .and(path(format!("/v2/router/track/{id}")))
        .and(query_param("no_inflight_updates", "false"))
        .respond_with(ResponseTemplate::new(look.0).set_body_string(format!("{}\n", look.1)))
        .mount(&server)
        .await;
    server
}

fn not_initiated() -> (u16, Value) {
    (404, json!({"code": 5, "message": "payment isn't initiated"}))
}

#[tokio::test]
async fn the_fee_limit_is_sent_and_the_fee_is_in_msat() {
    let bill = Bill::new();
    let done = line(&bill, "SUCCEEDED", &bill.preimage, "NONE");
    let server = node(&bill, 200, &[line(&bill, "IN_FLIGHT", &zeros(), "NONE"), done], not_initiated()).await;
    assert_eq!(paid(wallet(&server).pay(request(&bill)).await.unwrap()).fee, Some(Msat::from_msat(1_001)));
}

#[tokio::test]
async fn reasons_of_failures() {
    for (reason, expected) in [
        ("TIMEOUT", Kind::Timeout),
        ("NO_ROUTE", Kind::NoRoute),
        ("ERROR", Kind::Unavailable),
        ("INCORRECT_PAYMENT_DETAILS", Kind::InvalidInvoice),
        ("INSUFFICIENT_BALANCE", Kind::InsufficientBalance),
        ("CANCELED", Kind::NoRoute),
    ] {
        let bill = Bill::new();
        let failed = line(&bill, "FAILED", &zeros(), reason);
        let server = node(&bill, 200, &[failed], not_initiated()).await;
        let outcome = wallet(&server).pay(request(&bill)).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(kind) if kind == expected), "{reason}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_was_paid_before_is_recovered() {
    for message in ["invoice is already paid", "payment is in transition", "payment already exists"] {
        let bill = Bill::new();
        for (status, answer) in [
            (200, json!({"error": {"code": 6, "message": message, "details": []}})),
            (409, json!({"error": {"code": 6, "message": message, "details": []}})),
        ] {
            let look = (200, line(&bill, "SUCCEEDED", &bill.preimage, "NONE"));
            let server = node(&bill, status, &[answer], look).await;
            let payment = paid(wallet(&server).pay(request(&bill)).await.unwrap());
            assert_eq!(payment.preimage.payment_hash(), bill.hash, "{message}");
        }
    }
}

#[tokio::test]
async fn refusals_before_the_first_attempt() {
    for (message, expected) in [
        ("invoice expired. Valid until 2026-01-01", Kind::Expired),
        ("self-payments not allowed", Kind::SelfPayment),
        ("wallet locked, unlock it to enable full RPC access", Kind::Unavailable),
    ] {
        let bill = Bill::new();
        for answer in [
            json!({"error": {"code": 2, "message": message, "details": []}}),
            json!({"code": 2, "message": message, "details": []}),
        ] {
            let server = node(&bill, 500, &[answer], not_initiated()).await;
            match wallet(&server).pay(request(&bill)).await {
                Ok(PayOutcome::Failed(kind)) => assert_eq!(kind, expected, "{message}"),
                Err(error) => assert_eq!(error.kind(), expected, "{message}"),
                other => panic!("{message}: {other:?}"),
            }
        }
    }
}

/// The preimage may come with the first part that is settled, before the payment has succeeded.
#[tokio::test]
async fn a_payment_in_flight_is_pending() {
    let bill = Bill::new();
    for preimage in [zeros(), bill.preimage.clone()] {
        let in_flight = line(&bill, "IN_FLIGHT", &preimage, "NONE");
        let server = node(&bill, 200, &[], (200, in_flight)).await;
        let outcome = wallet(&server).lookup(bill.hash).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Pending), "{outcome:?}");
        server.reset().await;
    }
}

/// The stream of a payment under way has no end. Its first line is all that is wanted.
#[tokio::test]
async fn looking_does_not_wait_for_the_end_of_the_stream() {
    let bill = Bill::new();
    let line = line(&bill, "IN_FLIGHT", &zeros(), "NONE").to_string();
    let chunk = format!("{:x}\r\n{line}\n\r\n", line.len() + 1);
    let answer = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{chunk}");
    let server = RawServer::start(answer, Then::Hang).await;
    let endpoint = endpoint(&server.url).timeout(Duration::from_secs(60));
    let wallet = LndWallet::new(endpoint, b"\x02\x01").unwrap().with_network(Network::Regtest);
    assert!(matches!(wallet.lookup(bill.hash).await.unwrap(), PayOutcome::Pending));
}

#[tokio::test]
async fn a_failure_after_a_lost_answer_may_be_that_of_an_earlier_attempt() {
    let bill = Bill::new();
    let look = (200, line(&bill, "FAILED", &zeros(), "NO_ROUTE"));
    let look = ResponseTemplate::new(look.0).set_body_json(look.1);
    for timeout in TIMEOUTS {
        let server = MockServer::start().await;
        Mock::given(method("POST")).respond_with(ResponseTemplate::new(502)).expect(1).mount(&server).await;
        Mock::given(method("GET")).respond_with(look.clone()).mount(&server).await;
        let outcome = wallet(&server).pay(hasty(&bill, timeout)).await.unwrap();
        if was_asked_to_pay(&server).await {
            assert!(matches!(outcome, PayOutcome::Pending), "{outcome:?}");
            return;
        }
    }
    panic!("the node was never asked");
}

#[tokio::test]
async fn the_balance_is_what_channels_can_send() {
    let server = MockServer::start().await;
    let balance =
        json!({"balance": "9", "local_balance": {"sat": "7", "msat": "7001"}, "remote_balance": {}});
    Mock::given(path("/v1/balance/channels"))
        .respond_with(ResponseTemplate::new(200).set_body_json(balance))
        .mount(&server)
        .await;
    assert_eq!(wallet(&server).balance().await.unwrap(), Msat::from_msat(7_001));
}
