//! Core Lightning: what it is asked over both ways, and what its answers mean.

use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider, Settlement};
use l402_core::{Msat, Network, UnixTime};
use l402_providers::cln::{ClnProvider, Rune};
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::contract::{self, KEY, Vendor, endpoint};
use crate::support::bill::{Bill, order};

#[tokio::test]
async fn it_keeps_the_contract() {
    contract::check(Vendor {
        connect: |endpoint, network| {
            Box::new(ClnProvider::rest(endpoint, Rune::new(KEY)).unwrap().with_network(network))
        },
        created,
        lookup_id: |bill| bill.hash.to_string(),
        open: |bill| invoices(bill, "unpaid", &bill.preimage),
        settled: Some(|bill, preimage| invoices(bill, "paid", preimage)),
    })
    .await;
}

fn created(bill: &Bill) -> Value {
    json!({
        "payment_hash": bill.hash.to_string(), "expires_at": 1_738_604_800, "bolt11": bill.bolt11,
        "payment_secret": "21f8a38be36697218d2db22cbbca621d96ffc0a63f3585860351b1d905f72cc2", "created_index": 2,
        "warning_capacity": "Insufficient incoming channel capacity to pay invoice",
    })
}

fn invoices(bill: &Bill, status: &str, preimage: &str) -> Value {
    json!({"invoices": [{
        "label": "l402-00", "bolt11": bill.bolt11, "payment_hash": bill.hash.to_string(), "status": status,
        "pay_index": 4, "amount_received_msat": 21_000, "paid_at": 1_738_000_000, "payment_preimage": preimage,
        "description": "one report", "expires_at": 1_738_604_800, "created_index": 2, "updated_index": 4,
    }]})
}

fn rest(server: &MockServer) -> ClnProvider {
    ClnProvider::rest(endpoint(&server.uri()), Rune::new(KEY)).unwrap().with_network(Network::Regtest)
}

#[tokio::test]
async fn clnrest_is_given_named_parameters_in_msat() {
    let (server, bill) = (MockServer::start().await, Bill::of(Msat::from_msat(21_001)));
    Mock::given(method("POST"))
        .and(path("/v1/invoice"))
        .and(header("rune", KEY))
        .and(header("content-type", "application/json"))
        .respond_with(ResponseTemplate::new(201).set_body_json(created(&bill)))
        .expect(2)
        .mount(&server)
        .await;
    for _ in 0..2 {
        assert_eq!(rest(&server).create_invoice(order(bill.amount)).await.unwrap().bolt11, bill.bolt11);
    }
    let sent = server.received_requests().await.unwrap();
    let bodies: Vec<Value> = sent.iter().map(|request| request.body_json().unwrap()).collect();
    let label = |body: &Value| body["label"].as_str().unwrap().to_owned();
    assert_eq!(
        bodies[0],
        json!({"amount_msat": 21_001, "label": label(&bodies[0]), "description": "one report", "expiry": 600})
    );
    assert!(label(&bodies[0]).starts_with("l402-") && label(&bodies[0]) != label(&bodies[1]));
}

#[tokio::test]
async fn descriptions_have_no_escapes() {
    let server = MockServer::start().await;
    let mut order = order(Msat::from_sat(1));
    order.description = format!("a\u{1}b\u{7f}{}", "ä".repeat(700));
    let _ = rest(&server).create_invoice(order).await;
    let sent = String::from_utf8(server.received_requests().await.unwrap()[0].body.clone()).unwrap();
    assert!(sent.contains("a b ää") && !sent.contains("\\u"), "{sent}");
    let sent: Value = serde_json::from_str(&sent).unwrap();
    assert!(sent["description"].as_str().unwrap().len() <= 639);
}

#[tokio::test]
async fn what_lightningd_says_is_told_without_secrets() {
    let (server, bill) = (MockServer::start().await, Bill::new());
    let message = format!("no commands with {}, shutting down", bill.preimage);
    let answer = ResponseTemplate::new(500).set_body_json(json!({"code": -1, "message": message}));
    Mock::given(method("POST")).respond_with(answer).mount(&server).await;
    let error = rest(&server).create_invoice(order(bill.amount)).await.unwrap_err();
    let said = crate::support::log::everything_said_by(&error);
    assert!(said.contains("error -1: no commands with [redacted], shutting down"), "{said}");
    assert!(!said.contains(&bill.preimage), "{said}");
}

async fn lookup(status: u16, answer: impl FnOnce(&Bill) -> Value) -> Result<Settlement, Kind> {
    let (server, bill) = (MockServer::start().await, Bill::new());
    Mock::given(method("POST"))
        .and(path("/v1/listinvoices"))
        .and(wiremock::matchers::body_json(json!({"payment_hash": bill.hash.to_string()})))
        .respond_with(ResponseTemplate::new(status).set_body_json(answer(&bill)))
        .mount(&server)
        .await;
    rest(&server).settlement(bill.hash.to_string()).await.map_err(|error| error.kind())
}

