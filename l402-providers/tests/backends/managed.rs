//! The managed mode: what it is asked, and what its answers mean.

use l402_core::Msat;
use l402_core::Network;
use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider};
use l402_providers::managed::ManagedProvider;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, Vendor, endpoint};
use crate::support::bill::{Bill, order};

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            let provider = ManagedProvider::at(endpoint, "you@example.com").unwrap();
            Box::new(provider.with_network(network))
        },
        created,
        lookup_id: |bill| bill.hash.to_string(),
        open: |_| Value::Null,
        settled: None,
    })
    .await;
}

fn created(bill: &Bill) -> Value {
    json!({"paymentRequest": bill.bolt11, "paymentHash": bill.hash.to_string(), "macaroon": "eyJoYXNoIjoiMDAifQ=="})
}

#[tokio::test]
async fn an_order_names_the_owner() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    Mock::given(method("POST"))
        .and(path("/api/invoice"))
        .and(body_json(json!({"amountSats": 21, "ownerAddress": "you@example.com"})))
        .respond_with(ResponseTemplate::new(200).set_body_json(created(&bill)))
        .expect(1)
        .mount(&server)
        .await;
    let provider = ManagedProvider::at(endpoint(&server.uri()), " you@example.com ").unwrap();
    let provider = provider.with_network(Network::Regtest);
    let invoice = provider.create_invoice(order(bill.amount)).await.unwrap();
    assert_eq!(invoice.bolt11, bill.bolt11);
    assert!(!provider.capabilities().can_lookup);
    assert_eq!(provider.settlement(invoice.lookup_id).await.unwrap_err().kind(), Kind::Unsupported);
    for too_little in [Msat::from_sat(9), Msat::from_msat(21_001)] {
        let error = provider.create_invoice(order(too_little)).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unsupported);
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for bad in ["", "you", "@example.com", "you@", "you@host", "you @example.com"] {
        assert!(ManagedProvider::from_address(bad).is_err(), "{bad}");
    }
    assert!(ManagedProvider::from_address("you@example.com").is_ok());
}
