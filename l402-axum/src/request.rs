//! Requests of the `http` crate, as the gate sees them.

use axum::extract::{MatchedPath, OriginalUri};
use http::{HeaderMap, Request};
use l402_core::ports::PortFuture;
use l402_server::{Decision, Gate, HeaderValues, RequestParts};

pub(crate) fn decide<B>(gate: &Gate, request: &Request<B>) -> PortFuture<Decision> {
    // A nested router shortens the URI; a token is bound to what the client asked for.
    let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |original| &original.0);
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let headers = Headers(request.headers());
    gate.decide(&RequestParts::new(request.method().as_str(), uri.path(), &headers).with_route(route))
}

pub(crate) struct Headers<'a>(pub(crate) &'a HeaderMap);

impl HeaderValues for Headers<'_> {
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0.get_all(name).iter().map(http::HeaderValue::as_bytes)
    }
}
