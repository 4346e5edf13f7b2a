//! Strike as a wallet: what it is asked, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::strike::StrikeWallet;
use serde_json::{Value, json};
use wiremock::matchers::{body_json, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint, paid, request};
use crate::support::bill::Bill;

const QUOTE: &str = "c1f3b0a0-0000-4000-8000-000000000001";
const ID: &str = "7ea8e2d0-0000-4000-8000-000000000002";

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| Box::new(StrikeWallet::at(endpoint, KEY).unwrap().with_network(network)),
        is_payment: |request| request.method == "PATCH",
        paid: |bill, preimage| payment(bill, "COMPLETED", &json!(preimage)),
        found: None,
        asks_first: true,
        unknown: (201, r#"{"paymentQuoteId":"q-1","totalAmount":{"amount":"0.00000021","currency":"BTC"}}"#),
    })
    .await;
}

/// What 21 sat cost with a fee of 2.
fn quote(total: &str, currency: &str) -> Value {
    json!({
        "paymentQuoteId": QUOTE, "description": "one report", "validUntil": "2026-11-20T12:53:27Z",
        "amount": {"amount": "0.00000021", "currency": "BTC"},
        "lightningNetworkFee": {"amount": "0.00000002", "currency": "BTC"},
        "totalAmount": {"amount": total, "currency": currency},
    })
}

fn payment(bill: &Bill, state: &str, preimage: &Value) -> Value {
    json!({
        "paymentId": ID, "state": state, "result": "PENDING", "amount": {"amount": "0.00000021", "currency": "BTC"},
        "totalAmount": {"amount": "0.00000023", "currency": "BTC"},
        "lightning": {
            "networkFee": {"amount": "0.00000002", "currency": "BTC"}, "paymentHash": bill.hash.to_string(),
            "preImage": preimage,
        },
    })
}

fn failure(status: u16, code: &str) -> Value {
    json!({"traceId": "t", "data": {"status": status, "code": code, "message": "no"}})
}

fn wallet(server: &MockServer) -> StrikeWallet {
    StrikeWallet::at(endpoint(&server.uri()), KEY).unwrap().with_network(Network::Regtest)
}

async fn service(
    bill: &Bill,
    quote: (u16, Value),
    executions: u64,
    execute: (u16, Value),
    look: Value,
) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/payment-quotes/lightning"))
        .and(header("authorization", format!("Bearer {KEY}")))
        .and(body_json(json!({"lnInvoice": bill.bolt11, "sourceCurrency": "BTC"})))
        .respond_with(ResponseTemplate::new(quote.0).set_body_json(quote.1))
        .mount(&server)
        .await;
    Mock::given(method("PATCH"))
        .and(path(format!("/v1/payment-quotes/{QUOTE}/execute")))
        .and(header("authorization", format!("Bearer {KEY}")))
        .respond_with(ResponseTemplate::new(execute.0).set_body_json(execute.1))
        .expect(executions)
        .mount(&server)
        .await;
    Mock::given(method("GET"))
        .and(path(format!("/v1/payments/{ID}")))
        .respond_with(ResponseTemplate::new(200).set_body_json(look))
        .mount(&server)
        .await;
    server
}

fn good_quote() -> (u16, Value) {
    (201, quote("0.00000023", "BTC"))
}

#[tokio::test]
async fn a_quote_is_executed_and_the_payment_followed_by_its_id() {
    for state in ["PENDING", "COMPLETED"] {
        let bill = Bill::new();
        let (begun, done) =
            (payment(&bill, state, &Value::Null), payment(&bill, "COMPLETED", &json!(bill.preimage)));
        let server = service(&bill, good_quote(), 1, (200, begun), done).await;
        let wallet = wallet(&server);
        let payment = paid(wallet.pay(request(&bill)).await.unwrap());
        assert_eq!(payment.preimage.payment_hash(), bill.hash);
        assert_eq!(payment.fee, Some(Msat::from_sat(2)));
        // Again, with the mock insisting on one payment.
        paid(wallet.pay(request(&bill)).await.unwrap());
        paid(wallet.clone().lookup(bill.hash).await.unwrap());
        let elsewhere = self::wallet(&server).lookup(bill.hash).await.unwrap_err();
        assert_eq!(elsewhere.kind(), Kind::Unsupported);
    }
}

