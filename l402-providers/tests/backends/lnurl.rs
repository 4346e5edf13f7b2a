//! LNURL-pay: what the server is asked, what its answers mean, and where it may not send us.

use std::time::Duration;

use bitcoin_hashes::{Hash, sha256};
use l402_core::ports::{BackendErrorKind as Kind, Invoice, InvoiceProvider, Settlement};
use l402_core::{Msat, Network, PaymentHash, Preimage};
use l402_providers::lnurl::LnurlProvider;
use lightning_invoice::{Currency, InvoiceBuilder, PaymentSecret};
use secp256k1::{Secp256k1, SecretKey};
use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::KEY;
use crate::support::bill::order;
use crate::support::log;
use crate::support::raw::{RawServer, Then};

const METADATA: &str = r#"[["text/plain","Payment to bob"],["text/identifier","bob@example.com"]]"#;
const PREIMAGE: [u8; 32] = [7; 32];

fn hash() -> PaymentHash {
    Preimage::from_bytes(PREIMAGE).payment_hash()
}

/// An invoice that commits to `metadata`.
fn invoice(amount: Msat, metadata: &str) -> String {
    let key = SecretKey::from_slice(&[9; 32]).unwrap();
    InvoiceBuilder::new(Currency::Regtest)
        .amount_milli_satoshis(amount.as_msat())
        .description_hash(sha256::Hash::hash(metadata.as_bytes()))
        .payment_hash(sha256::Hash::from_byte_array(*hash().as_bytes()))
        .payment_secret(PaymentSecret([1; 32]))
        .duration_since_epoch(Duration::from_secs(1_900_000_000))
        .expiry_time(Duration::from_secs(600))
        .min_final_cltv_expiry_delta(18)
        .build_signed(|message| Secp256k1::signing_only().sign_ecdsa_recoverable(message, &key))
        .unwrap()
        .to_string()
}

fn pay_request(server: &MockServer) -> Value {
    json!({
        "tag": "payRequest", "callback": format!("{}/cb?x=1", server.uri()), "minSendable": 1_000,
        "maxSendable": 1_000_000, "metadata": METADATA, "commentAllowed": 5,
    })
}

fn callback(server: &MockServer) -> Value {
    json!({
        "pr": invoice(Msat::from_sat(21), METADATA), "routes": [], "verify": format!("{}/verify/1", server.uri()),
    })
}

async fn answer(server: &MockServer, at: &str, answer: &Value) {
    Mock::given(method("GET"))
        .and(path(at))
        .respond_with(ResponseTemplate::new(200).set_body_json(answer))
        .mount(server)
        .await;
}

fn provider(url: &str) -> LnurlProvider {
    let provider = LnurlProvider::from_url(&format!("{url}/.well-known/lnurlp/bob")).unwrap();
    provider.allowing_private_hosts().unwrap().with_network(Network::Regtest)
}

/// A server with these answers, and what an order of 21 sat gives.
async fn buy(
    pay_request: impl Fn(&MockServer) -> Value,
    callback: impl Fn(&MockServer) -> Value,
) -> Result<Invoice, Kind> {
    let server = MockServer::start().await;
    answer(&server, "/.well-known/lnurlp/bob", &pay_request(&server)).await;
    answer(&server, "/cb", &callback(&server)).await;
    let invoice = provider(&server.uri()).create_invoice(order(Msat::from_sat(21))).await;
    invoice.map_err(|error| error.kind())
}

#[tokio::test]
async fn an_order_goes_to_the_callback_in_msat_with_a_comment() {
    let server = MockServer::start().await;
    answer(&server, "/.well-known/lnurlp/bob", &pay_request(&server)).await;
    Mock::given(method("GET"))
        .and(path("/cb"))
        .and(query_param("x", "1"))
        .and(query_param("amount", "21000"))
        .and(query_param("comment", "one r")) // cut to what the server takes
        .respond_with(ResponseTemplate::new(200).set_body_json(callback(&server)))
        .expect(1)
        .mount(&server)
        .await;
    let invoice = provider(&server.uri()).create_invoice(order(Msat::from_sat(21))).await.unwrap();
    assert_eq!(invoice.payment_hash, hash());
    assert_eq!(invoice.lookup_id, format!("{} {}/verify/1", hash(), server.uri()));
}

