//! Requests of actix-web, as the gate sees them.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{HeaderMap, HeaderValue};
use l402_core::ports::PortFuture;
use l402_server::{Decision, Gate, HeaderValues, RequestParts};

pub(crate) fn decide(gate: &Gate, request: &ServiceRequest) -> PortFuture<Decision> {
    let headers = Headers(request.headers());
    let route = request.match_pattern();
    let parts = RequestParts::new(request.method().as_str(), request.uri().path(), &headers);
    let peer = request.peer_addr().map(|peer| peer.ip());
    let query = request.uri().query();
    gate.decide(&parts.with_query(query).with_route(route.as_deref()).with_peer(peer))
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
