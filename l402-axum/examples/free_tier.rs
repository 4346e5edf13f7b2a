//! Three free calls a minute for each client: `cargo run -p l402-axum --example free_tier`.

mod support;

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use l402_axum::{FreeTier, Gate, L402Layer, Msat, Paid, TrustedProxies};
use l402_dev::DevNode;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let node = DevNode::new()?;
    let gate = Gate::builder(node.provider())
        .ephemeral_root_key()
        .price(Msat::from_sat(10))
        .free_tier(FreeTier::new(3, Duration::from_secs(60)))
        .trusted_proxies(TrustedProxies::new(["10.0.0.0/8"])?) // whose X-Forwarded-For is believed
        .build()?;
    let app = Router::new().route("/report", get(report)).route_layer(L402Layer::new(gate));
    support::serve(app, &node, &["/report"]).await?;
    Ok(())
}

/// `Option<Paid>` tells free calls from paid ones.
async fn report(paid: Option<Paid>) -> String {
    match paid {
        Some(paid) => format!("The report. Your receipt is {}.\n", paid.payment_hash),
        None => "The report, for nothing. Ask again and it costs 10 sat.\n".to_owned(),
    }
}