#[tokio::test]
async fn wrong_answers_are_found_out() {
    assert!(buy(pay_request, callback).await.is_ok());
    let error = json!({"status": "ERROR", "reason": "Lightning address not found."});
    assert_eq!(buy(|_| error.clone(), callback).await, Err(Kind::Unavailable));
    assert_eq!(buy(pay_request, |_| error.clone()).await, Err(Kind::Unavailable));
    let with = |name: &'static str, value: Value| {
        move |server: &MockServer| {
            let mut request = pay_request(server);
            request[name] = value.clone();
            request
        }
    };
    assert_eq!(buy(with("tag", json!("withdrawRequest")), callback).await, Err(Kind::Protocol));
    assert_eq!(buy(with("minSendable", json!(21_001)), callback).await, Err(Kind::LimitExceeded));
    assert_eq!(buy(with("maxSendable", json!(20_999)), callback).await, Err(Kind::LimitExceeded));
    assert_eq!(
        buy(with("metadata", json!("[]")), callback).await,
        Err(Kind::Protocol),
        "another description"
    );
    // As a server did that rounds down.
    let rounded = |_: &MockServer| json!({"pr": invoice(Msat::from_sat(20), METADATA)});
    assert_eq!(buy(pay_request, rounded).await, Err(Kind::Protocol), "another amount");
    let local =
        |_: &MockServer| json!({"pr": invoice(Msat::from_sat(21), METADATA), "verify": "http://10.0.0.1/v"});
    assert_eq!(buy(pay_request, local).await, Err(Kind::Protocol), "a lookup in the clear");
    for elsewhere in ["http://example.com/cb", "ftp://127.0.0.1/cb", "not a url", "https://u:p@127.0.0.1/"] {
        assert_eq!(
            buy(with("callback", json!(elsewhere)), callback).await,
            Err(Kind::Protocol),
            "{elsewhere}"
        );
    }
}

#[tokio::test]
async fn servers_that_do_not_commit_to_their_description_are_for_those_who_ask() {
    let server = MockServer::start().await;
    answer(&server, "/.well-known/lnurlp/bob", &pay_request(&server)).await;
    answer(&server, "/cb", &json!({"pr": invoice(Msat::from_sat(21), "other")})).await;
    let strict = provider(&server.uri());
    assert!(strict.create_invoice(order(Msat::from_sat(21))).await.is_err());
    let lenient = strict.clone().with_any_description();
    let invoice = lenient.create_invoice(order(Msat::from_sat(21))).await.unwrap();
    assert_eq!(lenient.settlement(invoice.lookup_id).await.unwrap_err().kind(), Kind::Unsupported);
    let verifying = lenient.with_verify();
    assert!(verifying.capabilities().can_lookup && !strict.capabilities().can_lookup);
    let error = verifying.create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unsupported, "no LUD-21");
}

