//! The same handler in both frameworks, with a gate and without.

use actix_web::{middleware, web};
use axum::Router;
use axum::routing::get;
use l402_actix::L402;
use l402_axum::L402Layer;
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
            Layer::Empty => config.service(resource.wrap(middleware::Identity::default())),
            Layer::Gate(gate) => config.service(resource.wrap(L402::new(gate))),
        };
        config.route(TIME_PATH, web::get().to(|| async { thread_time().as_nanos().to_string() }));
    }
}
