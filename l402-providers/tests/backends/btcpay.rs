//! BTCPay Server: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider};
use l402_core::{Msat, Network};
use l402_providers::Endpoint;
use l402_providers::btcpay::BtcPayProvider;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint};
use crate::support::bill::{Bill, order};

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            Box::new(BtcPayProvider::new(endpoint, "store1", KEY).unwrap().with_network(network))
        },
        created: |bill| invoice(bill, "Unpaid", &bill.preimage),
        lookup_id: |bill| bill.hash.to_string(),
        open: |bill| invoice(bill, "Unpaid", &bill.preimage),
        settled: Some(|bill, preimage| invoice(bill, "Paid", preimage)),
    })
    .await;
}

fn invoice(bill: &Bill, status: &str, preimage: &str) -> Value {
    json!({
        "id": bill.hash.to_string(), "status": status, "BOLT11": bill.bolt11, "paymentHash": bill.hash.to_string(),
        "paidAt": if status == "Paid" { json!(1_738_000_000) } else { Value::Null },
        "expiresAt": 1_738_000_600, "amount": "21000", "amountReceived": null, "preimage": preimage,
    })
}

fn provider(server: &MockServer) -> BtcPayProvider {
    BtcPayProvider::new(endpoint(&server.uri()), "store1", KEY).unwrap().with_network(Network::Regtest)
}

#[tokio::test]
async fn an_order_is_in_msat_text_and_seconds() {
    let (server, bill) = (MockServer::start().await, Bill::of(Msat::from_msat(21_001)));
    // With Core Lightning the id is a label.
    let mut answer = invoice(&bill, "Unpaid", "");
    answer["id"] = json!("8vMcMbnXjFyJ3Nv6YQtZ1b");
    Mock::given(method("POST"))
        .and(path("/api/v1/stores/store1/lightning/BTC/invoices"))
        .and(header("authorization", format!("token {KEY}")))
        .and(body_json(json!({"amount": "21001", "description": "one report", "expiry": 600})))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .expect(1)
        .mount(&server)
        .await;
    let invoice = provider(&server).create_invoice(order(bill.amount)).await.unwrap();
    assert_eq!((invoice.payment_hash, invoice.lookup_id.as_str()), (bill.hash, "8vMcMbnXjFyJ3Nv6YQtZ1b"));
}

async fn lookup(status: u16, answer: impl FnOnce(&Bill) -> Value) -> Result<String, Kind> {
    let (server, bill) = (MockServer::start().await, Bill::new());
    Mock::given(method("GET"))
        .and(path("/api/v1/stores/store1/lightning/BTC/invoices/some-id"))
        .and(header("authorization", format!("token {KEY}")))
        .respond_with(ResponseTemplate::new(status).set_body_json(answer(&bill)))
        .mount(&server)
        .await;
    let settlement = provider(&server).settlement("some-id".to_owned()).await;
    settlement.map(|settlement| format!("{settlement:?}")).map_err(|error| error.kind())
}

#[tokio::test]
async fn the_states_of_an_invoice() {
    let paid = lookup(200, |bill| invoice(bill, "Paid", &bill.preimage)).await.unwrap();
    assert!(paid.contains("Some(Preimage") && paid.contains("1738000000"), "{paid}");
    assert_eq!(lookup(200, |bill| invoice(bill, "Expired", "")).await.as_deref(), Ok("Expired"));
    let code = |code: &str| json!({"code": code, "message": "no"});
    assert_eq!(lookup(404, |_| code("invoice-not-found")).await.as_deref(), Ok("NotFound"));
    assert_eq!(lookup(404, |_| code("lightning-not-configured")).await, Err(Kind::Unsupported));
    assert_eq!(lookup(200, |bill| invoice(bill, "Complete", "")).await, Err(Kind::Protocol));
    let server = MockServer::start().await;
    assert!(provider(&server).settlement("../pay".to_owned()).await.is_ok());
    assert!(server.received_requests().await.unwrap().is_empty(), "a made-up id was sent");
}

#[test]
fn a_store_id_that_would_change_the_path_is_refused() {
    let endpoint = || Endpoint::new("https://pay.example.com").unwrap();
    for id in ["", "..", "a/b", "store 1"] {
        assert!(BtcPayProvider::new(endpoint(), id, KEY).is_err(), "{id}");
    }
    assert!(BtcPayProvider::new(endpoint(), "store", "").is_err());
}
