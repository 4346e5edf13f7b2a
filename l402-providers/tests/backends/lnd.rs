//! LND: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider, Settlement};
use l402_core::{Msat, Network, UnixTime};
use l402_providers::Endpoint;
use l402_providers::lnd::LndProvider;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint};
use crate::support::bill::{Bill, order};

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| Box::new(LndProvider::new(endpoint, KEY).unwrap().with_network(network)),
        created,
        lookup_id: |bill| bill.hash.to_string(),
        open: |bill| invoice(bill, "OPEN", &bill.preimage_base64()),
        settled: Some(|bill, preimage| {
            let good = preimage == bill.preimage;
            invoice(bill, "SETTLED", if good { bill.preimage_base64() } else { preimage.to_owned() }.as_str())
        }),
    })
    .await;
}

fn created(bill: &Bill) -> Value {
    json!({"r_hash": bill.hash_base64(), "payment_request": bill.bolt11, "add_index": "7", "payment_addr": "AAAA"})
}

fn invoice(bill: &Bill, state: &str, preimage: &str) -> Value {
    json!({
        "memo": "one report", "r_preimage": preimage, "r_hash": bill.hash_base64(), "value": "21",
        "value_msat": "21000", "settled": state == "SETTLED", "creation_date": "1738000000",
        "settle_date": if state == "SETTLED" { "1738000123" } else { "0" },
        "payment_request": bill.bolt11, "expiry": "600", "state": state, "amt_paid_msat": "0", "htlcs": [],
    })
}

/// A macaroon as its file has it.
const MACAROON: &[u8] = b"\x02\x01\x03lnd\x02\xf8\x01\x03";
const MACAROON_HEX: &str = "0201036c6e6402f80103";

fn provider(server: &MockServer) -> LndProvider {
    LndProvider::new(endpoint(&server.uri()), MACAROON).unwrap().with_network(Network::Regtest)
}

#[tokio::test]
async fn an_order_has_its_numbers_in_strings() {
    for (private, hints) in [(false, "no"), (true, "yes")] {
        let (server, bill) = (MockServer::start().await, Bill::of(Msat::from_msat(21_001)));
        let body = json!({"value_msat": "21001", "memo": "one report", "expiry": "600", "private": private});
        Mock::given(method("POST"))
            .and(path("/v1/invoices"))
            .and(header("grpc-metadata-macaroon", MACAROON_HEX))
            .and(body_json(body))
            .respond_with(ResponseTemplate::new(200).set_body_json(created(&bill)))
            .expect(1)
            .mount(&server)
            .await;
        let provider = provider(&server);
        let provider = if private { provider.with_private_route_hints() } else { provider };
        let invoice = provider.create_invoice(order(bill.amount)).await.unwrap();
        assert_eq!(invoice.lookup_id, bill.hash.to_string(), "{hints}");
    }
}

#[tokio::test]
async fn a_macaroon_in_hex_is_sent_as_it_is() {
    let server = MockServer::start().await;
    let endpoint = endpoint(&server.uri());
    let provider = LndProvider::new(endpoint, format!("{}\n", MACAROON_HEX.to_uppercase())).unwrap();
    let _ = provider.create_invoice(order(Msat::from_sat(1))).await;
    let sent = &server.received_requests().await.unwrap()[0];
    assert_eq!(sent.headers["grpc-metadata-macaroon"], MACAROON_HEX.to_uppercase());
    assert!(LndProvider::new(Endpoint::new("https://node").unwrap(), "").is_err());
}

#[tokio::test]
async fn long_expiries_and_descriptions_are_shortened() {
    let server = MockServer::start().await;
    let mut order = order(Msat::from_sat(1));
    order.expires_in = std::time::Duration::from_secs(u64::MAX);
    order.description = "ä".repeat(1000);
    let _ = provider(&server).create_invoice(order).await;
    let sent: Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
    assert_eq!(sent["expiry"], "31536000");
    assert_eq!(sent["memo"].as_str().unwrap().len(), 638);
}

async fn lookup(status: u16, answer: impl FnOnce(&Bill) -> Value) -> Result<Settlement, Kind> {
    let (server, bill) = (MockServer::start().await, Bill::new());
    Mock::given(method("GET"))
        .and(path(format!("/v1/invoice/{}", bill.hash)))
        .and(header("grpc-metadata-macaroon", MACAROON_HEX))
        .respond_with(ResponseTemplate::new(status).set_body_json(answer(&bill)))
        .mount(&server)
        .await;
    provider(&server).settlement(bill.hash.to_string()).await.map_err(|error| error.kind())
}

#[tokio::test]
async fn the_states_of_an_invoice() {
    let settled = lookup(200, |bill| invoice(bill, "SETTLED", &bill.preimage_base64())).await;
    let Ok(Settlement::Settled { preimage: Some(_), settled_at }) = settled else { panic!("{settled:?}") };
    assert_eq!(settled_at, Some(UnixTime::from_secs(1_738_000_123)));
    let held = lookup(200, |bill| invoice(bill, "ACCEPTED", "")).await;
    assert!(matches!(held, Ok(Settlement::Held)), "{held:?}");
    let canceled = lookup(200, |bill| invoice(bill, "CANCELED", "")).await;
    assert!(matches!(canceled, Ok(Settlement::Canceled)), "{canceled:?}");
    let new = lookup(200, |bill| invoice(bill, "SOMETHING_NEW", "")).await;
    assert_eq!(new.unwrap_err(), Kind::Protocol);
}

#[tokio::test]
async fn errors_are_told_by_their_text() {
    for (status, code, message, expected) in [
        (500, 2, "unable to locate invoice", None),
        (404, 5, "unable to locate invoice", None),
        (500, 2, "verification failed: signature mismatch after caveat verification", Some(Kind::Auth)),
        (500, 2, "expected 1 macaroon, got 0", Some(Kind::Auth)),
        (500, 2, "permission denied", Some(Kind::Forbidden)),
        (500, 2, "wallet locked, unlock it to enable full RPC access", Some(Kind::Unavailable)),
        (503, 14, "transport is closing", Some(Kind::Unavailable)),
    ] {
        let outcome = lookup(status, |_| json!({"code": code, "message": message, "details": []})).await;
        match expected {
            None => assert!(matches!(outcome, Ok(Settlement::NotFound)), "{message}: {outcome:?}"),
            Some(kind) => assert_eq!(outcome.unwrap_err(), kind, "{message}"),
        }
    }
}
