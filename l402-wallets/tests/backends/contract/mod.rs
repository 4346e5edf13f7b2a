//! What every wallet has to get right with somebody's money, whatever the other side does and however it is reached.
#![allow(clippy::future_not_send, reason = "a test is one thread's")]

mod http;
#[cfg(feature = "nwc")]
mod nwc;

use std::time::Duration;

use l402_core::ports::{BackendErrorKind as Kind, PayOutcome, PayRequest, Payment, Wallet};
use l402_core::{Msat, Network};
use l402_wallets::Endpoint;
use serde_json::Value;

use crate::support::bill::Bill;
use crate::support::log;

pub(crate) use http::{KEY, endpoint, was_asked_to_pay};

/// Far more than a service in this process needs, however busy the machine is.
pub(crate) const LONG: Duration = Duration::from_secs(60);

/// How long a payment may take that gets no answer: each in turn, until the service was asked within that time. How long
/// that takes is up to the machine, and nothing is to be learned from a payment that was never sent.
pub(crate) const TIMEOUTS: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(25)];

/// A backend that is reached over HTTP.
pub(crate) type Vendor = Backend<Endpoint>;

/// One backend, as far as hostile answers need to know it.
pub(crate) struct Backend<T: Transport> {
    pub(crate) connect: fn(T, Network) -> Box<dyn Wallet>,
    /// Whether this request asks for money to be spent. All others look.
    pub(crate) is_payment: fn(&T::Request) -> bool,
    /// The result of a payment that succeeded, with this text for a preimage.
    pub(crate) paid: fn(&Bill, &str) -> Value,
    /// The result for a payment that succeeded earlier, with this text for a preimage. `None`: nothing can be looked up.
    pub(crate) found: Option<fn(&Bill, &str) -> Value>,
    /// Whether it asks for an earlier payment before it pays.
    pub(crate) asks_first: bool,
    /// What this service says of a payment that it knows nothing of.
    pub(crate) unknown: T::Unknown,
}

/// How a backend is reached. The type is what a wallet is connected with: an endpoint, or a connection's URI.
pub(crate) trait Transport: Sized {
    type Request: ?Sized;
    type Answer: Clone;
    /// Tells an answer that is not the same for all backends.
    type Unknown: Copy;
    type Service: Service<Self>;
    /// A service that breaks off, or never answers.
    type Broken: Copy + std::fmt::Debug + 'static;
    const BROKEN: &'static [Self::Broken];

    /// A result.
    fn result(result: &Value) -> Self::Answer;
    fn unknown(unknown: Self::Unknown) -> Self::Answer;
    /// Answers to a payment that say nothing of it.
    fn unclear() -> Vec<(String, Self::Answer)>;
    /// Answers to a payment that may well have been made, or was made before.
    fn lost() -> Vec<Self::Answer>;
    /// Refusals before anything was done, and what they mean.
    fn refusals() -> Vec<(Self::Answer, Kind)>;
    /// Refusals and nonsense in which these secrets stand.
    fn echoes(secrets: &str) -> Vec<Self::Answer>;

    async fn serve(script: Script<Self>) -> Self::Service;
    async fn serve_broken(broken: Self::Broken) -> Self::Service;
    /// Where nobody is.
    async fn nobody() -> Self;
}

/// What a service says.
pub(crate) struct Script<T: Transport> {
    pub(crate) is_payment: fn(&T::Request) -> bool,
    pub(crate) payment: T::Answer,
    /// What those hear who look before the first payment.
    pub(crate) before: T::Answer,
    /// And after it.
    pub(crate) look: T::Answer,
}

/// The other side, until it is dropped.
pub(crate) trait Service<T> {
    fn transport(&self) -> T;
    /// What lets a wallet in.
    fn secret(&self) -> String;
    /// How often it was asked to pay; of one that is broken, how often it was asked at all.
    fn payments(&self) -> usize;
}

/// Runs every case.
pub(crate) async fn check<T: Transport>(backend: Backend<T>) {
    log::start();
    let backend = &backend;
    paying_gives_the_proof(backend).await;
    what_is_not_meant_is_not_paid(backend).await;
    false_proofs_are_no_proofs(backend).await;
    no_answer_is_pending(backend).await;
    a_lost_answer_is_looked_up(backend).await;
    refusals_spend_nothing(backend).await;
    nobody_there_spends_nothing(backend).await;
    no_secret_is_printed(backend).await;
}

