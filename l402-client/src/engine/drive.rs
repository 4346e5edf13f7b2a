//! [`drive`]: sends and answers in turn until the answer is the caller's, over whatever [`Exchange`].

use std::future::Future;

use http::{HeaderValue, StatusCode};
use l402_core::Msat;
use l402_core::ports::BoxError;
use url::Url;

use super::Engine;
use super::call::{Call, Description, Head, Next};
use super::show::Shown;
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

    /// What is asked. `None` for a request that goes nowhere in particular, whose answer is the caller's whatever it is.
    fn describe(&self) -> Option<Description>;

    fn status(&self, response: &Self::Response) -> StatusCode;

    /// Looks at the beginning of an answer to a request that was sent to `asked`.
    fn look<T>(&self, response: &Self::Response, asked: &Url, look: impl FnOnce(Head<'_>) -> T) -> T;

    /// Reads the body, up to `limit` bytes and one more if there are more.
    fn read(
        &mut self,
        response: &mut Self::Response,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<u8>, BoxError>> + Send;

    /// Puts the receipt where the caller finds it.
    fn attach(&self, response: &mut Self::Response, receipt: Receipt);
}

/// Sends a request, showing the token at hand if there is one, and does about the answer what there is to do: nothing, in
/// most cases.
pub(crate) async fn drive<E: Exchange>(
    engine: &Engine,
    exchange: &mut E,
    shown: Option<Shown>,
    max_cost: Option<Msat>,
) -> Result<E::Response, ClientError> {
    let credential = shown.as_ref().and_then(Shown::credential);
    let response = exchange.send(credential).await.map_err(ClientError::http)?;
    let status = exchange.status(&response);
    if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::PAYMENT_REQUIRED)
        && let Some(asked) = exchange.describe()
    {
        // In a box, so that requests that are simply answered are not as large as those that are not.
        return Box::pin(negotiate(engine, asked, exchange, shown, max_cost, response)).await;
    }
    if let Some(shown) = shown {
        engine.finish(shown, status).await;
    }
    Ok(response)
}

/// Sends a request again as often as its [`Call`] says, and returns the last answer.
async fn negotiate<E: Exchange>(
    engine: &Engine,
    asked: Description,
    exchange: &mut E,
    shown: Option<Shown>,
    max_cost: Option<Msat>,
    mut response: E::Response,
) -> Result<E::Response, ClientError> {
    let mut call = Call::new(engine, &asked, shown, max_cost);
    loop {
        let mut body = None;
        let credential = loop {
            let (refused, meaning) = exchange.look(&response, &asked.url, |head| {
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
                    let read = exchange.read(&mut response, limit).await;
                    body = Some(read.map_err(|error| call.failed(error))?);
                }
                Next::Send(credential) => break credential,
            }
        };
        response = exchange.send(credential).await.map_err(|error| call.failed(error))?;
    }
}
