//! Three free calls a day for each client, and 10 sat for every other one.
//!
//! `cargo run -p l402-axum --example free_tier`

mod support;

use std::time::Duration;

use axum::{Router, routing::get};
use l402_axum::{FreeTier, Gate, L402Layer, Msat, Paid};
use l402_dev::DevNode;

async fn quote(paid: Option<Paid>) -> String {
    let thanks = if paid.is_some() { "Thank you for paying." } else { "This one is free." };
    format!("Not your keys, not your coins. {thanks}\n")
}

#[tokio::main]
async fn main() -> support::Outcome {
    let node = DevNode::new()?;
    let gate = Gate::builder(node.provider())
        .ephemeral_root_key()
        .price(Msat::from_sat(10))
        // Behind a proxy, say which: .trusted_proxies(TrustedProxies::new(["10.0.0.0/8"])?)
        .free_tier(FreeTier::new(3, Duration::from_secs(24 * 60 * 60)))
        .build()?;
    let app = Router::new().route("/quote", get(quote).route_layer(L402Layer::new(gate)));
    support::serve(app, &node, "/quote").await
}
