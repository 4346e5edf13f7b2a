//! What every wallet has to get right with somebody's money, whatever the other side does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, PayRequest, Payment, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::Endpoint;
use serde_json::Value;
use tokio::net::TcpListener;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use crate::support::bill::Bill;
use crate::support::log;
use crate::support::raw::{RawServer, Then};

/// The key of every backend here.
pub(crate) const KEY: &str = "hush-hush-key-0123456789";

/// How long a payment may take that gets no answer: each in turn, until the service was asked within that time. How long
/// that takes is up to the machine, and nothing is to be learned from a payment that was never sent.
pub(crate) const TIMEOUTS: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(25)];

/// One backend, as far as hostile answers need to know it.
#[derive(Clone, Copy)]
pub(crate) struct Vendor {
    pub(crate) connect: fn(Endpoint, Network) -> Box<dyn Wallet>,
    /// Whether this request asks for money to be spent. All others look.
    pub(crate) is_payment: fn(&Request) -> bool,
    /// The answer to a payment that succeeded, with this text for a preimage.
    pub(crate) paid: fn(&Bill, &str) -> Value,
    /// The answer for a payment that succeeded earlier, with this text for a preimage. `None`: nothing can be looked up.
    pub(crate) found: Option<fn(&Bill, &str) -> Value>,
    /// Whether it asks for an earlier payment before it pays.
    pub(crate) asks_first: bool,
    /// The status that comes with a payment this service knows nothing of, and its body.
    pub(crate) unknown: (u16, &'static str),
}

/// Runs every case.
pub(crate) async fn check(vendor: Vendor) {
    log::start();
    paying_gives_the_proof(vendor).await;
    what_is_not_meant_is_not_paid(vendor).await;
    false_proofs_are_no_proofs(vendor).await;
    no_answer_is_pending(vendor).await;
    a_lost_answer_is_looked_up(vendor).await;
    refusals_spend_nothing(vendor).await;
    nobody_there_spends_nothing(vendor).await;
    no_secret_is_printed(vendor).await;
}

/// Quick to give up, so that tests are.
pub(crate) fn endpoint(url: &str) -> Endpoint {
    Endpoint::new(url).unwrap().timeout(Duration::from_secs(5)).pause(Duration::from_millis(1))
}

pub(crate) fn request(bill: &Bill) -> PayRequest {
    PayRequest::new(bill.bolt11.clone(), bill.hash, Msat::from_sat(3), Duration::from_secs(5))
}

pub(crate) fn hasty(bill: &Bill, timeout: Duration) -> PayRequest {
    PayRequest::new(bill.bolt11.clone(), bill.hash, Msat::from_sat(3), timeout)
}

/// Whether a service was asked to pay. If not, it forgets that it expected that.
pub(crate) async fn was_asked_to_pay(server: &MockServer) -> bool {
    let asked = server.received_requests().await.unwrap_or_default();
    let was_asked = asked.iter().any(|request| request.method.as_str() == "POST");
    if !was_asked {
        server.reset().await;
    }
    was_asked
}

#[track_caller]
pub(crate) fn paid(outcome: PayOutcome) -> Payment {
    match outcome {
        PayOutcome::Paid(payment) => payment,
        other => panic!("not paid: {other:?}"),
    }
}

impl Vendor {
    fn at(&self, url: &str) -> Box<dyn Wallet> {
        (self.connect)(endpoint(url), Network::Regtest)
    }

    fn nothing_known(&self) -> ResponseTemplate {
        ResponseTemplate::new(self.unknown.0).set_body_raw(self.unknown.1, "application/json")
    }

    /// A service that answers payments with `payment` and looks with `look`, and counts payments.
    async fn service(
        &self,
        payment: ResponseTemplate,
        look: ResponseTemplate,
    ) -> (MockServer, Arc<AtomicUsize>) {
        let payments = Arc::new(AtomicUsize::new(0));
        let (server, count) = (MockServer::start().await, Arc::clone(&payments));
        let before = if self.asks_first { self.nothing_known() } else { look.clone() };
        let service = Service { is_payment: self.is_payment, payment, before, look, payments: count };
        Mock::given(any()).respond_with(service).mount(&server).await;
        (server, payments)
    }
}

struct Service {
    is_payment: fn(&Request) -> bool,
    payment: ResponseTemplate,
    /// What looks before the payment find.
    before: ResponseTemplate,
    look: ResponseTemplate,
    payments: Arc<AtomicUsize>,
}

impl Respond for Service {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        if (self.is_payment)(request) {
            self.payments.fetch_add(1, Ordering::SeqCst);
            self.payment.clone()
        } else if self.payments.load(Ordering::SeqCst) == 0 {
            self.before.clone()
        } else {
            self.look.clone()
        }
    }
}

