//! [`L402Layer`] and the service it makes.

use std::task::{Context, Poll};

use axum_core::body::Body;
use http::{Request, Response};
use l402_server::Gate;
use tower_layer::Layer;
use tower_service::Service;

use crate::future::ResponseFuture;

/// Puts a [`Gate`] in front of a service. See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
pub struct L402Layer {
    gate: Gate,
}

impl L402Layer {
    /// Charges by the rules of `gate`.
    #[must_use]
    pub const fn new(gate: Gate) -> Self {
        Self { gate }
    }
}

impl<S> Layer<S> for L402Layer {
    type Service = L402Service<S>;

    fn layer(&self, inner: S) -> Self::Service {
        L402Service { inner, gate: self.gate.clone() }
    }
}

/// A service behind a [`Gate`]. Made by [`L402Layer`].
#[derive(Clone, Debug)]
pub struct L402Service<S> {
    inner: S,
    gate: Gate,
}

impl<S, ResBody> Service<Request<Body>> for L402Service<S>
where
    S: Service<Request<Body>, Response = Response<ResBody>> + Clone,
    ResBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    ResBody::Error: Into<axum_core::BoxError>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = ResponseFuture<S>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        ResponseFuture::new(&self.gate, &mut self.inner, request)
    }
}
