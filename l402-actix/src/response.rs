//! Answers of the gate, as responses of actix-web.

use actix_web::HttpResponse;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use l402_server::{Admission, Reply};

use crate::request::Headers;

/// Sets on a handler's answer what the gate wants there.
pub(crate) fn apply_edits<B>(admission: &Admission, response: &mut ServiceResponse<B>) {
    let edits = admission.header_edits(response.status().as_u16(), &Headers(response.headers()));
    for (name, value) in edits {
        // The gate writes visible ASCII only, so this always holds.
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
}

pub(crate) fn from_reply(reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response = HttpResponse::build(status);
    for (name, value) in reply.headers {
        response.append_header((&*name, &*value));
    }
    response.body(reply.body)
}