fn json(value: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(value)
}

async fn paying_gives_the_proof(vendor: Vendor) {
    let bill = Bill::new();
    let good = json(&(vendor.paid)(&bill, &bill.preimage));
    let (server, payments) = vendor.service(good, vendor.nothing_known()).await;
    let payment = paid(vendor.at(&server.uri()).pay(request(&bill)).await.unwrap());
    assert_eq!(payment.preimage.payment_hash(), bill.hash);
    assert_eq!(payments.load(Ordering::SeqCst), 1);
    if vendor.found.is_some() {
        let unknown = vendor.at(&server.uri()).lookup(bill.hash).await.unwrap_err();
        assert_eq!(unknown.kind(), Kind::NotFound);
    }
}

async fn what_is_not_meant_is_not_paid(vendor: Vendor) {
    let bill = Bill::new();
    let good = json(&(vendor.paid)(&bill, &bill.preimage));
    let (server, payments) = vendor.service(good, vendor.nothing_known()).await;
    let wallet = vendor.at(&server.uri());
    let (mut other_hash, mut broken) = (request(&bill), request(&bill));
    other_hash.payment_hash = Bill::new().hash;
    broken.bolt11.pop();
    for wrong in [other_hash, broken] {
        let outcome = wallet.pay(wrong).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(Kind::InvalidInvoice)), "{outcome:?}");
    }
    let elsewhere = (vendor.connect)(endpoint(&server.uri()), Network::Bitcoin);
    let outcome = elsewhere.pay(request(&bill)).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(Kind::InvalidInvoice)), "{outcome:?}");
    assert_eq!(payments.load(Ordering::SeqCst), 0);
}

async fn false_proofs_are_no_proofs(vendor: Vendor) {
    let bill = Bill::new();
    for lie in ["00".repeat(32), Bill::new().preimage, String::new(), "no hex".to_owned()] {
        let look = vendor.found.map_or(vendor.nothing_known(), |found| json(&found(&bill, &lie)));
        let mut timeouts = TIMEOUTS.into_iter();
        let (server, outcome) = loop {
            let timeout = timeouts.next().expect("the service was never asked");
            let (server, payments) = vendor.service(json(&(vendor.paid)(&bill, &lie)), look.clone()).await;
            let outcome = vendor.at(&server.uri()).pay(hasty(&bill, timeout)).await.unwrap();
            match payments.load(Ordering::SeqCst) {
                0 => {}
                1 => break (server, outcome),
                _ => panic!("paid again"),
            }
        };
        let wallet = vendor.at(&server.uri());
        assert!(!matches!(outcome, PayOutcome::Paid(_)), "{lie}");
        if vendor.found.is_some() {
            match wallet.lookup(bill.hash).await {
                Err(error) => assert_eq!(error.kind(), Kind::Protocol),
                Ok(PayOutcome::Pending) => {}
                Ok(other) => panic!("{other:?}"),
            }
        }
    }
}

