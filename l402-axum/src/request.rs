//! Requests of the `http` crate, as the gate sees them.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, MatchedPath, OriginalUri};
use axum_core::body::Body;
use http::{HeaderMap, HeaderName, Request, header};
use l402_core::ports::PortFuture;
use l402_server::{Decision, Gate, HeaderValues, RequestParts};

pub(crate) fn decide(gate: &Gate, request: &Request<Body>) -> PortFuture<Decision> {
    let headers = Headers(request.headers());
    // A nested router shortens the URI; a token is bound to what the client asked for.
    let uri = request.extensions().get::<OriginalUri>().map_or(request.uri(), |original| &original.0);
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0.ip());
    let parts = RequestParts::new(request.method().as_str(), uri.path(), &headers);
    gate.decide(&parts.with_query(uri.query()).with_route(route).with_peer(peer))
}

pub(crate) struct Headers<'a>(pub(crate) &'a HeaderMap);

impl HeaderValues for Headers<'_> {
    // The gate asks by constants, which is looked at when this is compiled into it.
    #[inline(always)]
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let values = match known_name(name) {
            Some(name) => self.0.get_all(name),
            None => self.0.get_all(name),
        };
        values.iter().map(http::HeaderValue::as_bytes)
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_bytes()))
    }
}

/// The names that the gate asks for on most requests and sets on most answers, which need not be read letter by letter
/// each time; where the name is a constant, not at all.
#[inline(always)]
pub(crate) fn known_name(name: &str) -> Option<&'static HeaderName> {
    macro_rules! find {
        ($($text:literal => $name:expr,)*) => {
            match name {
                $($text => {
                    static NAME: HeaderName = $name;
                    Some(&NAME)
                })*
                _ => None,
            }
        };
    }
    find! {
        "accept" => header::ACCEPT,
        "authorization" => header::AUTHORIZATION,
        "cache-control" => header::CACHE_CONTROL,
        "content-type" => header::CONTENT_TYPE,
        "vary" => header::VARY,
        "www-authenticate" => header::WWW_AUTHENTICATE,
        "grpc-metadata-macaroon" => HeaderName::from_static("grpc-metadata-macaroon"),
        "macaroon" => HeaderName::from_static("macaroon"),
        "l402-payment-hash" => HeaderName::from_static("l402-payment-hash"),
    }
}
