//! What every provider has to get right, whatever the other side does.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider, Settlement};
use l402_core::{Msat, Network, Preimage};
use l402_providers::Endpoint;
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

use crate::support::bill::{Bill, order};
use crate::support::log;
use crate::support::raw::{RawServer, Then};

/// The key of every backend here.
pub(crate) const KEY: &str = "hush-hush-key-0123456789";

/// One backend, as far as hostile answers need to know it.
#[derive(Clone, Copy)]
pub(crate) struct Vendor {
    pub(crate) connect: fn(Endpoint, Network) -> Box<dyn InvoiceProvider>,
    /// The answer to an order, with the preimage if this backend shows it then. Its status is 200.
    pub(crate) created: fn(&Bill) -> Value,
    /// What invoices are looked up by.
    pub(crate) lookup_id: fn(&Bill) -> String,
    /// The answer for an invoice that is not paid, with the preimage if this backend shows it then.
    pub(crate) open: fn(&Bill) -> Value,
    /// The answer for a paid one, with this text for a preimage.
    pub(crate) settled: Option<fn(&Bill, &str) -> Value>,
}

/// Quick to give up, so that tests are.
pub(crate) fn endpoint(url: &str) -> Endpoint {
    Endpoint::new(url).unwrap().timeout(Duration::from_secs(5)).pause(Duration::ZERO)
}

/// Runs every case.
pub(crate) async fn check(vendor: Vendor) {
    log::start();
    good_answers_are_passed_on(vendor).await;
    wrong_invoices_are_found_out(vendor).await;
    preimages_of_unpaid_invoices_stay_inside(vendor).await;
    nonsense_is_an_error(vendor).await;
    statuses_have_meanings(vendor).await;
    broken_connections_are_errors(vendor).await;
    no_secret_is_printed(vendor).await;
}

async fn server(answer: &Value) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200).set_body_json(answer)).mount(&server).await;
    server
}

impl Vendor {
    fn at(&self, url: &str) -> Box<dyn InvoiceProvider> {
        (self.connect)(endpoint(url), Network::Regtest)
    }

    async fn order_from(&self, url: &str) -> Kind {
        self.at(url).create_invoice(order(Msat::from_sat(21))).await.unwrap_err().kind()
    }

    async fn look_up_at(&self, url: &str) -> Kind {
        self.at(url).settlement((self.lookup_id)(&Bill::new())).await.unwrap_err().kind()
    }
}

async fn good_answers_are_passed_on(vendor: Vendor) {
    let bill = Bill::new();
    // Kept until it has answered: one that is dropped goes to another test.
    let created = server(&(vendor.created)(&bill)).await;
    let invoice = vendor.at(&created.uri()).create_invoice(order(bill.amount)).await.unwrap();
    assert_eq!((&invoice.bolt11, invoice.payment_hash), (&bill.bolt11, bill.hash));
    assert_eq!(invoice.lookup_id, (vendor.lookup_id)(&bill));
    let Some(settled) = vendor.settled else { return };
    let settled = server(&settled(&bill, &bill.preimage)).await;
    let answer = vendor.at(&settled.uri()).settlement(invoice.lookup_id).await.unwrap();
    let Settlement::Settled { preimage, .. } = answer else { panic!("{answer:?}") };
    assert!(preimage.is_none_or(|preimage| preimage.payment_hash() == bill.hash));
}

async fn wrong_invoices_are_found_out(vendor: Vendor) {
    let (bill, dear) = (Bill::new(), Bill::of(Msat::from_sat(22)));
    let server = server(&(vendor.created)(&dear)).await;
    assert_eq!(vendor.order_from(&server.uri()).await, Kind::Protocol, "another amount");

    let server = self::server(&(vendor.created)(&bill)).await;
    let elsewhere = (vendor.connect)(endpoint(&server.uri()), Network::Signet);
    let error = elsewhere.create_invoice(order(bill.amount)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol, "another network");

    for broken in
        [Bill { hash: dear.hash, ..Bill::new() }, Bill { bolt11: "lnbcrt1".to_owned(), ..Bill::new() }]
    {
        let answer = (vendor.created)(&broken);
        let says_hash = answer.to_string().contains(&dear.hash.to_string())
            || answer.to_string().contains(&dear.hash_base64());
        if says_hash || broken.bolt11 == "lnbcrt1" {
            assert_eq!(
                vendor.order_from(&self::server(&answer).await.uri()).await,
                Kind::Protocol,
                "another hash"
            );
        }
    }
}

