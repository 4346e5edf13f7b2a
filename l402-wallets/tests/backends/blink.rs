//! Blink as a wallet: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::blink::BlinkWallet;
use serde_json::{Value, json};
use wiremock::matchers::{body_string_contains, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, TIMEOUTS, Vendor, endpoint, hasty, paid, request, was_asked_to_pay};
use crate::support::bill::Bill;

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            let wallet = BlinkWallet::at(endpoint, KEY).unwrap();
            Box::new(wallet.with_network(network).with_wallet_id("w-btc"))
        },
        is_payment: |request| String::from_utf8_lossy(&request.body).contains("lnInvoicePaymentSend"),
        paid: |_, preimage| payment("SUCCESS", json!([]), transaction("SUCCESS", "SEND", preimage)),
        found: Some(|_, preimage| found(&[transaction("SUCCESS", "SEND", preimage)])),
        asks_first: false,
        unknown: (
            200,
            r#"{"data":{"me":{"defaultAccount":{"walletById":{"transactionsByPaymentHash":[]}}}}}"#,
        ),
    })
    .await;
}

fn payment(status: &str, errors: Value, transaction: Value) -> Value {
    let payload: Value =
        [("errors".to_owned(), errors), ("transaction".to_owned(), transaction)].into_iter().collect();
    let mut answer = json!({"data": {"lnInvoicePaymentSend": payload}});
    answer["data"]["lnInvoicePaymentSend"]["status"] = json!(status);
    answer
}

fn transaction(status: &str, direction: &str, preimage: &str) -> Value {
    json!({"status": status, "direction": direction, "settlementFee": 2, "settlementVia": {"preImage": preimage}})
}

fn found(transactions: &[Value]) -> Value {
    json!({"data": {"me": {"defaultAccount": {"walletById": {"transactionsByPaymentHash": transactions}}}}})
}

fn wallet(server: &MockServer) -> BlinkWallet {
    let endpoint = endpoint(&format!("{}/graphql", server.uri()));
    BlinkWallet::at(endpoint, KEY).unwrap().with_network(Network::Regtest)
}

async fn service(answer: Value, look: Value) -> MockServer {
    let server = MockServer::start().await;
    let wallets = json!({"data": {"me": {"defaultAccount": {"wallets": [
        {"id": "w-usd", "walletCurrency": "USD", "balance": 500},
        {"id": "w-btc", "walletCurrency": "BTC", "balance": 7_000},
    ]}}}});
    for (part, answer) in [("query Me", wallets), ("query Find", look), ("mutation Pay", answer)] {
        Mock::given(method("POST"))
            .and(path("/graphql"))
            .and(header("x-api-key", KEY))
            .and(body_string_contains(part))
            .respond_with(ResponseTemplate::new(200).set_body_json(answer))
            .mount(&server)
            .await;
    }
    server
}

#[tokio::test]
async fn a_payment_names_the_btc_wallet_and_both_ways_of_settlement() {
    let bill = Bill::new();
    let done = payment("SUCCESS", json!([]), transaction("SUCCESS", "SEND", &bill.preimage));
    let server = service(done, found(&[])).await;
    let payment = paid(wallet(&server).pay(request(&bill)).await.unwrap());
    assert_eq!(payment.fee, Some(Msat::from_sat(2)));
    let sent: Value = server.received_requests().await.unwrap()[1].body_json().unwrap();
    assert_eq!(sent["variables"], json!({"input": {"walletId": "w-btc", "paymentRequest": bill.bolt11}}));
    let query = sent["query"].as_str().unwrap();
    assert!(query.contains("SettlementViaIntraLedger") && query.contains("SettlementViaLn "));
}

#[tokio::test]
async fn codes_of_failures() {
    for (code, expected) in [
        ("INSUFFICIENT_BALANCE", Kind::InsufficientBalance),
        ("ROUTE_FINDING_ERROR", Kind::NoRoute),
        ("LIGHTNING_PAYMENT_ERROR", Kind::NoRoute),
        ("INVOICE_DECODE_ERROR", Kind::InvalidInvoice),
        ("CANT_PAY_SELF", Kind::SelfPayment),
        ("TRANSACTION_RESTRICTED", Kind::LimitExceeded),
    ] {
        let bill = Bill::new();
        let errors = json!([{"message": "no", "code": code}]);
        let server = service(payment("FAILURE", errors, Value::Null), found(&[])).await;
        let outcome = wallet(&server).pay(request(&bill)).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(kind) if kind == expected), "{code}: {outcome:?}");
    }
}

#[tokio::test]
async fn what_was_paid_before_is_recovered() {
    let bill = Bill::new();
    let own = transaction("SUCCESS", "SEND", &bill.preimage);
    for (answer, look) in [
        (payment("ALREADY_PAID", json!([]), own.clone()), found(&[])),
        (payment("ALREADY_PAID", json!([]), Value::Null), found(std::slice::from_ref(&own))),
        (
            payment("PENDING", json!([]), Value::Null),
            found(&[transaction("FAILURE", "SEND", ""), own.clone()]),
        ),
        (
            payment(
                "FAILURE",
                json!([{"message": "There is a pending payment for this invoice", "code": "INVALID_INPUT"}]),
                Value::Null,
            ),
            found(std::slice::from_ref(&own)),
        ),
    ] {
        let server = service(answer.clone(), look).await;
        let payment = paid(wallet(&server).pay(request(&bill)).await.unwrap());
        assert_eq!(payment.preimage.payment_hash(), bill.hash, "{answer}");
    }
}

#[tokio::test]
async fn a_failure_of_a_payment_under_way_is_told_from_an_older_one() {
    let failed = || found(&[transaction("FAILURE", "SEND", "")]);
    let server = service(payment("PENDING", json!([]), Value::Null), failed()).await;
    let outcome = wallet(&server).pay(request(&Bill::new())).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(Kind::NoRoute)), "{outcome:?}");
    let unknown = json!([{"message": "what?", "code": "SOMETHING_NEW"}]);
    for timeout in TIMEOUTS {
        let server = service(payment("FAILURE", unknown.clone(), Value::Null), failed()).await;
        let outcome = wallet(&server).pay(hasty(&Bill::new(), timeout)).await.unwrap();
        if was_asked_to_pay(&server).await {
            assert!(matches!(outcome, PayOutcome::Pending), "{outcome:?}");
            return;
        }
    }
    panic!("the service was never asked");
}

#[tokio::test]
async fn money_that_came_in_is_no_payment() {
    let bill = Bill::new();
    let server = service(Value::Null, found(&[transaction("SUCCESS", "RECEIVE", &bill.preimage)])).await;
    assert_eq!(wallet(&server).lookup(bill.hash).await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test]
async fn keys_that_cannot_pay() {
    for (error, expected) in [
        (json!({"message": "Not authorized"}), Kind::Auth),
        (json!({"message": "no", "extensions": {"code": "NOT_AUTHORIZED"}}), Kind::Forbidden),
    ] {
        let server = service(json!({"errors": [error], "data": null}), found(&[])).await;
        assert_eq!(wallet(&server).pay(request(&Bill::new())).await.unwrap_err().kind(), expected);
    }
}

#[tokio::test]
async fn the_balance_is_that_of_the_btc_wallet_in_satoshi() {
    let server = service(Value::Null, Value::Null).await;
    assert_eq!(wallet(&server).balance().await.unwrap(), Msat::from_sat(7_000));
    let usd = wallet(&server).with_wallet_id("w-usd").balance().await.unwrap_err();
    assert_eq!(usd.kind(), Kind::Unsupported);
}
