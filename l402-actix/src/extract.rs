//! [`Paid`]: the proof, inside a handler, that the request was paid for.

use std::fmt;
use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, ResponseError};
use l402_core::Grant;

/// What was paid for: the [`Grant`] of the token that let this request in.
///
/// A handler that takes `Paid` cannot be reached for free: without the middleware it answers 500, and so it does to whom
/// a free tier or shadow mode let in. A handler that takes `Option<Paid>` can serve both.
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

impl FromRequest for Paid {
    type Error = NotPaid;
    type Future = Ready<Result<Self, NotPaid>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get().copied().ok_or(NotPaid))
    }
}

/// A handler asked for [`Paid`] where there is no [`L402`](crate::L402) middleware, or one that lets requests in for
/// nothing. Answered as 500: the mistake is in the app, and the client need not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotPaid;

impl fmt::Display for NotPaid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody has paid: this route has no L402 middleware, or one that lets in for nothing; take Option<Paid>")
    }
}

impl std::error::Error for NotPaid {}

impl ResponseError for NotPaid {
    fn error_response(&self) -> actix_web::HttpResponse {
        actix_web::HttpResponse::InternalServerError().finish()
    }
}
