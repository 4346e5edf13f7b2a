//! Answers of the gate, as responses of the `http` crate.

use std::borrow::Cow;

use axum_core::body::Body;
use bytes::Bytes;
use http::header::{InvalidHeaderName, InvalidHeaderValue};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use l402_server::{Admission, Reply};

use crate::request::{Headers, known_name};

/// Sets on a handler's answer what the gate wants there.
pub(crate) fn apply_edits(admission: &Admission, response: &mut Response<Body>) {
    let edits = admission.header_edits(response.status().as_u16(), &Headers(response.headers()));
    edits.for_each(|name, value| {
        // The gate writes visible ASCII only, so this always holds; here and below.
        if let Ok(value) = header_value(value) {
            let name = known_name(name).unwrap_or_else(|| HeaderName::from_static(name));
            response.headers_mut().insert(name, value);
        }
    });
}

pub(crate) fn from_reply(reply: Reply) -> Response<Body> {
    let mut response = Response::new(Body::from(reply.body));
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    response.headers_mut().reserve(reply.headers.len());
    for (name, value) in reply.headers {
        if let (Ok(name), Ok(value)) = (header_name(name), header_value(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}

fn header_name(name: Cow<'static, str>) -> Result<HeaderName, InvalidHeaderName> {
    match name {
        Cow::Borrowed(name) => Ok(known_name(name).unwrap_or_else(|| HeaderName::from_static(name))),
        Cow::Owned(name) => HeaderName::try_from(name),
    }
}

fn header_value(value: Cow<'static, str>) -> Result<HeaderValue, InvalidHeaderValue> {
    match value {
        Cow::Borrowed(value) => HeaderValue::from_maybe_shared(Bytes::from_static(value.as_bytes())),
        Cow::Owned(value) => HeaderValue::try_from(value),
    }
}
