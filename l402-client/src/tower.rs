//! [`L402Layer`]: paying as a layer around hyper clients and other `tower` services. Feature `tower`.

use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Buf;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use http_body::Body;
use l402_core::ports::BoxError;
use tower_layer::Layer;
use tower_service::Service;
use url::Url;

use crate::client::{BODY_TIMEOUT, L402Client};
use crate::engine::{Call, Description, Engine, Exchange, Head, drive};
use crate::error::ClientError;
use crate::receipt::Receipt;

/// Pays for what the service below answers with 402, from the wallet and within the budget of an [`L402Client`].
///
/// Requests name their target in full (`https://api.example.com/report`), as those of hyper clients do; others go
/// through as they are. Their bodies must be [`Clone`], since a paid request is sent twice: whether a body can be
/// repeated is thus settled when the program is compiled. Answers that were paid for have a [`Receipt`] among their
/// extensions.
///
/// ```
/// use l402_client::{L402Client, L402Layer};
/// use tower_layer::Layer;
/// # fn wrap<S>(client: &L402Client, http: S) -> impl Sized {
/// // `http` is a `hyper_util::client::legacy::Client<_, http_body_util::Full<Bytes>>`, for example.
/// let paying = L402Layer::new(client).layer(http);
/// # paying
/// # }
/// ```
///
/// # Security
/// A layer that follows redirects belongs around this one, not inside it: what is inside must not turn to another
/// origin unseen.
#[derive(Clone)]
pub struct L402Layer {
    engine: Arc<Engine>,
}

impl L402Layer {
    /// Shares wallet, budget, store and tokens with `client`; its own HTTP client is not used.
    #[must_use]
    pub fn new(client: &L402Client) -> Self {
        Self { engine: Arc::clone(client.engine()) }
    }
}

impl<S> Layer<S> for L402Layer {
    type Service = L402Service<S>;

    fn layer(&self, inner: S) -> L402Service<S> {
        L402Service { inner, engine: Arc::clone(&self.engine) }
    }
}

impl fmt::Debug for L402Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("L402Layer").finish_non_exhaustive()
    }
}

/// The service of an [`L402Layer`].
#[derive(Clone)]
pub struct L402Service<S> {
    inner: S,
    engine: Arc<Engine>,
}

impl<S> fmt::Debug for L402Service<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("L402Service").finish_non_exhaustive()
    }
}

impl<S, B, R> Service<Request<B>> for L402Service<S>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>, Future: Send>
        + Clone
        + Send
        + 'static,
    B: Clone + Send + 'static,
    R: Body<Data: Send, Error: Into<BoxError>> + Unpin + Send + 'static,
{
    type Response = Response<R>;
    type Error = ClientError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, ClientError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ClientError>> {
        self.inner.poll_ready(context).map_err(ClientError::http)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that is ready goes along; its clone need not be.
        let clone = self.inner.clone();
        let service = mem::replace(&mut self.inner, clone);
        let engine = Arc::clone(&self.engine);
        Box::pin(async move {
            match request.uri().to_string().parse() {
                Ok(url) => pay(&engine, service, request, url).await,
                Err(_) => { service }.call(request).await.map_err(ClientError::http), // to nowhere in particular
            }
        })
    }
}

async fn pay<S, B, R>(
    engine: &Arc<Engine>,
    service: S,
    request: Request<B>,
    url: Url,
) -> Result<Response<R>, ClientError>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>, Future: Send> + Send,
    B: Clone + Send,
    R: Body<Data: Send, Error: Into<BoxError>> + Unpin + Send,
{
    let description = Description {
        method: request.method().as_str(),
        url: &url,
        is_authorized: request.headers().contains_key(AUTHORIZATION),
        is_repeatable: true,
        max_cost: None,
    };
    let (call, credential) = Call::start(engine, description).await?;
    let spare = request.clone();
    let mut exchange = TowerExchange { service, is_ready: true, url, request: Some(request), spare };
    drive(call, credential, &mut exchange).await
}

struct TowerExchange<S, B> {
    service: S,
    /// The service was asked whether it is ready, and is.
    is_ready: bool,
    url: Url,
    /// The first one to send.
    request: Option<Request<B>>,
    /// What all others are copied from.
    spare: Request<B>,
}

impl<S, B, R> Exchange for TowerExchange<S, B>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>, Future: Send> + Send,
    B: Clone + Send,
    R: Body<Data: Send, Error: Into<BoxError>> + Unpin + Send,
{
    type Response = Response<R>;

    async fn send(&mut self, credential: Option<HeaderValue>) -> Result<Response<R>, BoxError> {
        let mut request = self.request.take().unwrap_or_else(|| self.spare.clone());
        if let Some(credential) = credential {
            request.headers_mut().insert(AUTHORIZATION, credential);
        }
        if !mem::take(&mut self.is_ready) {
            poll_fn(|context| self.service.poll_ready(context)).await.map_err(Into::into)?;
        }
        self.service.call(request).await.map_err(Into::into)
    }

    fn look<T>(&self, response: &Response<R>, look: impl FnOnce(Head<'_>) -> T) -> T {
        look(Head { status: response.status(), headers: response.headers(), url: &self.url, body: None })
    }

    async fn read(&mut self, response: &mut Response<R>, limit: usize) -> Result<Vec<u8>, BoxError> {
        let mut body = Vec::new();
        let read = async {
            while body.len() <= limit {
                let frame = poll_fn(|context| Pin::new(response.body_mut()).poll_frame(context)).await;
                let Some(frame) = frame.transpose().map_err(Into::into)? else { break };
                if let Ok(mut data) = frame.into_data() {
                    let len = data.remaining().min((limit + 1).saturating_sub(body.len()));
                    body.extend_from_slice(&data.copy_to_bytes(len));
                }
            }
            Ok(())
        };
        match tokio::time::timeout(BODY_TIMEOUT, read).await {
            Ok(Err(error)) => Err(error),
            Ok(Ok(())) | Err(_) => Ok(body),
        }
    }

    fn attach(&self, response: &mut Response<R>, receipt: Receipt) {
        response.extensions_mut().insert(receipt);
    }
}