async fn no_answer_is_pending(vendor: Vendor) {
    let html = "<html><body>Bad gateway</body></html>";
    for (status, body) in [
        (200, html.to_owned()),
        (200, "{\"status\": \"succ".to_owned()),
        (200, String::new()),
        (200, "[[[]]]".to_owned()),
        (200, " ".repeat(10_000_000)),
        (302, String::new()),
        (408, String::new()),
        (500, html.to_owned()),
        (502, html.to_owned()),
        (503, String::new()),
        (504, String::new()),
    ] {
        let answer = ResponseTemplate::new(status).set_body_string(body.clone());
        // Looking is forbidden, for otherwise the wallet would look until the request's timeout.
        let (server, payments) = vendor.service(answer, ResponseTemplate::new(401)).await;
        let outcome = vendor.at(&server.uri()).pay(request(&Bill::new())).await;
        let start: String = body.chars().take(30).collect();
        assert!(matches!(outcome, Ok(PayOutcome::Pending)), "{status} {start}: {outcome:?}");
        assert_eq!(payments.load(Ordering::SeqCst), 1, "{status}: paid again");
    }
    for (bytes, then) in [
        ("", Then::Close),
        ("", Then::Hang),
        ("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"da", Then::Close),
        ("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"da", Then::Hang),
        ("HTTP/1.1 99", Then::Close),
    ] {
        let mut timeouts = TIMEOUTS.into_iter();
        let outcome = loop {
            let timeout = timeouts.next().expect("the service was never asked");
            let server = RawServer::start(bytes, then).await;
            let outcome = vendor.at(&server.url).pay(hasty(&Bill::new(), timeout)).await;
            if server.requests() >= 1 {
                break outcome;
            }
        };
        let unsent = vendor.asks_first && matches!(outcome, Ok(PayOutcome::Failed(Kind::Unavailable)));
        assert!(unsent || matches!(outcome, Ok(PayOutcome::Pending)), "{bytes:?}: {outcome:?}");
    }
}

/// The answer is lost, the payment is not.
async fn a_lost_answer_is_looked_up(vendor: Vendor) {
    let Some(found) = vendor.found else { return };
    let bill = Bill::new();
    let look = json(&found(&bill, &bill.preimage));
    let (server, payments) = vendor.service(ResponseTemplate::new(502), look).await;
    let wallet = vendor.at(&server.uri());
    let payment = paid(wallet.pay(request(&bill)).await.unwrap());
    assert_eq!(payment.preimage.payment_hash(), bill.hash);
    assert_eq!(payments.load(Ordering::SeqCst), 1);
    assert_eq!(paid(wallet.lookup(bill.hash).await.unwrap()).preimage.payment_hash(), bill.hash);
}

async fn refusals_spend_nothing(vendor: Vendor) {
    let retry_after = Some(Duration::from_secs(7));
    for (status, expected) in
        [(401, Kind::Auth), (403, Kind::Forbidden), (429, Kind::RateLimited { retry_after })]
    {
        let refusal = ResponseTemplate::new(status).insert_header("retry-after", "7").set_body_string("no");
        let (server, payments) = vendor.service(refusal.clone(), refusal).await;
        let wallet = vendor.at(&server.uri());
        let error = wallet.pay(request(&Bill::new())).await.unwrap_err();
        assert_eq!(error.kind(), expected);
        assert!(payments.load(Ordering::SeqCst) <= 1, "{status}: paid again");
        if vendor.found.is_some() {
            assert_eq!(wallet.lookup(Bill::new().hash).await.unwrap_err().kind(), expected);
        }
        assert_eq!(wallet.balance().await.unwrap_err().kind(), expected);
    }
}

async fn nobody_there_spends_nothing(vendor: Vendor) {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let wallet = vendor.at(&format!("http://{address}"));
    let outcome = wallet.pay(request(&Bill::new())).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(Kind::Unavailable)), "{outcome:?}");
    assert_eq!(wallet.balance().await.unwrap_err().kind(), Kind::Unavailable);
}

async fn no_secret_is_printed(vendor: Vendor) {
    let bill = Bill::new();
    let echo = format!("{{\"message\":\"{KEY} {} {}\"}}", bill.preimage, bill.preimage_base64());
    let mut said = String::new();
    for status in [200, 400, 401, 500, 520] {
        let answer = ResponseTemplate::new(status).set_body_string(echo.clone());
        let (server, _) = vendor.service(answer.clone(), answer).await;
        let wallet = vendor.at(&server.uri());
        match wallet.pay(hasty(&bill, TIMEOUTS[0])).await {
            Ok(outcome) => said += &format!("{outcome:?}"),
            Err(error) => said += &log::everything_said_by(&error),
        }
        if let Err(error) = wallet.lookup(bill.hash).await {
            said += &log::everything_said_by(&error);
        }
        said += &log::everything_said_by(&wallet.balance().await.unwrap_err());
    }
    let (server, _) =
        vendor.service(json(&(vendor.paid)(&bill, &bill.preimage)), vendor.nothing_known()).await;
    said += &format!("{:?}", vendor.at(&server.uri()).pay(request(&bill)).await);
    said += &log::text();
    for secret in [KEY.to_owned(), bill.preimage.clone(), bill.preimage_base64()] {
        assert!(!said.contains(&secret), "{secret} in {said}");
    }
}