#[tokio::test]
async fn a_quote_above_the_limit_or_in_other_money_is_not_executed() {
    // The request allows 21 sat and 3 of fee.
    for (total, currency, expected) in [
        ("0.00000025", "BTC", Kind::FeeTooHigh),
        ("0.00000024001", "BTC", Kind::FeeTooHigh),
        ("1", "BTC", Kind::FeeTooHigh),
        ("0.02", "USD", Kind::Protocol),
        ("lots", "BTC", Kind::Protocol),
    ] {
        let bill = Bill::new();
        let server = service(&bill, (201, quote(total, currency)), 0, (200, json!({})), json!({})).await;
        let outcome = wallet(&server).pay(request(&bill)).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(kind) if kind == expected), "{total}: {outcome:?}");
    }
    let bill = Bill::new();
    let done = payment(&bill, "COMPLETED", &json!(bill.preimage));
    let server = service(&bill, (201, quote("0.00000024", "BTC")), 1, (200, done.clone()), done).await;
    paid(wallet(&server).pay(request(&bill)).await.unwrap());
}

#[tokio::test]
async fn errors_by_their_codes() {
    for (status, code, expected) in [
        (422, "BALANCE_TOO_LOW", Kind::InsufficientBalance),
        (400, "INVALID_LN_INVOICE", Kind::InvalidInvoice),
        (422, "INVALID_STATE_FOR_INVOICE_EXPIRED", Kind::Expired),
        (422, "LN_ROUTE_NOT_FOUND", Kind::NoRoute),
        (422, "PAYMENT_QUOTE_EXPIRED", Kind::Timeout),
        (422, "LN_INVOICE_PROCESSED", Kind::AlreadyPaid),
    ] {
        let bill = Bill::new();
        let refusal = (status, failure(status, code));
        for (quote, executions) in [(refusal.clone(), 0), (good_quote(), 1)] {
            let server = service(&bill, quote, executions, refusal.clone(), json!({})).await;
            let outcome = wallet(&server).pay(request(&bill)).await.unwrap();
            assert!(matches!(outcome, PayOutcome::Failed(kind) if kind == expected), "{code}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn what_may_be_under_way_is_pending() {
    for (status, code) in
        [(422, "PROCESSING_PAYMENT"), (409, "PROCESSING_CONFLICT"), (422, "NEW_CODE"), (500, "OOPS")]
    {
        let bill = Bill::new();
        let server = service(&bill, good_quote(), 1, (status, failure(status, code)), json!({})).await;
        let wallet = wallet(&server);
        for _ in 0..2 {
            let outcome = wallet.pay(request(&bill)).await.unwrap();
            assert!(matches!(outcome, PayOutcome::Pending), "{code}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn a_payment_that_fails_may_be_tried_again() {
    let bill = Bill::new();
    let (begun, failed) = (payment(&bill, "PENDING", &Value::Null), payment(&bill, "FAILED", &Value::Null));
    let server = service(&bill, good_quote(), 2, (200, begun), failed).await;
    let wallet = wallet(&server);
    for _ in 0..2 {
        let outcome = wallet.pay(request(&bill)).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(Kind::NoRoute)), "{outcome:?}");
    }
}

#[tokio::test]
async fn the_balance_is_what_is_available_of_bitcoin() {
    let dollars = json!({"currency": "USD", "current": "9.00", "available": "9.00", "total": "9.00"});
    let bitcoin =
        json!({"currency": "BTC", "current": "0.00009001", "available": "0.00007001", "total": "0.00009001"});
    for (balances, expected) in [(json!([dollars, bitcoin]), 7_001), (json!([dollars]), 0)] {
        let server = MockServer::start().await;
        Mock::given(path("/v1/balances"))
            .respond_with(ResponseTemplate::new(200).set_body_json(balances))
            .mount(&server)
            .await;
        assert_eq!(wallet(&server).balance().await.unwrap(), Msat::from_sat(expected));
    }
}
