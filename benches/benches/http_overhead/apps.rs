//! The same handler in both frameworks, with a gate and without.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, middleware, web};
use axum::Router;
use axum::routing::get;
use l402_actix::L402;
use l402_axum::L402Layer;
use l402_server::Reply;
use tower_layer::Identity;

use crate::cases::{Layer, PATH};
use crate::stats::thread_time;

/// Where a server tells the CPU time of its thread, in nanoseconds.
pub(crate) const TIME_PATH: &str = "/time";

const BODY: &str = "Hello, World!";

pub(crate) fn axum_app(layer: Layer) -> Router {
    let paid = Router::new().route(PATH, get(|| async { BODY }));
    let paid = match layer {
        Layer::None => paid,
        Layer::Copy(offer) => Router::new().route(PATH, get(move || async move { axum_copy(offer) })),
        Layer::Empty => paid.layer(Identity::new()),
        Layer::Gate(gate) => paid.layer(L402Layer::new(gate)),
    };
    paid.route(TIME_PATH, get(|| async { thread_time().as_nanos().to_string() }))
}

/// For `App::configure`.
pub(crate) fn actix_app(layer: Layer) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let resource = web::resource(PATH).route(web::get().to(|| async { BODY }));
        match layer {
            Layer::None => config.service(resource),
            Layer::Copy(offer) => {
                let copy = web::get().to(move || async move { actix_copy(offer) });
                config.service(web::resource(PATH).route(copy))
            }
            Layer::Empty => config.service(resource.wrap(middleware::Identity::default())),
            Layer::Gate(gate) => config.service(resource.wrap(L402::new(gate))),
        };
        config.route(TIME_PATH, web::get().to(|| async { thread_time().as_nanos().to_string() }));
    }
}

fn axum_copy(offer: &'static Reply) -> axum::response::Response {
    let mut answer = axum::http::Response::builder().status(offer.status);
    for (name, value) in &offer.headers {
        answer = answer.header(&**name, &**value);
    }
    answer.body(offer.body.as_slice().into()).unwrap()
}

fn actix_copy(offer: &'static Reply) -> HttpResponse {
    let mut answer = HttpResponse::build(StatusCode::from_u16(offer.status).unwrap());
    for (name, value) in &offer.headers {
        answer.append_header((&**name, &**value));
    }
    answer.body(offer.body.as_slice())
}