#[tokio::test]
async fn the_states_of_an_invoice() {
    let preimage = Preimage::from_bytes(PREIMAGE).expose_hex();
    let pr = invoice(Msat::from_sat(21), METADATA);
    let settled = "Settled { preimage: Some(Preimage([redacted])), settled_at: None }";
    let unproven = "Settled { preimage: None, settled_at: None }";
    for (reply, expected) in [
        (json!({"status": "OK", "settled": true, "preimage": preimage, "pr": pr}), settled),
        (json!({"status": "OK", "settled": true, "preimage": "00".repeat(32), "pr": pr}), unproven),
        (json!({"status": "OK", "settled": false, "preimage": preimage, "pr": pr}), "Open"),
        (json!({"status": "ERROR", "reason": "Not found"}), "NotFound"),
        (json!({"status": "ERROR", "reason": "Invoice expired."}), "Expired"),
    ] {
        let server = MockServer::start().await;
        answer(&server, "/verify/1", &reply).await;
        let id = format!("{} {}/verify/1", hash(), server.uri());
        let settlement = provider(&server.uri()).settlement(id).await.unwrap();
        assert_eq!(format!("{settlement:?}"), expected, "{reply}");
    }
    let server = MockServer::start().await;
    let other = crate::support::bill::Bill::new();
    answer(&server, "/verify/1", &json!({"settled": true, "preimage": other.preimage, "pr": other.bolt11}))
        .await;
    let id = format!("{} {}/verify/1", hash(), server.uri());
    let error = provider(&server.uri()).settlement(id).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol, "another invoice");
    let server = MockServer::start().await;
    answer(&server, "/verify/1", &json!({"status": "ERROR", "reason": "closed for the night"})).await;
    let id = format!("{} {}/verify/1", hash(), server.uri());
    let error = provider(&server.uri()).settlement(id).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    assert!(log::everything_said_by(&error).contains("closed for the night"));
    let junk = provider(&server.uri()).settlement("junk".to_owned()).await.unwrap();
    assert!(matches!(junk, Settlement::NotFound));
}

/// Whoever gives an address must not choose what this program connects to in its own network.
#[tokio::test]
async fn strangers_cannot_send_us_into_our_own_network() {
    let server = MockServer::start().await;
    answer(&server, "/.well-known/lnurlp/bob", &pay_request(&server)).await;
    let guarded = LnurlProvider::from_url(&format!("{}/.well-known/lnurlp/bob", server.uri())).unwrap();
    let error = guarded.create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol);
    let by_lookup = format!("{} {}/verify/1", hash(), server.uri());
    assert_eq!(guarded.settlement(by_lookup).await.unwrap_err().kind(), Kind::Protocol);
    assert!(server.received_requests().await.unwrap().is_empty(), "a request was sent");
    let named = LnurlProvider::from_address("bob@localhost").unwrap();
    assert_eq!(named.create_invoice(order(Msat::from_sat(21))).await.unwrap_err().kind(), Kind::Protocol);
}

#[tokio::test]
async fn nonsense_is_an_error() {
    log::start();
    for (status, body, expected) in [
        ("200 OK", "<html>hello</html>", Kind::Protocol),
        ("200 OK", "{\"tag\":\"payReq", Kind::Protocol),
        ("200 OK", "[[[]]]", Kind::Protocol),
        ("404 Not Found", "no", Kind::NotFound),
        ("429 Too Many", "no", Kind::RateLimited { retry_after: None }),
        ("500 Oops", "no", Kind::Unavailable),
        ("302 Found", "", Kind::Protocol),
    ] {
        let server = RawServer::answering(status, "location: http://127.0.0.1:1/\r\n", body).await;
        let error = provider(&server.url).create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
        assert_eq!(error.kind(), expected, "{status} {body}");
    }
    let large =
        RawServer::start(format!("HTTP/1.1 200 OK\r\n\r\n{}", " ".repeat(1_000_000)), Then::Hang).await;
    let error = provider(&large.url).create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol);
    assert!(!log::text().contains(KEY));
}

#[test]
fn what_is_no_address_is_refused() {
    for good in ["bob@example.com", " bob.b+tips_1-2@sub.example.com "] {
        assert!(LnurlProvider::from_address(good).is_ok(), "{good}");
    }
    for bad in [
        "",
        "bob",
        "@example.com",
        "bob@",
        "b/../b@example.com",
        "bob@example.com/x",
        "bob@a@b",
        "B@example.com",
        "bob@ex ample",
    ] {
        assert!(LnurlProvider::from_address(bad).is_err(), "{bad}");
    }
    assert!(LnurlProvider::from_url("http://example.com/lnurlp").is_err());
}
