//! The managed mode: what it is asked, and what its answers mean.

use l402_core::Msat;
use l402_core::Network;
use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider};
use l402_providers::managed::{Category, Listing, ManagedProvider};
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

#[tokio::test]
async fn an_api_is_listed_with_its_owner_and_price() {
    let server = MockServer::start().await;
    let url = "https://api.example.com/report";
    let listing = Listing::new(url, "Reports", Msat::from_sat(10), Category::Ai).unwrap();
    let entry = |description: Option<&str>| {
        let mut entry = json!({
            "url": url, "name": "Reports", "price_sats": 10, "category": "ai",
            "lightning_address": "you@example.com",
        });
        if let Some(description) = description {
            entry["description"] = json!(description);
        }
        entry
    };
    let answers = [
        (
            entry(None),
            ResponseTemplate::new(200).set_body_json(json!({"ok": true, "id": "7", "verified": true})),
        ),
        (entry(Some("refused")), ResponseTemplate::new(200).set_body_json(json!({"ok": false, "id": ""}))),
        (entry(Some("limited")), ResponseTemplate::new(429)),
    ];
    for (body, answer) in answers {
        let asked = Mock::given(method("POST")).and(path("/api/register")).and(body_json(body));
        asked.respond_with(answer).expect(1).mount(&server).await;
    }
    let provider = ManagedProvider::at(endpoint(&server.uri()), "you@example.com").unwrap();
    let registered = provider.register_directory(&listing).await.unwrap();
    assert_eq!((&*registered.id, registered.verified), ("7", true));
    let failure = async |description: &str| {
        let listing = listing.clone().with_description(description);
        provider.register_directory(&listing).await.unwrap_err().kind()
    };
    assert_eq!(failure("refused").await, Kind::Protocol);
    assert!(matches!(failure("limited").await, Kind::RateLimited { .. }));
}

#[test]
fn what_the_directory_would_refuse_is_not_sent() {
    let long = "x".repeat(101);
    for (url, name, price) in [
        ("http://api.example.com", "Reports", Msat::from_sat(1)),
        ("api.example.com", "Reports", Msat::from_sat(1)),
        ("https://api.example.com", "R", Msat::from_sat(1)),
        ("https://api.example.com", &long, Msat::from_sat(1)),
        ("https://api.example.com", "Reports", Msat::ZERO),
        ("https://api.example.com", "Reports", Msat::from_msat(1_500)),
    ] {
        assert!(Listing::new(url, name, price, Category::Other).is_err(), "{url} {name} {price}");
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for bad in ["", "you", "@example.com", "you@", "you@host", "you @example.com"] {
        assert!(ManagedProvider::from_address(bad).is_err(), "{bad}");
    }
    assert!(ManagedProvider::from_address("you@example.com").is_ok());
}
