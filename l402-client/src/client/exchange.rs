//! How a request of reqwest is sent again and again, whatever sends it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use l402_core::Msat;
use l402_core::ports::BoxError;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Request, Response};

use super::transport::Transport;
use crate::decision::Answer;
use crate::engine::{Call, Description, Engine, Exchange, Head, drive};
use crate::error::ClientError;
use crate::receipt::Receipt;

/// How long a server may take over the body of a bill.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// What sends a request of reqwest, once.
pub(crate) trait Sender: Send {
    fn send(&mut self, request: Request) -> impl Future<Output = Result<Response, BoxError>> + Send;
}

impl Sender for &Transport {
    async fn send(&mut self, request: Request) -> Result<Response, BoxError> {
        Ok(self.execute(request).await?)
    }
}

/// Sends a request, with a token at hand if there is one, and pays for it if need be.
pub(crate) async fn execute(
    engine: &Arc<Engine>,
    sender: impl Sender,
    request: Request,
    max_cost: Option<Msat>,
) -> Result<Response, ClientError> {
    let spare = request.try_clone();
    let description = Description {
        method: request.method().as_str(),
        url: request.url(),
        is_authorized: request.headers().contains_key(AUTHORIZATION),
        is_repeatable: spare.is_some(),
        max_cost,
    };
    let (call, credential) = Call::start(engine, description).await?;
    drive(call, credential, &mut ReqwestExchange { sender, first: Some(request), spare }).await
}

struct ReqwestExchange<S> {
    sender: S,
    /// The first one to send.
    first: Option<Request>,
    /// What all others are copied from. A request without one is sent once.
    spare: Option<Request>,
}

impl<S: Sender> Exchange for ReqwestExchange<S> {
    type Response = Response;

    async fn send(&mut self, credential: Option<HeaderValue>) -> Result<Response, BoxError> {
        let request = self.first.take().or_else(|| self.spare.as_ref().and_then(Request::try_clone));
        let mut request = request.ok_or("the request cannot be sent again")?;
        if let Some(credential) = credential {
            request.headers_mut().insert(AUTHORIZATION, credential);
        }
        self.sender.send(request).await
    }

    fn look<T>(&self, response: &Response, look: impl FnOnce(Head<'_>) -> T) -> T {
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
