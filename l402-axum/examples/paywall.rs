//! A paywall in front of one route: `cargo run -p l402-axum --example paywall`.

mod support;

use axum::Router;
use axum::routing::get;
use l402_axum::{Gate, L402Layer, Msat, Paid};
use l402_dev::DevNode;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let node = DevNode::new()?; // who gets paid; a provider of l402-providers in real life
    let gate = Gate::builder(node.provider())
        .ephemeral_root_key() // .root_key(master_key_from_env("L402_ROOT_KEY")?) in real life
        .price(Msat::from_sat(10))
        .build()?;
    let app = Router::new().route("/report", get(report)).route_layer(L402Layer::new(gate));
    support::serve(app, &node, &["/report"]).await?;
    Ok(())
}

async fn report(paid: Paid) -> String {
    format!("The report. Your receipt is {}.\n", paid.payment_hash)
}
