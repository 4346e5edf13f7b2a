//! [`L402`] and the service it makes.

use std::future::{Ready, ready};
use std::rc::Rc;

use actix_web::Error;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use l402_server::Gate;

use crate::body::ChargedBody;
use crate::future::ResponseFuture;

/// Puts a [`Gate`] in front of what it wraps. See the [crate docs](crate) for an example.
#[derive(Clone, Debug)]
pub struct L402 {
    gate: Gate,
}

impl L402 {
    /// Charges by the rules of `gate`.
    #[must_use]
    pub const fn new(gate: Gate) -> Self {
        Self { gate }
    }
}

impl<S, B> Transform<S, ServiceRequest> for L402
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<ChargedBody<B>>>;
    type Error = Error;
    type Transform = L402Service<S>;
    type InitError = ();
    type Future = Ready<Result<Self::Transform, ()>>;

    fn new_transform(&self, inner: S) -> Self::Future {
        ready(Ok(L402Service { inner: Rc::new(inner), gate: self.gate.clone() }))
    }
}

/// A service behind a [`Gate`]. Made by [`L402`].
#[derive(Debug)]
pub struct L402Service<S> {
    inner: Rc<S>,
    gate: Gate,
}

impl<S, B> Service<ServiceRequest> for L402Service<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse<EitherBody<ChargedBody<B>>>;
    type Error = Error;
    type Future = ResponseFuture<S, B>;

    forward_ready!(inner);

    fn call(&self, request: ServiceRequest) -> Self::Future {
        ResponseFuture::new(&self.gate, &self.inner, request)
    }
}