#[tokio::test]
async fn the_states_of_an_invoice() {
    let paid = lookup(201, |bill| invoices(bill, "paid", &bill.preimage)).await;
    let Ok(Settlement::Settled { preimage: Some(_), settled_at }) = paid else { panic!("{paid:?}") };
    assert_eq!(settled_at, Some(UnixTime::from_secs(1_738_000_000)));
    let expired = lookup(201, |bill| invoices(bill, "expired", "")).await;
    assert!(matches!(expired, Ok(Settlement::Expired)), "{expired:?}");
    let unknown = lookup(201, |_| json!({"invoices": []})).await;
    assert!(matches!(unknown, Ok(Settlement::NotFound)), "{unknown:?}");
    assert_eq!(lookup(201, |bill| invoices(bill, "new", "")).await.unwrap_err(), Kind::Protocol);
}

#[tokio::test]
async fn errors_of_runes_and_commands() {
    for (status, answer, expected) in [
        (403, json!({"code": 1501, "message": "Not authorized: Missing rune"}), Kind::Forbidden),
        (401, json!({"code": 1502, "message": "Not authorized: Invalid rune"}), Kind::Auth),
        (
            401,
            json!({"code": 1502, "message": "Not permitted: method is not equal to invoice"}),
            Kind::Forbidden,
        ),
        (404, json!({"code": -32601, "message": "Unknown command 'listinvoices'"}), Kind::Unsupported),
        (500, json!({"code": -1, "message": "shutting down"}), Kind::Unavailable),
    ] {
        assert_eq!(lookup(status, |_| answer.clone()).await.unwrap_err(), expected, "{answer}");
    }
}

#[cfg(unix)]
mod socket {
    use super::*;
    use crate::support::lightningd::Lightningd;

    fn provider(daemon: &Lightningd) -> ClnProvider {
        ClnProvider::socket(&daemon.path).unwrap().with_network(Network::Regtest)
    }

    #[tokio::test]
    async fn an_invoice_and_its_settlement() {
        let bill = Bill::new();
        let (hash, answers) = (bill.hash, [created(&bill), invoices(&bill, "paid", &bill.preimage)]);
        let daemon = Lightningd::start(move |method, _| match method {
            "invoice" => Ok(answers[0].clone()),
            "listinvoices" => Ok(answers[1].clone()),
            _ => Err((-32601, "Unknown command")),
        });
        let provider = provider(&daemon);
        let invoice = provider.create_invoice(order(bill.amount)).await.unwrap();
        assert_eq!((&invoice.bolt11, invoice.payment_hash), (&bill.bolt11, hash));
        let settlement = provider.settlement(invoice.lookup_id).await.unwrap();
        assert!(matches!(settlement, Settlement::Settled { preimage: Some(_), .. }));
        let requests = daemon.requests();
        assert_eq!(requests[0]["jsonrpc"], "2.0");
        assert_eq!(requests[0]["params"]["amount_msat"], 21_000);
        assert_eq!(requests[1]["params"], json!({"payment_hash": hash.to_string()}));
    }

    #[tokio::test]
    async fn errors_of_the_daemon() {
        for (code, expected) in
            [(900, Kind::Unavailable), (-32601, Kind::Unsupported), (-32602, Kind::Protocol)]
        {
            let daemon = Lightningd::start(move |_, _| Err((code, "no")));
            let error = provider(&daemon).create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
            assert_eq!(error.kind(), expected);
        }
    }

    #[tokio::test]
    async fn nonsense_is_an_error() {
        for answer in [
            Vec::new(),
            b"\n\n".to_vec(),
            b"{\"jsonrpc\":\"2.0\",\"id\":\"l402:inv".to_vec(),
            b"{\"jsonrpc\":\"2.0\",\"id\":\"somebody else's\",\"result\":{}}\n\n".to_vec(),
            b"<html>\n\n".to_vec(),
            vec![b' '; 10_000_000],
        ] {
            let daemon = Lightningd::speaking(move |_| answer.clone());
            let error = provider(&daemon).create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
            assert_eq!(error.kind(), Kind::Protocol);
        }
    }

    #[tokio::test]
    async fn a_daemon_that_is_not_there() {
        let nowhere = ClnProvider::socket("/nonexistent/lightning-rpc").unwrap();
        let error = nowhere.create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
        assert!(ClnProvider::socket(format!("/{}", "long/".repeat(50))).is_err());
    }
}
