//! ZBD: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider};
use l402_core::{Msat, Network};
use l402_providers::zbd::ZbdProvider;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint};
use crate::support::bill::{Bill, order};

const ID: &str = "1907b0fe-789b-4e25-b18a-0c4c0f5cced7";

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| Box::new(ZbdProvider::at(endpoint, KEY).unwrap().with_network(network)),
        created,
        lookup_id: |_| ID.to_owned(),
        open: |_| charge("pending"),
        settled: Some(|_, _| charge("completed")),
    })
    .await;
}

fn created(bill: &Bill) -> Value {
    json!({"success": true, "message": "Successfully created Charge.", "data": {
        "unit": "msats", "amount": "21000", "confirmedAt": null, "status": "pending", "id": ID,
        "invoice": {"request": bill.bolt11, "uri": format!("lightning:{}", bill.bolt11)},
    }})
}

fn charge(status: &str) -> Value {
    json!({"success": true, "data": {"id": ID, "unit": "msats", "amount": "21000", "status": status}})
}

fn provider(server: &MockServer) -> ZbdProvider {
    ZbdProvider::at(endpoint(&server.uri()), KEY).unwrap().with_network(Network::Regtest)
}

#[tokio::test]
async fn an_order_is_in_msat_text_and_seconds() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    Mock::given(method("POST"))
        .and(path("/v0/charges"))
        .and(header("apikey", KEY))
        .and(body_json(json!({"amount": "21000", "description": "one report", "expiresIn": 600})))
        .respond_with(ResponseTemplate::new(200).set_body_json(created(&bill)))
        .expect(1)
        .mount(&server)
        .await;
    let invoice = provider(&server).create_invoice(order(bill.amount)).await.unwrap();
    assert_eq!((invoice.payment_hash, invoice.lookup_id.as_str()), (bill.hash, ID));
    let error = provider(&server).create_invoice(order(Msat::from_msat(21_001))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
}

#[tokio::test]
async fn the_states_of_a_charge() {
    for (status, reply, expected) in [
        (200, charge("pending"), Ok("Open")),
        (200, charge("expired"), Ok("Expired")),
        (200, charge("error"), Ok("Canceled")),
        (200, charge("completed"), Ok("Settled { preimage: None, settled_at: None }")),
        (200, charge("new"), Err(Kind::Protocol)),
        (200, json!({"success": false, "data": {"status": "completed"}}), Err(Kind::Unavailable)),
        (404, json!({"success": false, "message": "no"}), Ok("NotFound")),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path(format!("/v0/charges/{ID}")))
            .respond_with(ResponseTemplate::new(status).set_body_json(&reply))
            .mount(&server)
            .await;
        let settlement = provider(&server).settlement(ID.to_owned()).await;
        let settlement = settlement.map(|it| format!("{it:?}")).map_err(|error| error.kind());
        assert_eq!(settlement, expected.map(str::to_owned), "{reply}");
    }
}
