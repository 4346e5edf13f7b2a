//! Answers of the gate, as responses of actix-web.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use l402_server::Reply;

pub(crate) fn from_reply(reply: Reply) -> HttpResponse {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let mut response = HttpResponse::build(status);
    for header in reply.headers {
        response.append_header(header);
    }
    response.body(reply.body)
}
