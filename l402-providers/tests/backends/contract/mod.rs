//! What every provider has to get right, whatever the other side does and however it is reached.
#![allow(clippy::future_not_send, reason = "a test is one thread's")]

mod http;
#[cfg(feature = "nwc")]
mod nwc;

use l402_core::ports::{BackendErrorKind as Kind, InvoiceProvider, Settlement};
use l402_core::{Msat, Network, Preimage};
use l402_providers::Endpoint;
use serde_json::Value;

use crate::support::bill::{Bill, order};
use crate::support::log;

pub(crate) use http::{KEY, endpoint};

/// A backend that is reached over HTTP.
pub(crate) type Vendor = Backend<Endpoint>;

/// One backend, as far as hostile answers need to know it.
pub(crate) struct Backend<T: Transport> {
    pub(crate) connect: fn(T, Network) -> Box<dyn InvoiceProvider>,
    /// The result of an order, with the preimage if this backend shows it then.
    pub(crate) created: fn(&Bill) -> Value,
    /// What invoices are looked up by.
    pub(crate) lookup_id: fn(&Bill) -> String,
    /// The result for an invoice that is not paid, with the preimage if this backend shows it then.
    pub(crate) open: fn(&Bill) -> Value,
    /// The result for a paid one, with this text for a preimage.
    pub(crate) settled: Option<fn(&Bill, &str) -> Value>,
}

/// How a backend is reached. The type is what a provider is connected with: an endpoint, or a connection's URI.
pub(crate) trait Transport: Sized {
    /// What the other side does with a request.
    type Answer;
    /// The other side, until it is dropped.
    type Side: Side<Self>;

    /// A result.
    fn result(result: &Value) -> Self::Answer;
    /// Everything that is no result.
    fn faults() -> Vec<Fault<Self::Answer>>;
    /// Refusals and nonsense in which these secrets stand.
    fn echoes(secrets: &str) -> Vec<Self::Answer>;
    /// Another side that does the same with every request.
    async fn answering(answer: Self::Answer) -> Self::Side;
    /// Where nobody is.
    async fn nobody() -> Self;
}

/// The other side.
pub(crate) trait Side<T> {
    fn transport(&self) -> T;
    /// What lets a provider in.
    fn secret(&self) -> String;
    /// How many requests have come so far.
    fn requests(&self) -> usize;
}

/// Something that goes wrong, and what it means.
pub(crate) struct Fault<A> {
    pub(crate) name: String,
    pub(crate) answer: A,
    /// What an order ends with. It is sent once.
    pub(crate) order: Kind,
    /// What a look-up ends with, and after how many tries; `None` where this is about orders alone.
    pub(crate) lookup: Option<(Kind, usize)>,
}

/// Runs every case.
pub(crate) async fn check<T: Transport>(backend: Backend<T>) {
    log::start();
    let backend = &backend;
    good_answers_are_passed_on(backend).await;
    wrong_invoices_are_found_out(backend).await;
    preimages_of_unpaid_invoices_stay_inside(backend).await;
    faults_have_meanings(backend).await;
    nobody_there_is_unavailable(backend).await;
    no_secret_is_printed(backend).await;
}

impl<T: Transport> Backend<T> {
    async fn says(&self, result: &Value) -> T::Side {
        T::answering(T::result(result)).await
    }

    fn at(&self, side: &T::Side) -> Box<dyn InvoiceProvider> {
        (self.connect)(side.transport(), Network::Regtest)
    }

    async fn order_from(&self, side: &T::Side) -> Kind {
        self.at(side).create_invoice(order(Msat::from_sat(21))).await.unwrap_err().kind()
    }

    async fn look_up_at(&self, side: &T::Side) -> Kind {
        self.at(side).settlement((self.lookup_id)(&Bill::new())).await.unwrap_err().kind()
    }
}

async fn good_answers_are_passed_on<T: Transport>(backend: &Backend<T>) {
    let bill = Bill::new();
    let created = backend.says(&(backend.created)(&bill)).await;
    let invoice = backend.at(&created).create_invoice(order(bill.amount)).await.unwrap();
    assert_eq!((&invoice.bolt11, invoice.payment_hash), (&bill.bolt11, bill.hash));
    assert_eq!(invoice.lookup_id, (backend.lookup_id)(&bill));
    let Some(settled) = backend.settled else { return };
    let settled = backend.says(&settled(&bill, &bill.preimage)).await;
    let answer = backend.at(&settled).settlement(invoice.lookup_id).await.unwrap();
    let Settlement::Settled { preimage, .. } = answer else { panic!("{answer:?}") };
    assert!(preimage.is_none_or(|preimage| preimage.payment_hash() == bill.hash));
}

