//! Requests of actix-web, as the gate sees them.

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use l402_core::ports::PortFuture;
use l402_server::{Decision, Gate, HeaderValues, RequestParts};

pub(crate) fn decide(gate: &Gate, request: &ServiceRequest) -> PortFuture<Decision> {
    let (headers, route) = (Headers(request.headers()), route(request));
    let peer = request.peer_addr().map(|peer| peer.ip());
    let parts = RequestParts::new(request.method().as_str(), request.uri().path(), &headers);
    gate.decide(&parts.with_query(request.uri().query()).with_peer(peer).with_route(route.as_deref()))
}

/// The template that the router has found or, around an app or a scope, will find.
///
/// There, where nothing is found yet, actix-web itself looks the path up as it was sent, while its router reads `%64` as
/// `d`: a dear route would be sold at the price of another template that fits any letters.
fn route(request: &ServiceRequest) -> Option<String> {
    let by_router = request.match_pattern();
    let (sent, read) = (request.path(), request.match_info().as_str());
    if sent == read {
        return by_router;
    }
    let routes = request.resource_map();
    if by_router == routes.match_pattern(sent) { routes.match_pattern(read) } else { by_router }
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
        values.map(HeaderValue::as_bytes)
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
