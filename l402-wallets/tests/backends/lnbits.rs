//! LNbits as a wallet: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::Endpoint;
use l402_wallets::lnbits::LnbitsWallet;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, TIMEOUTS, Vendor, endpoint, hasty, paid, request, was_asked_to_pay};
use crate::support::bill::Bill;

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| Box::new(wallet_at(endpoint).with_network(network)),
        is_payment: |request| request.method == "POST",
        paid: |bill, preimage| payment(bill, "success", preimage),
        found: Some(|bill, preimage| found(bill, "success", preimage)),
        asks_first: false,
        unknown: (404, r#"{"detail":"Payment does not exist."}"#),
    })
    .await;
}

/// As instance 1.6.2 with the fake wallet answers.
fn payment(bill: &Bill, status: &str, preimage: &str) -> Value {
    json!({
        "checking_id": format!("internal_{}", bill.hash), "payment_hash": bill.hash.to_string(),
        "wallet_id": "8cbe88", "amount": -21_000, "fee": -2_000, "bolt11": bill.bolt11, "status": status,
        "preimage": preimage, "memo": null, "extra": {},
    })
}

fn found(bill: &Bill, status: &str, preimage: &str) -> Value {
    let details = payment(bill, status, preimage);
    json!({"paid": status == "success", "status": status, "preimage": preimage, "details": details})
}

fn wallet_at(endpoint: Endpoint) -> LnbitsWallet {
    LnbitsWallet::new(endpoint, KEY).unwrap()
}

fn wallet(server: &MockServer) -> LnbitsWallet {
    wallet_at(endpoint(&server.uri())).with_network(Network::Regtest)
}

/// An instance that answers a payment with the first answer, and each look with the next one.
async fn instance(bill: &Bill, answer: (u16, Value), looks: &[(u16, Value)]) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/api/v1/payments"))
        .and(header("x-api-key", KEY))
        .and(body_json(json!({"out": true, "bolt11": bill.bolt11})))
        .respond_with(ResponseTemplate::new(answer.0).set_body_json(&answer.1))
        .expect(1)
        .mount(&server)
        .await;
    for (look, priority) in looks.iter().zip(1..) {
        let mock = Mock::given(method("GET"))
            .and(path(format!("/api/v1/payments/{}", bill.hash)))
            .and(header("x-api-key", KEY))
            .respond_with(ResponseTemplate::new(look.0).set_body_json(&look.1))
            .with_priority(priority);
        let last = usize::from(priority) == looks.len();
        if last { mock.mount(&server).await } else { mock.up_to_n_times(1).mount(&server).await }
    }
    server
}

#[tokio::test]
async fn a_payment_under_way_is_followed_to_its_end() {
    let bill = Bill::new();
    let looks = [
        (200, found(&bill, "pending", "")),
        (200, found(&bill, "pending", &"00".repeat(32))),
        (200, found(&bill, "success", &bill.preimage)),
    ];
    let server = instance(&bill, (201, payment(&bill, "pending", "")), &looks).await;
    let payment = paid(wallet(&server).pay(request(&bill)).await.unwrap());
    assert_eq!(payment.preimage.payment_hash(), bill.hash);
    assert_eq!(payment.fee, Some(Msat::from_sat(2)), "fees are negative millisatoshi");
}

#[tokio::test]
async fn a_payment_that_fails_in_the_end_has_failed() {
    let bill = Bill::new();
    let looks = [(200, found(&bill, "pending", "")), (200, found(&bill, "failed", ""))];
    let server = instance(&bill, (201, payment(&bill, "pending", "")), &looks).await;
    let outcome = wallet(&server).pay(request(&bill)).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(Kind::NoRoute)), "{outcome:?}");
}

#[tokio::test]
async fn error_texts_are_not_believed_without_a_look() {
    let bill = Bill::new();
    let nothing = (404, json!({"detail": "Payment does not exist."}));
    let failed = (200, found(&bill, "failed", ""));
    for (text, look, expected) in [
        ("Insufficient balance.", &nothing, Kind::InsufficientBalance),
        (
            "You must reserve at least (2 sat) to cover potential routing fees.",
            &nothing,
            Kind::InsufficientBalance,
        ),
        ("Bolt11 decoding failed.", &nothing, Kind::InvalidInvoice),
        ("Internal invoice already paid.", &nothing, Kind::AlreadyPaid),
        ("Payment failed: no_route", &failed, Kind::NoRoute),
    ] {
        let answer = (520, json!({"detail": text, "status": "failed"}));
        let server = instance(&bill, answer, std::slice::from_ref(look)).await;
        let outcome = wallet(&server).pay(request(&bill)).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(kind) if kind == expected), "{text}: {outcome:?}");
    }
    // Called failed, and paid all the same.
    for text in ["Payment already paid.", "Internal invoice already paid.", "Something else."] {
        let answer = (520, json!({"detail": text, "status": "failed"}));
        let server = instance(&bill, answer, &[(200, found(&bill, "success", &bill.preimage))]).await;
        let payment = paid(wallet(&server).pay(request(&bill)).await.unwrap());
        assert_eq!(payment.preimage.payment_hash(), bill.hash, "{text}");
    }
}

#[tokio::test]
async fn a_payment_that_is_still_pending_is_not_failed() {
    let bill = Bill::new();
    let answer = (520, json!({"detail": "Payment is still pending.", "status": "pending"}));
    for timeout in TIMEOUTS {
        let look = (404, json!({"detail": "Payment does not exist."}));
        let server = instance(&bill, answer.clone(), &[look]).await;
        let outcome = wallet(&server).pay(hasty(&bill, timeout)).await.unwrap();
        if was_asked_to_pay(&server).await {
            assert!(matches!(outcome, PayOutcome::Pending), "{outcome:?}");
            return;
        }
    }
    panic!("the service was never asked");
}

/// Within an instance, the payee's side of a payment has the same hash as the payer's.
#[tokio::test]
async fn money_that_came_in_is_no_payment() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    let mut incoming = found(&bill, "success", &bill.preimage);
    incoming["details"]["amount"] = json!(21_000);
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_json(incoming))
        .mount(&server)
        .await;
    assert_eq!(wallet(&server).lookup(bill.hash).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn the_balance_is_in_millisatoshi() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/api/v1/wallet"))
        .and(header("x-api-key", KEY))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"name": "a", "balance": 99_979_000})))
        .mount(&server)
        .await;
    assert_eq!(wallet(&server).balance().await.unwrap(), Msat::from_sat(99_979));
}

#[tokio::test]
async fn an_invoice_key_cannot_pay() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    for (status, body, kind) in [
        (403, json!({"detail": "Invoice (or Admin) key required."}), Kind::Forbidden),
        (404, json!({"detail": "Wallet not found."}), Kind::Auth),
    ] {
        server.reset().await;
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(status).set_body_json(body))
            .mount(&server)
            .await;
        assert_eq!(wallet(&server).pay(request(&bill)).await.unwrap_err().kind(), kind);
    }
}
