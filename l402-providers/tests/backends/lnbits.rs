//! LNbits: what it is asked, and what its answers mean.

use l402_core::Network;
use l402_core::ports::{BackendErrorKind, InvoiceProvider, Settlement};
use l402_providers::Endpoint;
use l402_providers::lnbits::LnbitsProvider;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint};
use crate::support::bill::{Bill, order};
use crate::support::raw::RawServer;

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| Box::new(provider_at(endpoint).with_network(network)),
        created,
        lookup_id: |bill| bill.hash.to_string(),
        open: |bill| {
            // What instances up to 1.5 answer without a key.
            json!({"paid": false, "preimage": bill.preimage, "status": "pending", "details": created(bill)})
        },
        settled: Some(|bill, preimage| {
            json!({"paid": true, "preimage": preimage, "status": "success", "details": created(bill)})
        }),
    })
    .await;
}

/// As instance 1.6.2 with the fake wallet answers.
fn created(bill: &Bill) -> Value {
    json!({
        "checking_id": bill.hash.to_string(), "payment_hash": bill.hash.to_string(), "wallet_id": "8cbe88",
        "amount": bill.amount.as_msat(), "fee": 0, "bolt11": bill.bolt11, "payment_request": bill.bolt11,
        "fiat_provider": null, "status": "pending", "memo": "one report", "expiry": "2026-11-20T12:53:27",
        "webhook": null, "preimage": bill.preimage, "tag": null, "labels": [], "extra": {}, "external_id": null,
    })
}

fn provider_at(endpoint: Endpoint) -> LnbitsProvider {
    LnbitsProvider::new(endpoint, KEY).unwrap()
}

fn provider(server: &MockServer) -> LnbitsProvider {
    provider_at(endpoint(&server.uri())).with_network(Network::Regtest)
}

async fn lookup(status: u16, answer: Value) -> Result<Settlement, BackendErrorKind> {
    let (server, hash) = (MockServer::start().await, Bill::new().hash.to_string());
    Mock::given(method("GET"))
        .and(path(format!("/api/v1/payments/{hash}")))
        .and(header("x-api-key", KEY))
        .respond_with(ResponseTemplate::new(status).set_body_json(answer))
        .mount(&server)
        .await;
    provider(&server).settlement(hash).await.map_err(|error| error.kind())
}

#[tokio::test]
async fn an_order_says_that_it_is_one_in_sat_and_seconds() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    Mock::given(method("POST"))
        .and(path("/sub/api/v1/payments"))
        .and(header("x-api-key", KEY))
        .and(header("content-type", "application/json"))
        .and(body_json(
            json!({"out": false, "amount": 21, "unit": "sat", "memo": "one report", "expiry": 600}),
        ))
        .respond_with(ResponseTemplate::new(201).set_body_json(created(&bill)))
        .expect(1)
        .mount(&server)
        .await;
    let provider = provider_at(endpoint(&format!("{}/sub/", server.uri()))).with_network(Network::Regtest);
    let invoice = provider.create_invoice(order(bill.amount)).await.unwrap();
    assert_eq!(invoice.bolt11, bill.bolt11);
}

#[tokio::test]
async fn versions_before_1_0_are_understood() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    let old =
        json!({"payment_hash": bill.hash.to_string(), "payment_request": bill.bolt11, "checking_id": "x"});
    Mock::given(method("POST"))
        .respond_with(ResponseTemplate::new(201).set_body_json(old))
        .mount(&server)
        .await;
    assert_eq!(provider(&server).create_invoice(order(bill.amount)).await.unwrap().bolt11, bill.bolt11);
}

#[tokio::test]
async fn parts_of_a_satoshi_are_refused_before_anything_is_sent() {
    let server = MockServer::start().await;
    let order = order(l402_core::Msat::from_msat(1_500));
    let error = provider(&server).create_invoice(order).await.unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unsupported);
    assert!(server.received_requests().await.unwrap().is_empty());
    assert!(!provider(&server).capabilities().msat_precision);
}

#[tokio::test]
async fn the_states_of_an_invoice() {
    let open = lookup(200, json!({"paid": false, "preimage": null})).await;
    assert!(matches!(open, Ok(Settlement::Open)), "{open:?}");
    let failed = lookup(200, json!({"paid": false, "status": "failed", "details": {"amount": 21000}})).await;
    assert!(matches!(failed, Ok(Settlement::Canceled)), "{failed:?}");
    let unknown = lookup(404, json!({"detail": "Payment does not exist."})).await;
    assert!(matches!(unknown, Ok(Settlement::NotFound)), "{unknown:?}");
    assert_eq!(
        lookup(404, json!({"detail": "Wallet not found."})).await.unwrap_err(),
        BackendErrorKind::Auth
    );
    let server = MockServer::start().await;
    let stranger = provider(&server).settlement("../wallet".to_owned()).await.unwrap();
    assert!(matches!(stranger, Settlement::NotFound));
    assert!(server.received_requests().await.unwrap().is_empty(), "a made-up id was sent");
}

#[tokio::test]
async fn errors_of_an_order() {
    for (status, body, expected) in [
        ("404 Not Found", r#"{"detail":"Wallet not found."}"#, BackendErrorKind::Auth),
        ("401 Unauthorized", r#"{"detail":"No Api Key provided."}"#, BackendErrorKind::Auth),
        ("400 Bad Request", r#"{"detail":[{"loc":["body","amount"]}]}"#, BackendErrorKind::Protocol),
        (
            "520 Unknown",
            r#"{"detail":"Hold invoices are not supported","status":"failed"}"#,
            BackendErrorKind::Unavailable,
        ),
    ] {
        let server = RawServer::answering(status, "", body).await;
        let error =
            provider_at(endpoint(&server.url)).create_invoice(order(Bill::new().amount)).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{status}");
    }
}

#[tokio::test]
async fn a_gate_must_ask_whether_its_invoices_are_settled() {
    let server = MockServer::start().await;
    assert!(provider(&server).capabilities().needs_settlement_check);
}
