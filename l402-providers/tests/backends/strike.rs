//! Strike: what it is asked, and what its answers mean.

use l402_core::Network;
use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider};
use l402_providers::strike::StrikeProvider;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint};
use crate::support::bill::{Bill, order};

const ID: &str = "7ea8e2d0-0000-4000-8000-000000000001";

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            Box::new(StrikeProvider::at(endpoint, KEY).unwrap().with_network(network))
        },
        created,
        lookup_id: |_| ID.to_owned(),
        open: |bill| receives(bill, "PENDING", &bill.preimage),
        settled: Some(|bill, preimage| receives(bill, "COMPLETED", preimage)),
    })
    .await;
}

fn created(bill: &Bill) -> Value {
    json!({"receiveRequestId": ID, "created": "2026-11-20T12:53:27Z", "targetCurrency": "BTC", "bolt11": {
        "invoice": bill.bolt11, "btcAmount": "0.00000021", "paymentHash": bill.hash.to_string(),
        "expires": "2026-11-20T13:03:27Z",
    }})
}

fn receives(bill: &Bill, state: &str, preimage: &str) -> Value {
    json!({"count": 1, "items": [{
        "receiveId": "r", "receiveRequestId": ID, "type": "LIGHTNING", "state": state,
        "amountReceived": {"amount": "0.00000021", "currency": "BTC"},
        "lightning": {"invoice": bill.bolt11, "preimage": preimage, "paymentHash": bill.hash.to_string()},
    }]})
}

fn provider(server: &MockServer) -> StrikeProvider {
    StrikeProvider::at(endpoint(&server.uri()), KEY).unwrap().with_network(Network::Regtest)
}

#[tokio::test]
async fn an_order_is_in_decimal_bitcoin() {
    for (description, sent) in [("one report", "one report"), ("", "L402")] {
        let (server, bill) = (MockServer::start().await, Bill::new());
        Mock::given(method("POST"))
            .and(path("/v1/receive-requests"))
            .and(header("authorization", format!("Bearer {KEY}")))
            .and(body_json(json!({"targetCurrency": "BTC", "bolt11": {
                "amount": {"amount": "0.00000021", "currency": "BTC"}, "description": sent,
                "expiryInSeconds": 600,
            }})))
            .respond_with(ResponseTemplate::new(201).set_body_json(created(&bill)))
            .expect(1)
            .mount(&server)
            .await;
        let mut order = order(bill.amount);
        order.description = description.to_owned();
        let invoice = provider(&server).create_invoice(order).await.unwrap();
        assert_eq!((invoice.payment_hash, invoice.lookup_id.as_str()), (bill.hash, ID));
    }
}

#[tokio::test]
async fn the_states_of_a_request() {
    let bill = Bill::new();
    for (status, reply, expected) in [
        (200, json!({"items": [], "count": 0}), Ok("Open")),
        (200, receives(&bill, "PENDING", &bill.preimage), Ok("Open")),
        (
            200,
            receives(&bill, "COMPLETED", &bill.preimage),
            Ok("Settled { preimage: Some(Preimage([redacted])), settled_at: None }"),
        ),
        (404, json!({"data": {"status": 404, "code": "NOT_FOUND"}}), Ok("NotFound")),
        (422, json!({"data": {"status": 422, "code": "INVALID_DATA"}}), Err(Kind::Protocol)),
    ] {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path(format!("/v1/receive-requests/{ID}/receives")))
            .respond_with(ResponseTemplate::new(status).set_body_json(&reply))
            .mount(&server)
            .await;
        let settlement = provider(&server).settlement(ID.to_owned()).await;
        let settlement = settlement.map(|it| format!("{it:?}")).map_err(|error| error.kind());
        assert_eq!(settlement, expected.map(str::to_owned), "{reply}");
    }
}
