//! OpenNode: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider, Settlement};
use l402_core::{Msat, Network};
use l402_providers::opennode::OpenNodeProvider;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint};
use crate::support::bill::{Bill, order};

const ID: &str = "1543f881-5b86-46f0-b0ec-8f2d3a6b9498";

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            Box::new(OpenNodeProvider::at(endpoint, KEY).unwrap().with_network(network))
        },
        created,
        lookup_id: |_| ID.to_owned(),
        open: |_| charge("unpaid"),
        settled: Some(|_, _| charge("paid")),
    })
    .await;
}

fn created(bill: &Bill) -> Value {
    json!({"data": {
        "id": ID, "name": null, "description": "one report", "created_at": 1_559_566_069, "status": "unpaid",
        "amount": 21, "lightning_invoice": {"expires_at": 1_559_566_669, "payreq": bill.bolt11},
        "chain_invoice": {"address": "bc1q..."},
    }})
}

fn charge(status: &str) -> Value {
    json!({"data": {"id": ID, "status": status, "amount": 21, "fee": 0}})
}

fn provider(server: &MockServer) -> OpenNodeProvider {
    OpenNodeProvider::at(endpoint(&server.uri()), KEY).unwrap().with_network(Network::Regtest)
}

#[tokio::test]
async fn an_order_is_in_sat_and_minutes_and_names_no_currency() {
    for (secs, ttl) in [(60, 10), (600, 10), (601, 11), (1_000_000, 1440)] {
        let (server, bill) = (MockServer::start().await, Bill::new());
        Mock::given(method("POST"))
            .and(path("/v1/charges"))
            .and(header("authorization", KEY))
            .and(body_json(json!({"amount": 21, "description": "one report", "ttl": ttl})))
            .respond_with(ResponseTemplate::new(201).set_body_json(created(&bill)))
            .expect(1)
            .mount(&server)
            .await;
        let mut order = order(bill.amount);
        order.expires_in = std::time::Duration::from_secs(secs);
        let invoice = provider(&server).create_invoice(order).await.unwrap();
        // The hash is that of the invoice, never the charge's id.
        assert_eq!((invoice.payment_hash, invoice.lookup_id.as_str()), (bill.hash, ID));
    }
}

#[tokio::test]
async fn the_states_of_a_charge() {
    for (status, expected) in [
        ("unpaid", "Open"),
        ("processing", "Open"),
        ("underpaid", "Open"),
        ("expired", "Expired"),
        ("refunded", "Canceled"),
        ("paid", "Settled { preimage: None, settled_at: None }"),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path(format!("/v1/charge/{ID}")))
            .and(header("authorization", KEY))
            .respond_with(ResponseTemplate::new(200).set_body_json(charge(status)))
            .mount(&server)
            .await;
        let settlement = provider(&server).settlement(ID.to_owned()).await.unwrap();
        assert_eq!(format!("{settlement:?}"), expected, "{status}");
    }
}

#[tokio::test]
async fn what_is_not_there() {
    let server = MockServer::start().await;
    let absent = json!({"success": false, "message": "Charge not found"});
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(404).set_body_json(absent))
        .mount(&server)
        .await;
    assert!(matches!(provider(&server).settlement(ID.to_owned()).await, Ok(Settlement::NotFound)));
    for id in ["", "..", "../charges", "a b", &"a".repeat(200)] {
        assert!(matches!(provider(&server).settlement(id.to_owned()).await, Ok(Settlement::NotFound)));
    }
    assert_eq!(server.received_requests().await.unwrap().len(), 1, "a made-up id was sent");
    let error = provider(&server).create_invoice(order(Msat::from_msat(1))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
    assert!(OpenNodeProvider::new("key").is_ok());
}
