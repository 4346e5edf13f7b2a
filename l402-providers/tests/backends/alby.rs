//! Alby Hub: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider, Settlement};
use l402_core::{Msat, Network};
use l402_providers::alby::AlbyProvider;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint};
use crate::support::bill::{Bill, order};

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            Box::new(AlbyProvider::new(endpoint, KEY).unwrap().with_network(network))
        },
        created: |bill| transaction(bill, "incoming", "pending", json!(null)),
        lookup_id: |bill| bill.hash.to_string(),
        open: |bill| transaction(bill, "incoming", "pending", json!(bill.preimage)),
        settled: Some(|bill, preimage| transaction(bill, "incoming", "settled", json!(preimage))),
    })
    .await;
}

fn transaction(bill: &Bill, direction: &str, state: &str, preimage: Value) -> Value {
    let mut answer = json!({
        "id": 7, "type": direction, "state": state, "invoice": bill.bolt11, "description": "one report",
        "descriptionHash": "", "paymentHash": bill.hash.to_string(), "amountSat": 21, "amountMsat": 21_000,
        "feesPaidMsat": 0, "createdAt": "2026-11-20T12:53:27Z", "settledAt": null, "failureReason": "",
    });
    answer["preimage"] = preimage;
    answer
}

fn provider(server: &MockServer) -> AlbyProvider {
    AlbyProvider::new(endpoint(&server.uri()), KEY).unwrap().with_network(Network::Regtest)
}

#[tokio::test]
async fn an_order_is_in_msat_and_of_whole_sat() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    let answer = transaction(&bill, "incoming", "pending", Value::Null);
    Mock::given(method("POST"))
        .and(path("/api/invoices"))
        .and(header("authorization", format!("Bearer {KEY}")))
        .and(body_json(json!({"amountMsat": 21_000, "description": "one report"})))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .expect(1)
        .mount(&server)
        .await;
    assert_eq!(provider(&server).create_invoice(order(bill.amount)).await.unwrap().bolt11, bill.bolt11);
    let error = provider(&server).create_invoice(order(Msat::from_msat(21_001))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
}

async fn lookup(status: u16, answer: impl FnOnce(&Bill) -> Value) -> Result<String, Kind> {
    let (server, bill) = (MockServer::start().await, Bill::new());
    Mock::given(method("GET"))
        .and(path(format!("/api/transactions/{}", bill.hash)))
        .and(header("authorization", format!("Bearer {KEY}")))
        .respond_with(ResponseTemplate::new(status).set_body_json(answer(&bill)))
        .mount(&server)
        .await;
    let settlement = provider(&server).settlement(bill.hash.to_string()).await;
    settlement.map(|settlement: Settlement| format!("{settlement:?}")).map_err(|error| error.kind())
}

#[tokio::test]
async fn the_states_of_an_invoice() {
    for (direction, state, expected) in [
        ("incoming", "pending", "Open"),
        ("incoming", "accepted", "Held"),
        ("incoming", "failed", "Canceled"),
        ("outgoing", "settled", "NotFound"),
    ] {
        let found = lookup(200, |bill| transaction(bill, direction, state, Value::Null)).await;
        assert_eq!(found.as_deref(), Ok(expected), "{state}");
    }
    let absent = json!({"message": "The transaction requested was not found"});
    assert_eq!(lookup(500, |_| absent.clone()).await.as_deref(), Ok("NotFound"));
    assert_eq!(lookup(404, |_| absent.clone()).await.as_deref(), Ok("NotFound"));
    assert_eq!(lookup(500, |_| json!({"message": "LNClient not started"})).await, Err(Kind::Unavailable));
    assert_eq!(
        lookup(200, |bill| transaction(bill, "incoming", "new", Value::Null)).await,
        Err(Kind::Protocol)
    );
}
