//! Answers of the gate, as responses of actix-web.

use std::borrow::Cow;

use actix_web::HttpResponse;
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue, InvalidHeaderName, InvalidHeaderValue};
use actix_web::web::Bytes;
use l402_server::{Admission, Reply};

use crate::request::{Headers, known_name};

/// Sets on a handler's answer what the gate wants there.
pub(crate) fn apply_edits<B>(admission: &Admission, response: &mut ServiceResponse<B>) {
    let edits = admission.header_edits(response.status().as_u16(), &Headers(response.headers()));
    edits.for_each(|name, value| {
        // The gate writes visible ASCII only, so this always holds; here and below.
        if let Ok(value) = header_value(value) {
            let name = known_name(name).unwrap_or_else(|| HeaderName::from_static(name));
            response.headers_mut().insert(name, value);
        }
    });
}

fn header_value(value: Cow<'static, str>) -> Result<HeaderValue, InvalidHeaderValue> {
    match value {
        Cow::Borrowed(value) => HeaderValue::from_maybe_shared(Bytes::from_static(value.as_bytes())),
        Cow::Owned(value) => HeaderValue::try_from(value),
    }
}

fn header_name(name: Cow<'static, str>) -> Result<HeaderName, InvalidHeaderName> {
    match name {
        Cow::Borrowed(name) => Ok(known_name(name).unwrap_or_else(|| HeaderName::from_static(name))),
        Cow::Owned(name) => HeaderName::try_from(name),
    }
}

pub(crate) fn from_reply(reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response = HttpResponse::build(status);
    for (name, value) in reply.headers {
        // The gate writes names and visible ASCII only, so this always holds.
        if let (Ok(name), Ok(value)) = (header_name(name), header_value(value)) {
            response.append_header((name, value));
        }
    }
    response.body(reply.body)
}