/// One whose answer comes. Some backends are told how long the payment may take: a second less than [`LONG`].
pub(crate) fn request(bill: &Bill) -> PayRequest {
    hasty(bill, LONG)
}

pub(crate) fn hasty(bill: &Bill, timeout: Duration) -> PayRequest {
    PayRequest::new(bill.bolt11.clone(), bill.hash, Msat::from_sat(3), timeout)
}

#[track_caller]
pub(crate) fn paid(outcome: PayOutcome) -> Payment {
    match outcome {
        PayOutcome::Paid(payment) => payment,
        other => panic!("not paid: {other:?}"),
    }
}

impl<T: Transport> Backend<T> {
    fn at(&self, service: &T::Service) -> Box<dyn Wallet> {
        (self.connect)(service.transport(), Network::Regtest)
    }

    fn nothing_known(&self) -> T::Answer {
        T::unknown(self.unknown)
    }

    /// A service that answers payments with `payment` and looks with `look`.
    async fn service(&self, payment: T::Answer, look: T::Answer) -> T::Service {
        let before = if self.asks_first { self.nothing_known() } else { look.clone() };
        T::serve(Script { is_payment: self.is_payment, payment, before, look }).await
    }

    /// One that pays, and afterwards knows nothing of it.
    async fn paying(&self, bill: &Bill) -> T::Service {
        self.service(T::result(&(self.paid)(bill, &bill.preimage)), self.nothing_known()).await
    }
}

async fn paying_gives_the_proof<T: Transport>(backend: &Backend<T>) {
    let bill = Bill::new();
    let service = backend.paying(&bill).await;
    let payment = paid(backend.at(&service).pay(request(&bill)).await.unwrap());
    assert_eq!(payment.preimage.payment_hash(), bill.hash);
    assert_eq!(service.payments(), 1);
    if backend.found.is_some() {
        let unknown = backend.at(&service).lookup(bill.hash).await.unwrap_err();
        assert_eq!(unknown.kind(), Kind::NotFound);
    }
}

async fn what_is_not_meant_is_not_paid<T: Transport>(backend: &Backend<T>) {
    let bill = Bill::new();
    let service = backend.paying(&bill).await;
    let wallet = backend.at(&service);
    let (mut other_hash, mut broken) = (request(&bill), request(&bill));
    other_hash.payment_hash = Bill::new().hash;
    broken.bolt11.pop();
    for wrong in [other_hash, broken] {
        let outcome = wallet.pay(wrong).await.unwrap();
        assert!(matches!(outcome, PayOutcome::Failed(Kind::InvalidInvoice)), "{outcome:?}");
    }
    let elsewhere = (backend.connect)(service.transport(), Network::Bitcoin);
    let outcome = elsewhere.pay(request(&bill)).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(Kind::InvalidInvoice)), "{outcome:?}");
    assert_eq!(service.payments(), 0);
}

async fn false_proofs_are_no_proofs<T: Transport>(backend: &Backend<T>) {
    let bill = Bill::new();
    for lie in ["00".repeat(32), Bill::new().preimage, String::new(), "no hex".to_owned()] {
        let payment = T::result(&(backend.paid)(&bill, &lie));
        let found = backend.found.map(|found| T::result(&found(&bill, &lie)));
        let look = found.unwrap_or_else(|| backend.nothing_known());
        let mut timeouts = TIMEOUTS.into_iter();
        let (service, outcome) = loop {
            let timeout = timeouts.next().expect("the service was never asked");
            let service = backend.service(payment.clone(), look.clone()).await;
            let outcome = backend.at(&service).pay(hasty(&bill, timeout)).await.unwrap();
            match service.payments() {
                0 => {}
                1 => break (service, outcome),
                _ => panic!("paid again"),
            }
        };
        assert!(matches!(outcome, PayOutcome::Pending), "{lie}: {outcome:?}");
        if backend.found.is_some() {
            match backend.at(&service).lookup(bill.hash).await {
                Err(error) => assert_eq!(error.kind(), Kind::Protocol),
                Ok(PayOutcome::Pending) => {}
                Ok(other) => panic!("{other:?}"),
            }
        }
    }
}

