//! [`L402Middleware`]: paying for clients of the crate `reqwest-middleware`. Feature `reqwest-middleware`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::Extensions;
use l402_core::ports::BoxError;
use reqwest::{Request, Response};
use reqwest_middleware::{Error, Middleware, Next};

use crate::client::{L402Client, ReqwestExchange, Sender};
use crate::engine::Engine;

/// Pays for what is answered with 402, from the wallet and within the budget of an [`L402Client`].
///
/// Answers that were paid for have a [`Receipt`](crate::Receipt) ([`Receipt::of`](crate::Receipt::of)). An error of this middleware is a
/// [`reqwest_middleware::Error::Middleware`] that can be downcast to [`ClientError`](crate::ClientError).
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
        let mut exchange = ReqwestExchange::new(Rest { next, extensions }, request);
        Box::pin(async move { exchange.run(&self.engine, None).await.map_err(Error::middleware) })
    }
}

impl fmt::Debug for L402Middleware {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("L402Middleware").finish_non_exhaustive()
    }
}

/// The middleware below, and the client below that.
struct Rest<'n, 'e> {
    next: Next<'n>,
    extensions: &'e mut Extensions,
}

impl Sender for Rest<'_, '_> {
    async fn send(&mut self, request: Request) -> Result<Response, BoxError> {
        match self.next.clone().run(request, self.extensions).await {
            Ok(response) => Ok(response),
            Err(Error::Reqwest(error)) => Err(error.into()),
            Err(error) => Err(error.into()),
        }
    }
}
