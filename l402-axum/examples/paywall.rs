//! One route that costs 10 sat a call.
//!
//! `cargo run -p l402-axum --example paywall`, and paste what it prints into another terminal.

mod support;

use axum::{Router, routing::get};
use l402_axum::{Gate, L402Layer, Msat, Paid};
use l402_dev::DevNode;

/// Cannot be reached without payment: `Paid` is the proof.
async fn report(paid: Paid) -> String {
    format!("The report. Your receipt is {}.\n", paid.payment_hash)
}

#[tokio::main]
async fn main() -> support::Outcome {
    let node = DevNode::new()?; // in real life a provider of l402-providers
    let gate = Gate::builder(node.provider())
        .ephemeral_root_key() // in real life .root_key(keys::master_key_from_env("L402_ROOT_KEY")?)
        .price(Msat::from_sat(10))
        .build()?;
    let app = Router::new().route("/report", get(report).route_layer(L402Layer::new(gate)));
    support::serve(app, &node, "/report").await
}
