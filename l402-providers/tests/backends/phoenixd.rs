//! phoenixd: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind, InvoiceProvider, Settlement};
use l402_core::{Msat, Network, UnixTime};
use l402_providers::phoenixd::PhoenixdProvider;
use l402_providers::{ConfigError, Endpoint};
use serde_json::{Value, json};
use wiremock::matchers::{body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint};
use crate::support::bill::{Bill, base64, order};

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            Box::new(PhoenixdProvider::new(endpoint, KEY).unwrap().with_network(network))
        },
        created,
        lookup_id: |bill| bill.hash.to_string(),
        open: |bill| incoming(bill, json!({})),
        settled: Some(|bill, preimage| incoming(bill, json!({"isPaid": true, "preimage": preimage}))),
    })
    .await;
}

fn created(bill: &Bill) -> Value {
    json!({"amountSat": 21, "paymentHash": bill.hash.to_string(), "serialized": bill.bolt11})
}

/// An unpaid invoice, preimage included, with some fields changed.
fn incoming(bill: &Bill, changes: Value) -> Value {
    let mut answer = json!({
        "type": "incoming_payment", "subType": "lightning", "paymentHash": bill.hash.to_string(),
        "preimage": bill.preimage, "description": "one report", "invoice": bill.bolt11, "isPaid": false,
        "isExpired": false, "requestedSat": 21, "receivedSat": 0, "fees": 0, "createdAt": 1_738_000_000_123_u64,
    });
    let Value::Object(changes) = changes else { panic!() };
    answer.as_object_mut().unwrap().extend(changes);
    answer
}

fn provider(server: &MockServer) -> PhoenixdProvider {
    PhoenixdProvider::new(endpoint(&server.uri()), KEY).unwrap().with_network(Network::Regtest)
}

fn basic() -> String {
    format!("Basic {}", base64(format!(":{KEY}").as_bytes()))
}

#[tokio::test]
async fn an_order_is_a_form_in_sat_and_seconds() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    Mock::given(method("POST"))
        .and(path("/createinvoice"))
        .and(header("authorization", basic()))
        .and(header("content-type", "application/x-www-form-urlencoded"))
        .and(body_string("description=one+report&amountSat=21&expirySeconds=600"))
        .respond_with(ResponseTemplate::new(200).set_body_json(created(&bill)))
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(provider(&server).create_invoice(order(bill.amount)).await.unwrap().bolt11, bill.bolt11);
}

#[tokio::test]
async fn long_descriptions_are_cut_between_characters() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    let answer = ResponseTemplate::new(200).set_body_json(created(&bill));
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    let mut order = order(bill.amount);
    order.description = "ä".repeat(200);
    provider(&server).create_invoice(order).await.unwrap();
    let sent = String::from_utf8(server.received_requests().await.unwrap()[0].body.clone()).unwrap();
    assert_eq!(sent.matches("%C3%A4").count(), 128);
}

#[tokio::test]
async fn parts_of_a_satoshi_are_refused_before_anything_is_sent() {
    let server = MockServer::start().await;
    let error = provider(&server).create_invoice(order(Msat::from_msat(21_001))).await.unwrap_err();
    assert_eq!(error.kind(), BackendErrorKind::Unsupported);
    assert!(server.received_requests().await.unwrap().is_empty());
}

async fn lookup(status: u16, body: impl FnOnce(&Bill) -> String) -> Result<Settlement, BackendErrorKind> {
    let (server, bill) = (MockServer::start().await, Bill::new());
    Mock::given(method("GET"))
        .and(path(format!("/payments/incoming/{}", bill.hash)))
        .and(header("authorization", basic()))
        .respond_with(ResponseTemplate::new(status).set_body_string(body(&bill)))
        .mount(&server)
        .await;
    provider(&server).settlement(bill.hash.to_string()).await.map_err(|error| error.kind())
}

#[tokio::test]
async fn the_states_of_an_invoice() {
    let paid =
        json!({"isPaid": true, "isExpired": true, "receivedSat": 20, "completedAt": 1_738_000_000_999_u64});
    let paid = lookup(200, |bill| incoming(bill, paid).to_string()).await;
    let Ok(Settlement::Settled { preimage: Some(_), settled_at }) = paid else { panic!("{paid:?}") };
    assert_eq!(settled_at, Some(UnixTime::from_secs(1_738_000_000)), "milliseconds");
    let expired = lookup(200, |bill| incoming(bill, json!({"isExpired": true})).to_string()).await;
    assert!(matches!(expired, Ok(Settlement::Expired)), "{expired:?}");
    let unknown = lookup(404, |_| "Not found".to_owned()).await;
    assert!(matches!(unknown, Ok(Settlement::NotFound)), "{unknown:?}");
    let elsewhere = lookup(404, |_| "Unknown endpoint (check api doc)".to_owned()).await;
    assert_eq!(elsewhere.unwrap_err(), BackendErrorKind::NotFound);
}

#[test]
fn an_empty_password_is_refused() {
    let error = PhoenixdProvider::new(Endpoint::new("http://127.0.0.1:9740").unwrap(), " ").unwrap_err();
    assert!(matches!(error, ConfigError::EmptyCredential));
}
