//! Requests of actix-web, as the gate sees them.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderValue};
use l402_core::ports::PortFuture;
use l402_server::{Decision, Gate, HeaderValues, Reply, RequestParts};

pub(crate) fn decide(gate: &Gate, request: &ServiceRequest, body: Option<&[u8]>) -> PortFuture<Decision> {
    let (headers, route) = (Headers(request.headers()), request.match_pattern());
    gate.decide(&parts(request, &headers).with_route(route.as_deref()).with_body(body))
}

pub(crate) fn body_limit(gate: &Gate, request: &ServiceRequest) -> Option<usize> {
    let headers = Headers(request.headers());
    gate.body_limit(&parts(request, &headers))
}

pub(crate) fn body_too_large(gate: &Gate, request: &ServiceRequest) -> Reply {
    let headers = Headers(request.headers());
    gate.body_too_large(&parts(request, &headers))
}

fn parts<'a>(request: &'a ServiceRequest, headers: &'a Headers<'a>) -> RequestParts<'a, Headers<'a>> {
    let peer = request.peer_addr().map(|peer| peer.ip());
    let parts = RequestParts::new(request.method().as_str(), request.uri().path(), headers);
    parts.with_query(request.uri().query()).with_peer(peer)
}

pub(crate) struct Headers<'a>(pub(crate) &'a HeaderMap);

impl HeaderValues for Headers<'_> {
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0.get_all(name).map(HeaderValue::as_bytes)
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }
}
