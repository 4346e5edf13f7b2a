//! Blink: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider, Settlement};
use l402_core::{Msat, Network};
use l402_providers::Endpoint;
use l402_providers::blink::BlinkProvider;
use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint};
use crate::support::bill::{Bill, order};

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            let provider = BlinkProvider::at(endpoint, KEY).unwrap();
            Box::new(provider.with_network(network).with_wallet_id("w-btc"))
        },
        created,
        lookup_id: |bill| bill.hash.to_string(),
        open: |bill| status("PENDING", &bill.preimage),
        settled: Some(|_, preimage| status("PAID", preimage)),
    })
    .await;
}

fn created(bill: &Bill) -> Value {
    let invoice =
        json!({"paymentRequest": bill.bolt11, "paymentHash": bill.hash.to_string(), "satoshis": 21});
    json!({"data": {"lnInvoiceCreate": {"invoice": invoice, "errors": []}}})
}

fn status(status: &str, preimage: &str) -> Value {
    json!({"data": {"lnInvoicePaymentStatusByHash": {"status": status, "paymentPreimage": preimage}}})
}

fn wallets() -> Value {
    json!({"data": {"me": {"defaultAccount": {"wallets": [
        {"id": "w-usd", "walletCurrency": "USD", "balance": 500},
        {"id": "w-btc", "walletCurrency": "BTC", "balance": 7_000},
    ]}}}})
}

fn provider(server: &MockServer) -> BlinkProvider {
    let endpoint = endpoint(&format!("{}/graphql", server.uri()));
    BlinkProvider::at(endpoint, KEY).unwrap().with_network(Network::Regtest)
}

async fn answer(server: &MockServer, part: &str, answer: Value) {
    Mock::given(method("POST"))
        .and(path("/graphql"))
        .and(header("x-api-key", KEY))
        .and(body_string_contains(part))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(server)
        .await;
}

#[tokio::test]
async fn the_btc_wallet_is_found_once_and_asked_in_minutes() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    answer(&server, "query Me", wallets()).await;
    answer(&server, "mutation Create", created(&bill)).await;
    let provider = provider(&server);
    for _ in 0..2 {
        assert_eq!(provider.create_invoice(order(bill.amount)).await.unwrap().bolt11, bill.bolt11);
    }
    let sent: Vec<Value> =
        server.received_requests().await.unwrap().iter().map(|it| it.body_json().unwrap()).collect();
    assert_eq!(sent.len(), 3, "the wallet id is kept");
    let input = json!({"walletId": "w-btc", "amount": 21, "memo": "one report", "expiresIn": 10});
    assert_eq!(sent[1]["variables"], json!({"input": input}));
}

#[tokio::test]
async fn expiries_stay_within_what_blink_takes() {
    for (secs, minutes) in [(0, 1), (1, 1), (61, 2), (86_400, 1440), (1_000_000, 1440)] {
        let server = MockServer::start().await;
        let mut order = order(Msat::from_sat(1));
        order.expires_in = std::time::Duration::from_secs(secs);
        let _ = provider(&server).with_wallet_id("w").create_invoice(order).await;
        let sent: Value = server.received_requests().await.unwrap()[0].body_json().unwrap();
        assert_eq!(sent["variables"]["input"]["expiresIn"], minutes);
    }
}

#[tokio::test]
async fn an_account_without_a_btc_wallet_cannot_receive() {
    let server = MockServer::start().await;
    let usd = json!({"id": "w-usd", "walletCurrency": "USD", "balance": 500});
    answer(&server, "query Me", json!({"data": {"me": {"defaultAccount": {"wallets": [usd]}}}})).await;
    let error = provider(&server).create_invoice(order(Msat::from_sat(1))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported);
}

#[tokio::test]
async fn errors_come_with_status_200() {
    let payload = |code: &str| {
        let errors = json!([{"message": "no", "code": code, "path": null}]);
        json!({"data": {"lnInvoiceCreate": {"invoice": null, "errors": errors}}})
    };
    for (reply, expected) in [
        (payload("TOO_MANY_REQUEST"), Kind::RateLimited { retry_after: None }),
        (payload("RECEIVE_DISABLED"), Kind::Forbidden),
        (payload("LND_OFFLINE"), Kind::Unavailable),
        (json!({"data": {"lnInvoiceCreate": {"invoice": null, "errors": []}}}), Kind::Protocol),
        (
            json!({"errors": [{"message": "Not authorized", "path": ["me"]}], "data": {"me": null}}),
            Kind::Auth,
        ),
        (
            json!({"errors": [{"message": "slow down", "extensions": {"code": "TOO_MANY_REQUEST"}}]}),
            Kind::RateLimited { retry_after: None },
        ),
    ] {
        let server = MockServer::start().await;
        answer(&server, "mutation", reply.clone()).await;
        let provider = provider(&server).with_wallet_id("w");
        let error = provider.create_invoice(order(Msat::from_sat(1))).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{reply}");
    }
}

#[tokio::test]
async fn the_states_of_an_invoice() {
    let bill = Bill::new();
    for (reply, expected) in [
        (status("EXPIRED", ""), "Expired"),
        (
            status("PAID", &bill.preimage),
            "Settled { preimage: Some(Preimage([redacted])), settled_at: None }",
        ),
        (
            json!({"errors": [{"message": "Couldn't find invoice", "extensions": {"code": "NOT_FOUND"}}]}),
            "NotFound",
        ),
        (
            json!({"errors": [{
                "message": "User tried to pay invoice with hash 00, but it does not exist",
                "code": "LIGHTNING_PAYMENT_ERROR",
            }]}),
            "NotFound",
        ),
    ] {
        let server = MockServer::start().await;
        answer(&server, &bill.hash.to_string(), reply).await;
        let settlement = provider(&server).settlement(bill.hash.to_string()).await.unwrap();
        assert_eq!(format!("{settlement:?}"), expected);
    }
    let server = MockServer::start().await;
    answer(&server, "query", status("NEW", "")).await;
    let error = provider(&server).settlement(bill.hash.to_string()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol);
    assert!(matches!(provider(&server).settlement("x".to_owned()).await, Ok(Settlement::NotFound)));
}

#[test]
fn the_service_is_known() {
    assert!(BlinkProvider::new("blink_key").is_ok());
    assert!(Endpoint::new("https://api.staging.blink.sv/graphql").is_ok());
}
