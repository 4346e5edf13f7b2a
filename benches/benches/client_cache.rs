//! What a client that has a token at hand adds to a request: nothing is sent, so that all of it is the client's own.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may stop")]

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::hint::black_box;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request, Response, header};
use criterion::{Criterion, criterion_group, criterion_main};
use l402_client::{L402Client, L402Layer, reqwest};
use l402_core::header::Challenge;
use l402_core::ports::{InvoiceProvider, NewInvoice};
use l402_core::{Identifier, Macaroon, Msat, RootKey, TokenId};
use l402_dev::DevNode;
use tower_layer::Layer;
use tower_service::Service;

const URL: &str = "https://api.example.com/reports/2026?lang=en";

/// Answers at once: with the bill, or with nothing for whoever shows a credential.
#[derive(Clone)]
struct Shop(String);

impl Service<Request<()>> for Shop {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        let answer = Response::builder();
        let answer = match request.headers().get(header::AUTHORIZATION) {
            Some(_) => answer.status(200),
            None => answer.status(402).header(header::WWW_AUTHENTICATE, &self.0),
        };
        ready(Ok(answer.body(Body::empty()).unwrap()))
    }
}

/// Sells what this workspace mints: a token for a path and a method.
fn shop(node: &DevNode) -> Shop {
    let asked = NewInvoice::new(Msat::from_sat(10), String::new(), Duration::from_secs(600));
    let invoice = at_once(node.provider().create_invoice(asked)).unwrap();
    let identifier =
        Identifier { payment_hash: invoice.payment_hash, token_id: TokenId::from_bytes([1; 32]) };
    let macaroon = Macaroon::new(&RootKey::new(&[7; 32]).unwrap(), &identifier.to_bytes(), b"lsat").unwrap();
    let caveats = ["path=/reports/2026", "method=GET", "expires_at=4000000000"];
    let macaroon =
        caveats.iter().fold(macaroon, |macaroon, caveat| macaroon.attenuate(caveat.as_bytes()).unwrap());
    Shop(Challenge::new(macaroon, invoice.bolt11).unwrap().to_header_value())
}

/// Nothing here waits.
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the answer is not there"),
    }
}

fn request() -> Request<()> {
    let request = Request::get(URL).header(header::ACCEPT, "*/*").header(header::USER_AGENT, "bench");
    request.body(()).unwrap()
}

fn hits(criterion: &mut Criterion) {
    let node = DevNode::new().unwrap();
    let client = L402Client::builder(node.wallet()).build().unwrap();
    let mut bare = shop(&node);
    let mut paying = L402Layer::new(&client).layer(bare.clone());
    for _ in 0..2 {
        assert_eq!(at_once(paying.call(request())).unwrap().status(), 200);
    }
    assert_eq!(node.payments().len(), 1);

    let mut group = criterion.benchmark_group("client_cache");
    let url = URL.parse().unwrap();
    assert!(client.credential(&Method::GET, &url).is_some());
    group.bench_function("find a token", |bencher| {
        bencher.iter(|| client.credential(black_box(&Method::GET), black_box(&url)));
    });
    let other = "https://other.example.com/".parse().unwrap();
    group.bench_function("find none", |bencher| {
        bencher.iter(|| client.credential(black_box(&Method::GET), black_box(&other)));
    });
    group.bench_function("request without client", |bencher| {
        bencher.iter(|| at_once(bare.call(request())).unwrap())
    });
    group.bench_function("request with a token at hand", |bencher| {
        bencher.iter(|| at_once(paying.call(request())).unwrap());
    });
    // What the reqwest driver does besides, to be able to send again.
    let spare = reqwest::Client::new().get(URL).header("accept", "*/*").build().unwrap();
    group.bench_function("copy of a request of reqwest", |bencher| {
        bencher.iter(|| black_box(&spare).try_clone())
    });
    group.finish();
}

criterion_group!(benches, hits);
criterion_main!(benches);
