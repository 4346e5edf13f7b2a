//! The node's side: [`router`].

mod events;
mod faults;
mod invoices;
mod pay;
mod refusal;
mod state;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use super::MAX_BODY_BYTES;
use crate::node::DevNode;

/// The routes of the [module](super) for `node`, to serve alone or merged into another router.
///
/// # Security
/// Everybody who can reach it can pay, and gets preimages: serve it on loopback only.
#[must_use = "a router does nothing until it is served"]
pub fn router(node: &DevNode) -> Router {
    let faults = get(faults::list).post(faults::add).delete(faults::clear);
    // No fallback for other paths: two routers that have one cannot be merged.
    Router::new()
        .route("/pay", post(pay::pay).fallback(pay::wrong_method))
        .route("/payments/{payment_hash}", get(pay::payment))
        .route("/balance", get(pay::balance))
        .route("/invoices", get(invoices::list).post(invoices::create))
        .route("/faults", faults)
        .route("/state", get(state::state))
        .route("/events", get(events::events))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(node.clone())
}
