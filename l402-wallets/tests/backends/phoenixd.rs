//! phoenixd as a wallet: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::phoenixd::PhoenixdWallet;
use serde_json::{Value, json};
use wiremock::matchers::{body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, TIMEOUTS, Vendor, endpoint, hasty, paid, request, was_asked_to_pay};
use crate::support::bill::{Bill, base64};

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            Box::new(PhoenixdWallet::new(endpoint, KEY).unwrap().with_network(network))
        },
        is_payment: |request| request.url.path() == "/payinvoice",
        paid: payment,
        found: Some(|bill, preimage| outgoing(bill, json!({"isPaid": true, "preimage": preimage}))),
        asks_first: false,
        unknown: (404, "Not found"),
    })
    .await;
}

fn payment(bill: &Bill, preimage: &str) -> Value {
    json!({
        "recipientAmountSat": 21, "routingFeeSat": 4, "paymentId": "5f2a5f0e-9c3e-4a7e-8f52-0f3f3f6f6a77",
        "paymentHash": bill.hash.to_string(), "paymentPreimage": preimage,
    })
}

/// A payment under way, with some fields changed.
fn outgoing(bill: &Bill, changes: Value) -> Value {
    let mut answer = json!({
        "paymentId": "5f2a5f0e-9c3e-4a7e-8f52-0f3f3f6f6a77", "paymentHash": bill.hash.to_string(),
        "isPaid": false, "sent": 0, "fees": 4_000, "createdAt": 1_738_000_000_123_u64,
    });
    let Value::Object(changes) = changes else { panic!() };
    answer.as_object_mut().unwrap().extend(changes);
    answer
}

fn wallet(server: &MockServer) -> PhoenixdWallet {
    PhoenixdWallet::new(endpoint(&server.uri()), KEY).unwrap().with_network(Network::Regtest)
}

async fn node(bill: &Bill, answer: (u16, Value), look: (u16, Value)) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/payinvoice"))
        .and(header("authorization", format!("Basic {}", base64(format!(":{KEY}").as_bytes()))))
        .and(body_string(format!("invoice={}", bill.bolt11)))
        .respond_with(ResponseTemplate::new(answer.0).set_body_json(answer.1))
        .expect(1)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path(format!("/payments/outgoingbyhash/{}", bill.hash)))
        .respond_with(ResponseTemplate::new(look.0).set_body_json(look.1))
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn the_fee_of_a_payment_is_in_sat_and_that_of_a_lookup_in_msat() {
    let bill = Bill::new();
    let look = outgoing(&bill, json!({"isPaid": true, "preimage": bill.preimage, "completedAt": 1}));
    let server = node(&bill, (200, payment(&bill, &bill.preimage)), (200, look)).await;
    assert_eq!(paid(wallet(&server).pay(request(&bill)).await.unwrap()).fee, Some(Msat::from_sat(4)));
    assert_eq!(paid(wallet(&server).lookup(bill.hash).await.unwrap()).fee, Some(Msat::from_sat(4)));
}

#[tokio::test]
async fn status_200_with_a_reason_is_a_failure() {
    for (reason, expected) in [
        ("this invoice has already been paid", Kind::AlreadyPaid),
        ("not enough funds in wallet to afford payment", Kind::InsufficientBalance),
        ("the recipient was offline or did not have enough liquidity to receive the payment", Kind::NoRoute),
        ("payment attempts exhausted without success", Kind::NoRoute),
        ("channel is not connected yet, please retry when connected", Kind::Unavailable),
        ("payment request features not supported", Kind::InvalidInvoice),
        ("TemporaryChannelFailure", Kind::NoRoute),
    ] {
        let bill = Bill::new();
        let answer = json!({"paymentHash": bill.hash.to_string(), "reason": reason});
        let server = node(&bill, (200, answer), (404, json!("Not found"))).await;
        let outcome = wallet(&server).pay(request(&bill)).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(kind) if kind == expected), "{reason}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_was_paid_before_is_recovered() {
    for reason in ["this invoice has already been paid", "another payment is in progress for that invoice"] {
        let bill = Bill::new();
        let answer = json!({"paymentHash": bill.hash.to_string(), "reason": reason});
        let look = outgoing(&bill, json!({"isPaid": true, "preimage": bill.preimage}));
        let server = node(&bill, (200, answer), (200, look)).await;
        let payment = paid(wallet(&server).pay(request(&bill)).await.unwrap());
        assert_eq!(payment.preimage.payment_hash(), bill.hash, "{reason}");
    }
}

#[tokio::test]
async fn reasons_that_say_nothing_are_pending() {
    'reasons: for reason in [
        "another payment is in progress for that invoice",
        "wallet restarted while a payment was ongoing",
        "an unknown error occurred",
    ] {
        let bill = Bill::new();
        let answer = json!({"paymentHash": bill.hash.to_string(), "reason": reason});
        // The failure of an earlier attempt.
        let look = outgoing(&bill, json!({"completedAt": 1_738_000_000_999_u64}));
        for timeout in TIMEOUTS {
            let server = node(&bill, (200, answer.clone()), (200, look.clone())).await;
            let outcome = wallet(&server).pay(hasty(&bill, timeout)).await.unwrap();
            if was_asked_to_pay(&server).await {
                assert!(matches!(outcome, PayOutcome::Pending), "{reason}: {outcome:?}");
                continue 'reasons;
            }
        }
        panic!("the node was never asked");
    }
}

#[tokio::test]
async fn lookups_tell_pending_from_failed() {
    let bill = Bill::new();
    let server = MockServer::start().await;
    for (status, look, expected) in [
        (200, outgoing(&bill, json!({})), Ok("Pending")),
        (200, outgoing(&bill, json!({"completedAt": 1})), Ok("Failed(NoRoute)")),
        (404, json!("Not found"), Err(Kind::NotFound)),
    ] {
        server.reset().await;
        let look = ResponseTemplate::new(status).set_body_json(look);
        Mock::given(method("GET")).respond_with(look).mount(&server).await;
        let outcome = wallet(&server).lookup(bill.hash).await;
        let outcome = outcome.map(|outcome| format!("{outcome:?}")).map_err(|error| error.kind());
        assert_eq!(outcome, expected.map(str::to_owned));
    }
}

#[tokio::test]
async fn the_balance_is_in_satoshi() {
    let server = MockServer::start().await;
    Mock::given(path("/getbalance"))
        .respond_with(ResponseTemplate::new(200).set_body_json(json!({"balanceSat": 7, "feeCreditSat": 3})))
        .mount(&server)
        .await;
    assert_eq!(wallet(&server).balance().await.unwrap(), Msat::from_sat(7));
}

#[tokio::test]
async fn a_bad_request_spends_nothing() {
    let bill = Bill::new();
    let server = node(&bill, (400, json!("Invalid parameter: invoice")), (404, json!(""))).await;
    assert_eq!(wallet(&server).pay(request(&bill)).await.unwrap_err().kind(), Kind::InvalidInvoice);
}
