//! The same handler in both frameworks, with a gate and without.

use actix_web::web;
use axum::Router;
use axum::routing::get;
use l402_actix::L402;
use l402_axum::L402Layer;
use l402_server::Gate;

use crate::cases::PATH;
use crate::stats::thread_time;

/// Where a server tells the CPU time of its thread, in nanoseconds.
pub(crate) const TIME_PATH: &str = "/time";

const BODY: &str = "Hello, World!";

pub(crate) fn axum_app(gate: Option<Gate>) -> Router {
    let paid = Router::new().route(PATH, get(|| async { BODY }));
    let paid = match gate {
        Some(gate) => paid.layer(L402Layer::new(gate)),
        None => paid,
    };
    paid.route(TIME_PATH, get(|| async { thread_time().as_nanos().to_string() }))
}

/// For `App::configure`.
pub(crate) fn actix_app(gate: Option<Gate>) -> impl FnOnce(&mut web::ServiceConfig) {
    move |config| {
        let resource = web::resource(PATH).route(web::get().to(|| async { BODY }));
        match gate {
            Some(gate) => config.service(resource.wrap(L402::new(gate))),
            None => config.service(resource),
        };
        config.route(TIME_PATH, web::get().to(|| async { thread_time().as_nanos().to_string() }));
    }
}
