//! Prices that a function tells: [`PriceRequest`] in, [`Quote`] out.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use l402_core::ports::PortFuture;

use super::Quote;
use crate::request::{HeaderValues, OwnedRequest};

type Answer = PortFuture<Result<Quote, PriceError>>;

/// A function that knows what a request costs.
#[derive(Clone)]
pub(crate) struct PriceFunction(Arc<dyn Fn(PriceRequest) -> Answer + Send + Sync>);

impl PriceFunction {
    pub(crate) fn new<F, A>(function: F) -> Self
    where
        F: Fn(PriceRequest) -> A + Send + Sync + 'static,
        A: Future<Output = Result<Quote, PriceError>> + Send + 'static,
    {
        Self(Arc::new(move |request| PortFuture::new(function(request))))
    }

    pub(crate) fn ask(&self, request: PriceRequest) -> Answer {
        (self.0)(request)
    }
}

/// What a price may depend on.
///
/// The fields that hold secrets are left out: `Authorization`, `Proxy-Authorization`, `Cookie` and macaroons.
pub struct PriceRequest(OwnedRequest);

impl PriceRequest {
    pub(crate) const fn new(request: OwnedRequest) -> Self {
        Self(request)
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.0.parts().method
    }

    /// The path as the client sent it: not decoded, without the query.
    #[must_use]
    pub fn path(&self) -> &str {
        self.0.parts().path
    }

    /// The query as the client sent it, without the question mark.
    #[must_use]
    pub fn query(&self) -> Option<&str> {
        self.0.parts().query
    }

    /// The template that the router matched.
    #[must_use]
    pub fn route(&self) -> Option<&str> {
        self.0.parts().route
    }

    /// The first value of a header field, by its name in lower case, if it is text.
    ///
    /// A price that depends on it must be [bound to it](Quote::bound_to_header).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.fields();
        let (_, value) = fields.find(|(field, _)| *field == name)?;
        str::from_utf8(value).ok()
    }
}

impl fmt::Debug for PriceRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PriceRequest({:?})", self.0.parts())
    }
}

/// Why there is no price.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PriceError {
    /// Nothing is for sale here: the client gets 404.
    #[error("nothing is for sale here")]
    NotForSale,
    /// The price cannot be told right now: the client gets 503, and the log the reason.
    #[error("the price cannot be told: {0}")]
    Unavailable(String),
}

impl PriceError {
    /// A failure, with a reason for the log.
    pub fn unavailable(reason: impl fmt::Display) -> Self {
        Self::Unavailable(reason.to_string())
    }
}