async fn no_answer_is_pending<T: Transport>(backend: &Backend<T>) {
    // Looking is not allowed, for otherwise the wallet would look until the request's timeout.
    let (forbidden, _) = T::refusals().into_iter().find(|(_, kind)| *kind == Kind::Auth).unwrap();
    for (name, answer) in T::unclear() {
        let service = backend.service(answer, forbidden.clone()).await;
        let outcome = backend.at(&service).pay(request(&Bill::new())).await;
        assert!(matches!(outcome, Ok(PayOutcome::Pending)), "{name}: {outcome:?}");
        assert_eq!(service.payments(), 1, "{name}: paid again");
    }
    for &broken in T::BROKEN {
        let mut timeouts = TIMEOUTS.into_iter();
        let outcome = loop {
            let timeout = timeouts.next().expect("the service was never asked");
            let service = T::serve_broken(broken).await;
            let outcome = backend.at(&service).pay(hasty(&Bill::new(), timeout)).await;
            if service.payments() >= 1 {
                break outcome;
            }
        };
        let unsent = backend.asks_first && matches!(outcome, Ok(PayOutcome::Failed(Kind::Unavailable)));
        assert!(unsent || matches!(outcome, Ok(PayOutcome::Pending)), "{broken:?}: {outcome:?}");
    }
}

/// The answer is lost, the payment is not.
async fn a_lost_answer_is_looked_up<T: Transport>(backend: &Backend<T>) {
    let Some(found) = backend.found else { return };
    for lost in T::lost() {
        let bill = Bill::new();
        let service = backend.service(lost, T::result(&found(&bill, &bill.preimage))).await;
        let wallet = backend.at(&service);
        let payment = paid(wallet.pay(request(&bill)).await.unwrap());
        assert_eq!(payment.preimage.payment_hash(), bill.hash);
        assert_eq!(service.payments(), 1, "paid again");
        assert_eq!(paid(wallet.lookup(bill.hash).await.unwrap()).preimage.payment_hash(), bill.hash);
    }
}

async fn refusals_spend_nothing<T: Transport>(backend: &Backend<T>) {
    for (refusal, expected) in T::refusals() {
        let service = backend.service(refusal.clone(), refusal).await;
        let wallet = backend.at(&service);
        let error = wallet.pay(request(&Bill::new())).await.unwrap_err();
        assert_eq!(error.kind(), expected);
        assert!(service.payments() <= 1, "{expected}: paid again");
        if backend.found.is_some() {
            assert_eq!(wallet.lookup(Bill::new().hash).await.unwrap_err().kind(), expected);
        }
        assert_eq!(wallet.balance().await.unwrap_err().kind(), expected);
    }
}

async fn nobody_there_spends_nothing<T: Transport>(backend: &Backend<T>) {
    let wallet = (backend.connect)(T::nobody().await, Network::Regtest);
    let outcome = wallet.pay(request(&Bill::new())).await.unwrap();
    assert!(matches!(outcome, PayOutcome::Failed(Kind::Unavailable)), "{outcome:?}");
    assert_eq!(wallet.balance().await.unwrap_err().kind(), Kind::Unavailable);
}

async fn no_secret_is_printed<T: Transport>(backend: &Backend<T>) {
    let bill = Bill::new();
    let mut hush = vec![bill.preimage.clone(), bill.preimage_base64()];
    let mut said = String::new();
    for answer in T::echoes(&format!("{KEY} {} {}", bill.preimage, bill.preimage_base64())) {
        let service = backend.service(answer.clone(), answer).await;
        hush.push(service.secret());
        let wallet = backend.at(&service);
        match wallet.pay(hasty(&bill, TIMEOUTS[0])).await {
            Ok(outcome) => said += &format!("{outcome:?}"),
            Err(error) => said += &log::everything_said_by(&error),
        }
        for error in [wallet.lookup(bill.hash).await.err(), wallet.balance().await.err()] {
            said += &error.map(|error| log::everything_said_by(&error)).unwrap_or_default();
        }
    }
    let service = backend.paying(&bill).await;
    hush.push(service.secret());
    said += &format!("{:?}", backend.at(&service).pay(request(&bill)).await);
    said += &log::text();
    for secret in hush {
        assert!(!said.contains(&secret), "{secret} in {said}");
    }
}
