//! [`Paid`]: the proof, inside a handler, that the request was paid for.

use std::convert::Infallible;
use std::fmt;
use std::ops::Deref;

use axum_core::extract::{FromRequestParts, OptionalFromRequestParts};
use axum_core::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use l402_core::Grant;

/// What was paid for: the [`Grant`] of the token that let this request in.
///
/// A handler that takes `Paid` cannot be reached for free: without the layer it answers 500, and so it does to whom a
/// free tier or shadow mode let in. A handler that takes `Option<Paid>` can serve both.
#[derive(Clone, Copy, Debug)]
pub struct Paid(Grant);

impl Paid {
    pub(crate) const fn new(grant: Grant) -> Self {
        Self(grant)
    }
}

impl Deref for Paid {
    type Target = Grant;

    fn deref(&self) -> &Grant {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Paid {
    type Rejection = NotPaid;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, NotPaid> {
        parts.extensions.get().copied().ok_or(NotPaid)
    }
}

impl<S: Send + Sync> OptionalFromRequestParts<S> for Paid {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<Self>, Infallible> {
        Ok(parts.extensions.get().copied())
    }
}

/// A handler asked for [`Paid`] on a route that has no [`L402Layer`](crate::L402Layer), or one that lets requests in for
/// nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotPaid;

impl fmt::Display for NotPaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody has paid: this route has no L402Layer, or one that lets in for nothing; take Option<Paid>")
    }
}

impl std::error::Error for NotPaid {}

/// 500: the mistake is in the router, and the client need not know.
impl IntoResponse for NotPaid {
    fn into_response(self) -> Response {
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    }
}
