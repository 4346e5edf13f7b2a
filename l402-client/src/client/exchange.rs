//! How a request of reqwest is sent again and again, whatever sends it.

use std::sync::Arc;
use std::time::Duration;

use l402_core::Msat;
use l402_core::ports::BoxError;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Request, Response, StatusCode};
use url::Url;

use super::transport::Transport;
use crate::decision::Answer;
use crate::engine::{Description, Engine, Exchange, Head, drive};
use crate::error::ClientError;
use crate::receipt::Receipt;

/// How long a server may take over the body of a bill.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What sends a request of reqwest, once.
pub(crate) trait Sender: Send {
    fn send(&mut self, request: Request) -> impl Future<Output = Result<Response, BoxError>> + Send;
}

impl Sender for Arc<Transport> {
    fn send(&mut self, request: Request) -> impl Future<Output = Result<Response, BoxError>> + Send {
        let sent = self.execute(request);
        async move { Ok(sent.await?) }
    }
}

/// One request of the caller's, on its way to a server.
pub(crate) struct ReqwestExchange<S> {
    sender: S,
    /// The first one to send.
    first: Option<Request>,
    /// What all others are copied from; without its body, where that can be sent once only.
    spare: Request,
    is_repeatable: bool,
    is_authorized: bool,
}

impl<S: Sender> ReqwestExchange<S> {
    pub(crate) fn new(sender: S, request: Request) -> Self {
        let is_authorized = request.headers().contains_key(AUTHORIZATION);
        let copy = request.try_clone();
        let is_repeatable = copy.is_some();
        let spare = copy.unwrap_or_else(|| Request::new(request.method().clone(), request.url().clone()));
        Self { sender, first: Some(request), spare, is_repeatable, is_authorized }
    }

    /// Sends the request, with a token at hand if there is one, and pays for it if need be.
    pub(crate) async fn run(
        &mut self,
        engine: &Engine,
        max_cost: Option<Msat>,
    ) -> Result<Response, ClientError> {
        let shown = match self.is_authorized {
            true => None,
            false => engine.show(self.spare.method(), self.spare.url()).await?,
        };
        drive(engine, self, shown, max_cost).await
    }
}

impl<S: Sender> Exchange for ReqwestExchange<S> {
    type Response = Response;

    fn send(
        &mut self,
        credential: Option<HeaderValue>,
    ) -> impl Future<Output = Result<Response, BoxError>> + Send {
        let again = || self.is_repeatable.then(|| self.spare.try_clone()).flatten();
        let request = self.first.take().or_else(again).map(|mut request| {
            if let Some(credential) = credential {
                request.headers_mut().insert(AUTHORIZATION, credential);
            }
            self.sender.send(request)
        });
        async move { request.ok_or("the request cannot be sent again")?.await }
    }

    fn describe(&self) -> Option<Description> {
        let (method, url) = (self.spare.method().clone(), self.spare.url().clone());
        let Self { is_authorized, is_repeatable, .. } = *self;
        Some(Description { method, url, is_authorized, is_repeatable })
    }

    fn status(&self, response: &Response) -> StatusCode {
        response.status()
    }

    fn look<T>(&self, response: &Response, _: &Url, look: impl FnOnce(Head<'_>) -> T) -> T {
        look(head_of(response))
    }

    async fn read(&mut self, response: &mut Response, limit: usize) -> Result<Vec<u8>, BoxError> {
        Ok(read_body(response, limit).await?)
    }

    fn attach(&self, response: &mut Response, receipt: Receipt) {
        response.extensions_mut().insert(receipt);
    }
}

pub(crate) fn head_of(response: &Response) -> Head<'_> {
    Head { status: response.status(), headers: response.headers(), url: response.url(), body: None }
}

impl<'a> From<Head<'a>> for Answer<'a> {
    fn from(head: Head<'a>) -> Self {
        Self { status: head.status, headers: head.headers, url: head.url, body: head.body }
    }
}

/// The body of a bill, up to `limit` bytes and perhaps some more. One that takes too long ends where it is.
pub(crate) async fn read_body(response: &mut Response, limit: usize) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    let read = async {
        while let Some(chunk) = response.chunk().await? {
            let room = (limit + 1).saturating_sub(body.len());
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if body.len() > limit {
                break;
            }
        }
        Ok(())
    };
    match tokio::time::timeout(BODY_TIMEOUT, read).await {
        Ok(Err(error)) => Err(error),
        Ok(Ok(())) | Err(_) => Ok(body),
    }
}
