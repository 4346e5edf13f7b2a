//! A shop that answers at once, in process, so that all that is measured around it is the client's own.

use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::body::Body;
use axum::http::{Extensions, HeaderValue, Request, Response, header, response};
use l402_client::reqwest::{self, ResponseBuilderExt};
use l402_core::header::Challenge;
use l402_core::ports::{InvoiceProvider, NewInvoice};
use l402_core::{Identifier, Macaroon, Msat, RootKey, TokenId};
use l402_dev::DevNode;
use reqwest_middleware::{Middleware, Next};
use tower_service::Service;

pub(crate) const PATH: &str = "/reports/2026?lang=en";

/// Answers with the bill, or with nothing for whoever shows a credential.
#[derive(Clone)]
pub(crate) struct Shop(HeaderValue);

impl Shop {
    /// Sells what this workspace mints: a token for a path and a method.
    pub(crate) fn of(node: &DevNode) -> Self {
        let asked = NewInvoice::new(Msat::from_sat(10), String::new(), Duration::from_secs(600));
        let invoice = at_once(node.provider().create_invoice(asked)).unwrap();
        let token_id = TokenId::from_bytes([1; 32]);
        let identifier = Identifier { payment_hash: invoice.payment_hash, token_id };
        let bare = Macaroon::new(&RootKey::new(&[7; 32]).unwrap(), &identifier.to_bytes(), b"lsat").unwrap();
        let caveats = ["path=/reports/2026", "method=GET", "expires_at=4000000000"];
        let macaroon =
            caveats.iter().fold(bare, |macaroon, caveat| macaroon.attenuate(caveat.as_bytes()).unwrap());
        let challenge = Challenge::new(macaroon, invoice.bolt11).unwrap();
        Self(challenge.to_header_value().parse().unwrap())
    }

    pub(crate) fn answer(&self, answer: response::Builder, is_paid: bool) -> Response<Body> {
        let answer = match is_paid {
            true => answer.status(200),
            false => answer.status(402).header(header::WWW_AUTHENTICATE, self.0.clone()),
        };
        answer.body(Body::empty()).unwrap()
    }
}

impl Service<Request<()>> for Shop {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        ready(Ok(self.answer(Response::builder(), request.headers().contains_key(header::AUTHORIZATION))))
    }
}

impl Middleware for Shop {
    fn handle<'s, 'e, 'n, 'f>(
        &'s self,
        request: reqwest::Request,
        _: &'e mut Extensions,
        _: Next<'n>,
    ) -> Pin<Box<dyn Future<Output = reqwest_middleware::Result<reqwest::Response>> + Send + 'f>>
    where
        's: 'f,
        'e: 'f,
        'n: 'f,
        Self: 'f,
    {
        let is_paid = request.headers().contains_key(header::AUTHORIZATION);
        let answer = self.answer(Response::builder().url(request.url().clone()), is_paid);
        Box::pin(ready(Ok(answer.map(|_| "").into())))
    }
}

/// What a `tower` service is asked.
pub(crate) fn request() -> Request<()> {
    let request = Request::get(format!("https://api.example.com{PATH}"));
    request.header(header::ACCEPT, "*/*").header(header::USER_AGENT, "bench").body(()).unwrap()
}

/// Nothing in process waits.
pub(crate) fn at_once<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("the answer is not there"),
    }
}
