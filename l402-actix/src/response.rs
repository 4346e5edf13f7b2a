//! Answers of the gate, as responses of actix-web.

use actix_web::HttpResponse;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CACHE_CONTROL, HeaderValue};
use l402_server::{Reply, paid_cache_control};

/// Keeps shared caches from a paid answer.
pub(crate) fn keep_private<B>(response: &mut ServiceResponse<B>) {
    let current = response.headers().get_all(CACHE_CONTROL).map(HeaderValue::as_bytes);
    if let Some(value) = paid_cache_control(current) {
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static(value));
    }
}

pub(crate) fn from_reply(reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response = HttpResponse::build(status);
    for header in reply.headers {
        response.append_header(header);
    }
    response.body(reply.body)
}