async fn preimages_of_unpaid_invoices_stay_inside(vendor: Vendor) {
    let bill = Bill::new();
    let Some(settled) = vendor.settled else { return };
    let id = (vendor.lookup_id)(&bill);
    let open = server(&(vendor.open)(&bill)).await;
    let answer = vendor.at(&open.uri()).settlement(id.clone()).await.unwrap();
    assert!(matches!(answer, Settlement::Open), "{answer:?}");
    for false_preimage in ["00".repeat(32), Bill::new().preimage, String::new(), "no hex".to_owned()] {
        let server = server(&settled(&bill, &false_preimage)).await;
        match vendor.at(&server.uri()).settlement(id.clone()).await {
            Ok(Settlement::Settled { preimage, .. }) => {
                assert!(
                    preimage.is_none_or(|it: Preimage| it.payment_hash() == bill.hash),
                    "{false_preimage}"
                );
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => assert_eq!(error.kind(), Kind::Protocol),
        }
    }
}

async fn nonsense_is_an_error(vendor: Vendor) {
    let html = RawServer::answering("200 OK", "", "<html><body>Welcome!</body></html>").await;
    let truncated = RawServer::answering("200 OK", "", "{\"data\": {\"id\": \"7").await;
    let empty = RawServer::answering("200 OK", "", "").await;
    let other = RawServer::answering("200 OK", "", "[[[]]]").await;
    let large = RawServer::answering("200 OK", "", &" ".repeat(10_000_000)).await;
    for server in [html, truncated, empty, other, large] {
        assert_eq!(vendor.order_from(&server.url).await, Kind::Protocol);
        assert_eq!(server.requests(), 1, "an order is sent once");
        if vendor.settled.is_some() {
            assert_eq!(vendor.look_up_at(&server.url).await, Kind::Protocol);
        }
    }
    // Without a length, for which the reader has to count.
    let endless = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "[".repeat(10_000_000));
    let endless = RawServer::start(endless, Then::Hang).await;
    assert_eq!(vendor.order_from(&endless.url).await, Kind::Protocol);
    let redirect = RawServer::answering("302 Found", &format!("location: {}/\r\n", endless.url), "").await;
    assert_eq!(vendor.order_from(&redirect.url).await, Kind::Protocol);
    assert_eq!(endless.requests(), 1, "the redirect was followed");
}

async fn statuses_have_meanings(vendor: Vendor) {
    let limited = |seconds| Kind::RateLimited { retry_after: Some(Duration::from_secs(seconds)) };
    let page = "<html>oops</html>";
    for (status, headers, expected) in [
        ("401 Unauthorized", "", Kind::Auth),
        ("403 Forbidden", "", Kind::Forbidden),
        ("429 Too Many Requests", "retry-after: 7\r\n", limited(7)),
        ("429 Too Many Requests", "", Kind::RateLimited { retry_after: None }),
        ("500 Internal Server Error", "", Kind::Unavailable),
        ("502 Bad Gateway", "", Kind::Unavailable),
        ("503 Service Unavailable", "", Kind::Unavailable),
    ] {
        let server = RawServer::answering(status, headers, page).await;
        assert_eq!(vendor.order_from(&server.url).await, expected, "{status}");
        assert_eq!(server.requests(), 1, "an order is sent once");
        if vendor.settled.is_some() {
            assert_eq!(vendor.look_up_at(&server.url).await, expected, "{status}");
            let tries = if status.starts_with("502") || status.starts_with("503") { 3 } else { 1 };
            assert_eq!(server.requests(), 1 + tries, "{status}");
        }
    }
    let absent = RawServer::answering("404 Not Found", "", page).await;
    assert_eq!(vendor.order_from(&absent.url).await, Kind::NotFound);
}

async fn broken_connections_are_errors(vendor: Vendor) {
    let closed = RawServer::start("", Then::Close).await;
    assert_eq!(vendor.order_from(&closed.url).await, Kind::Unavailable);
    assert_eq!(closed.requests(), 1, "an order is sent once");
    let half = RawServer::start("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"da", Then::Close).await;
    assert_eq!(vendor.order_from(&half.url).await, Kind::Unavailable);

    let slow = RawServer::start("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"da", Then::Hang).await;
    let hasty = || endpoint(&slow.url).timeout(Duration::from_millis(50));
    let provider = (vendor.connect)(hasty(), Network::Regtest);
    let error = provider.create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Timeout);
}

async fn no_secret_is_printed(vendor: Vendor) {
    let bill = Bill::new();
    let hush = [KEY.to_owned(), bill.preimage.clone(), bill.preimage_base64()];
    let echo = format!("{{\"message\":\"{KEY} {} {}\"}}", bill.preimage, bill.preimage_base64());
    let mut said = String::new();
    for status in ["200 OK", "400 Bad Request", "401 Unauthorized", "500 Oops", "520 Oops"] {
        let server = RawServer::answering(status, "", &echo).await;
        let provider = vendor.at(&server.url);
        let error = provider.create_invoice(order(bill.amount)).await.unwrap_err();
        said += &log::everything_said_by(&error);
        if let Err(error) = provider.settlement((vendor.lookup_id)(&bill)).await {
            said += &log::everything_said_by(&error);
        }
    }
    // A preimage where a number is expected, and one where an invoice is.
    let misplaced = (vendor.created)(&Bill { bolt11: bill.preimage.clone(), ..Bill::new() });
    let server = server(&misplaced).await;
    let error = vendor.at(&server.uri()).create_invoice(order(bill.amount)).await.unwrap_err();
    said += &log::everything_said_by(&error);
    said += &log::text();
    for secret in hush {
        assert!(!said.contains(&secret), "{secret} in {said}");
    }
}
