//! [`L402Middleware`]: paying for clients of the crate `reqwest-middleware`. Feature `reqwest-middleware`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::Extensions;
use l402_core::ports::BoxError;
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next};

use crate::client::{L402Client, head_of, read_body};
use crate::engine::{Call, Description, Engine, Exchange, Head, drive};
use crate::error::ClientError;
use crate::receipt::Receipt;

/// Pays for what is answered with 402, from the wallet and within the budget of an [`L402Client`].
///
/// Answers that were paid for have a [`Receipt`] ([`Receipt::of`]). An error of this middleware is a
/// [`reqwest_middleware::Error::Middleware`] that can be downcast to [`ClientError`].
///
/// ```
/// use l402_client::{L402Client, L402Middleware};
///
/// fn with_payments(client: &L402Client, http: reqwest::Client) -> reqwest_middleware::ClientWithMiddleware {
///     reqwest_middleware::ClientBuilder::new(http).with(L402Middleware::new(client)).build()
/// }
/// ```
///
/// # Security
/// - Middleware that tries again belongs outside, that is before this one: each try inside would be a request that
///   this one does not see.
/// - Let the `reqwest::Client` below follow no redirects to other origins. Nothing is paid where one led to another
///   origin, but the money may be paid before it does.
#[derive(Clone)]
pub struct L402Middleware {
    engine: Arc<Engine>,
}

impl L402Middleware {
    /// Shares wallet, budget, store and tokens with `client`; its own HTTP client is not used.
    #[must_use]
    pub fn new(client: &L402Client) -> Self {
        Self { engine: Arc::clone(client.engine()) }
    }

    async fn pay(
        &self,
        request: Request,
        extensions: &mut Extensions,
        next: Next<'_>,
    ) -> Result<Response, ClientError> {
        let spare = request.try_clone();
        let description = Description {
            method: request.method().as_str(),
            url: request.url(),
            is_authorized: request.headers().contains_key(AUTHORIZATION),
            is_repeatable: spare.is_some(),
            max_cost: None,
        };
        let (call, credential) = Call::start(&self.engine, description).await?;
        let mut exchange = MiddlewareExchange { next, extensions, request: Some(request), spare };
        drive(call, credential, &mut exchange).await
    }
}

/// As the macro that `reqwest-middleware` uses would write it.
impl Middleware for L402Middleware {
    fn handle<'s, 'e, 'n, 'f>(
        &'s self,
        request: Request,
        extensions: &'e mut Extensions,
        next: Next<'n>,
    ) -> Pin<Box<dyn Future<Output = Result<Response, Error>> + Send + 'f>>
    where
        's: 'f,
        'e: 'f,
        'n: 'f,
        Self: 'f,
    {
        Box::pin(async move { self.pay(request, extensions, next).await.map_err(Error::middleware) })
    }
}

impl fmt::Debug for L402Middleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("L402Middleware").finish_non_exhaustive()
    }
}

struct MiddlewareExchange<'n, 'e> {
    next: Next<'n>,
    extensions: &'e mut Extensions,
    /// The first one to send.
    request: Option<Request>,
    /// What all others are copied from. A request without one is sent once.
    spare: Option<Request>,
}

impl Exchange for MiddlewareExchange<'_, '_> {
    type Response = Response;

    async fn send(&mut self, credential: Option<HeaderValue>) -> Result<Response, BoxError> {
        let request = self.request.take().or_else(|| self.spare.as_ref().and_then(Request::try_clone));
        let mut request = request.ok_or("the request cannot be sent again")?;
        if let Some(credential) = credential {
            request.headers_mut().insert(AUTHORIZATION, credential);
        }
        match self.next.clone().run(request, self.extensions).await {
            Ok(response) => Ok(response),
            Err(Error::Reqwest(error)) => Err(error.into()),
            Err(error) => Err(error.into()),
        }
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