async fn wrong_invoices_are_found_out<T: Transport>(backend: &Backend<T>) {
    let (bill, dear) = (Bill::new(), Bill::of(Msat::from_sat(22)));
    let side = backend.says(&(backend.created)(&dear)).await;
    assert_eq!(backend.order_from(&side).await, Kind::Protocol, "another amount");

    let side = backend.says(&(backend.created)(&bill)).await;
    let elsewhere = (backend.connect)(side.transport(), Network::Signet);
    let error = elsewhere.create_invoice(order(bill.amount)).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Protocol, "another network");

    let no_invoice = (backend.created)(&Bill { bolt11: "lnbcrt1".to_owned(), ..Bill::new() });
    let side = backend.says(&no_invoice).await;
    assert_eq!(backend.order_from(&side).await, Kind::Protocol, "no invoice");

    let other_hash = (backend.created)(&Bill { hash: dear.hash, ..Bill::new() });
    let text = other_hash.to_string();
    if text.contains(&dear.hash.to_string()) || text.contains(&dear.hash_base64()) {
        let side = backend.says(&other_hash).await;
        assert_eq!(backend.order_from(&side).await, Kind::Protocol, "another hash");
    }
}

async fn preimages_of_unpaid_invoices_stay_inside<T: Transport>(backend: &Backend<T>) {
    let bill = Bill::new();
    let Some(settled) = backend.settled else { return };
    let id = (backend.lookup_id)(&bill);
    let open = backend.says(&(backend.open)(&bill)).await;
    let answer = backend.at(&open).settlement(id.clone()).await.unwrap();
    assert!(matches!(answer, Settlement::Open), "{answer:?}");
    for false_preimage in ["00".repeat(32), Bill::new().preimage, String::new(), "no hex".to_owned()] {
        let side = backend.says(&settled(&bill, &false_preimage)).await;
        match backend.at(&side).settlement(id.clone()).await {
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

async fn faults_have_meanings<T: Transport>(backend: &Backend<T>) {
    for Fault { name, answer, order, lookup } in T::faults() {
        let side = T::answering(answer).await;
        assert_eq!(backend.order_from(&side).await, order, "{name}");
        let orders = side.requests();
        assert!(orders <= 1, "{name}: an order is sent once");
        if let (Some((kind, tries)), Some(_)) = (lookup, backend.settled) {
            assert_eq!(backend.look_up_at(&side).await, kind, "{name}");
            assert_eq!(side.requests() - orders, tries, "{name}: look-ups");
        }
    }
}

async fn nobody_there_is_unavailable<T: Transport>(backend: &Backend<T>) {
    let provider = (backend.connect)(T::nobody().await, Network::Regtest);
    let error = provider.create_invoice(order(Msat::from_sat(21))).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Unavailable);
    if backend.settled.is_some() {
        let error = provider.settlement((backend.lookup_id)(&Bill::new())).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Unavailable);
    }
}

async fn no_secret_is_printed<T: Transport>(backend: &Backend<T>) {
    let bill = Bill::new();
    let mut hush = vec![bill.preimage.clone(), bill.preimage_base64()];
    let mut said = String::new();
    // A preimage where an invoice is expected.
    let misplaced = (backend.created)(&Bill { bolt11: bill.preimage.clone(), ..Bill::new() });
    let mut answers = T::echoes(&format!("{KEY} {} {}", bill.preimage, bill.preimage_base64()));
    answers.push(T::result(&misplaced));
    for answer in answers {
        let side = T::answering(answer).await;
        hush.push(side.secret());
        let provider = backend.at(&side);
        let error = provider.create_invoice(order(bill.amount)).await.unwrap_err();
        said += &log::everything_said_by(&error);
        if let Err(error) = provider.settlement((backend.lookup_id)(&bill)).await {
            said += &log::everything_said_by(&error);
        }
    }
    said += &log::text();
    for secret in hush {
        assert!(!said.contains(&secret), "{secret} in {said}");
    }
}
