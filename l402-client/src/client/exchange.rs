//! How reqwest sends a request again and again.

use std::time::Duration;

use l402_core::ports::BoxError;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Request, Response};

use super::transport::Transport;
use crate::decision::Answer;
use crate::engine::{Exchange, Head};
use crate::receipt::Receipt;

/// How long a server may take over the body of a bill.
pub(crate) const BODY_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct ReqwestExchange<'a> {
    transport: &'a Transport,
    /// The first one to send.
    request: Option<Request>,
    /// What all others are copied from. A request without one is sent once.
    spare: Option<Request>,
}

impl<'a> ReqwestExchange<'a> {
    pub(super) const fn new(transport: &'a Transport, request: Request, spare: Option<Request>) -> Self {
        Self { transport, request: Some(request), spare }
    }
}

impl Exchange for ReqwestExchange<'_> {
    type Response = Response;

    async fn send(&mut self, credential: Option<HeaderValue>) -> Result<Response, BoxError> {
        let request = self.request.take().or_else(|| self.spare.as_ref().and_then(Request::try_clone));
        let mut request = request.ok_or("the request cannot be sent again")?;
        if let Some(credential) = credential {
            request.headers_mut().insert(AUTHORIZATION, credential);
        }
        Ok(self.transport.execute(request).await?)
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
