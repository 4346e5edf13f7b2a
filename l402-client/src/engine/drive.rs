//! [`drive`]: sends and answers in turn until the answer is the caller's, over whatever [`Exchange`].

use std::future::Future;

use http::HeaderValue;
use l402_core::ports::BoxError;

use super::call::{Call, Head, Next};
use crate::error::ClientError;
use crate::receipt::Receipt;

/// How one HTTP library sends a request again and again.
pub(crate) trait Exchange: Send {
    type Response: Send;

    /// Sends the request with this `Authorization`; without one, as the caller made it.
    fn send(
        &mut self,
        credential: Option<HeaderValue>,
    ) -> impl Future<Output = Result<Self::Response, BoxError>> + Send;

    /// Looks at the beginning of an answer.
    fn look<T>(&self, response: &Self::Response, look: impl FnOnce(Head<'_>) -> T) -> T;

    /// Reads the body, up to `limit` bytes and one more if there are more.
    fn read(
        &mut self,
        response: &mut Self::Response,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<u8>, BoxError>> + Send;

    /// Puts the receipt where the caller finds it.
    fn attach(&self, response: &mut Self::Response, receipt: Receipt);
}

/// Sends a request as often as its `call` says, and returns the last answer.
pub(crate) async fn drive<E: Exchange>(
    mut call: Call,
    mut credential: Option<HeaderValue>,
    exchange: &mut E,
) -> Result<E::Response, ClientError> {
    loop {
        let mut response = exchange.send(credential).await.map_err(|error| call.failed(error))?;
        let mut body = None;
        credential = loop {
            let (refused, meaning) = exchange.look(&response, |head| {
                let head = Head { body: body.as_deref(), ..head };
                (call.refused_tokens(head), call.judge(head))
            });
            match call.act(meaning, refused).await? {
                Next::Deliver(receipt) => {
                    if let Some(receipt) = receipt {
                        exchange.attach(&mut response, receipt);
                    }
                    return Ok(response);
                }
                Next::ReadBody(limit) => {
                    let read = Box::pin(exchange.read(&mut response, limit)).await;
                    body = Some(read.map_err(|error| call.failed(error))?);
                }
                Next::Send(credential) => break credential,
            }
        };
    }
}
