//! [`L402Layer`]: paying as a layer around hyper clients and other `tower` services. Feature `tower`.

use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Buf;
use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode};
use http_body::Body;
use l402_core::ports::BoxError;
use tower_layer::Layer;
use tower_service::Service;
use url::Url;

use crate::client::{BODY_TIMEOUT, L402Client};
use crate::engine::{Description, Engine, Exchange, Head, Shown, drive};
use crate::error::ClientError;
use crate::receipt::Receipt;
use crate::token::Target;

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
        let spare = request.clone();
        let mut exchange = TowerExchange { service, is_ready: true, first: Some(request), spare };
        let engine = Arc::clone(&self.engine);
        Box::pin(async move {
            let shown = exchange.show(&engine).await?;
            drive(&engine, &mut exchange, shown, None).await
        })
    }
}

struct TowerExchange<S, B> {
    service: S,
    /// The service was asked whether it is ready, and is.
    is_ready: bool,
    /// The first one to send.
    first: Option<Request<B>>,
    /// What all others are copied from.
    spare: Request<B>,
}

impl<S: Send, B: Send> TowerExchange<S, B> {
    /// Shows the token at hand, if there is one.
    async fn show(&mut self, engine: &Engine) -> Result<Option<Shown>, ClientError> {
        let request = &self.spare;
        if request.headers().contains_key(AUTHORIZATION) {
            return Ok(None);
        }
        let target = Target::of_plain(request.method(), request.uri());
        if let Some(shown) = target.and_then(|target| engine.show_to(&target)) {
            return Ok(Some(shown));
        }
        match self.url() {
            Some(url) => engine.show(&self.spare.method().clone(), &url).await,
            None => Ok(None),
        }
    }

    /// `None` for a request that goes nowhere in particular.
    fn url(&self) -> Option<Url> {
        self.spare.uri().to_string().parse().ok()
    }
}

impl<S, B, R> Exchange for TowerExchange<S, B>
where
    S: Service<Request<B>, Response = Response<R>, Error: Into<BoxError>, Future: Send> + Send,
    B: Clone + Send,
    R: Body<Data: Send, Error: Into<BoxError>> + Unpin + Send,
{
    type Response = Response<R>;

    async fn send(&mut self, credential: Option<HeaderValue>) -> Result<Response<R>, BoxError> {
        if !mem::take(&mut self.is_ready) {
            poll_fn(|context| self.service.poll_ready(context)).await.map_err(Into::into)?;
        }
        let mut request = self.first.take().unwrap_or_else(|| self.spare.clone());
        if let Some(credential) = credential {
            request.headers_mut().insert(AUTHORIZATION, credential);
        }
        self.service.call(request).await.map_err(Into::into)
    }

    fn describe(&self) -> Option<Description> {
        Some(Description {
            method: self.spare.method().clone(),
            url: self.url()?,
            is_authorized: self.spare.headers().contains_key(AUTHORIZATION),
            is_repeatable: true,
        })
    }

    fn status(&self, response: &Response<R>) -> StatusCode {
        response.status()
    }

    fn look<T>(&self, response: &Response<R>, asked: &Url, look: impl FnOnce(Head<'_>) -> T) -> T {
        look(Head { status: response.status(), headers: response.headers(), url: asked, body: None })
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
