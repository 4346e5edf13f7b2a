//! Answers of the gate, as responses of the `http` crate.

use axum_core::body::Body;
use http::header::CACHE_CONTROL;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use l402_server::{Reply, paid_cache_control};

/// Keeps shared caches from a paid answer.
pub(crate) fn keep_private(response: &mut Response<Body>) {
    let current = response.headers().get_all(CACHE_CONTROL).iter().map(HeaderValue::as_bytes);
    if let Some(value) = paid_cache_control(current) {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(value));
    }
}

pub(crate) fn from_reply(reply: Reply) -> Response<Body> {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    for (name, value) in reply.headers {
        // The gate writes visible ASCII only, so this always holds.
        if let Ok(value) = HeaderValue::try_from(value) {
            response.headers_mut().append(HeaderName::from_static(name), value);
        }
    }
    response
}
