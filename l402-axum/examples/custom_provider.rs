//! A provider of one's own in ten lines: `cargo run -p l402-axum --example custom_provider`.

mod support;

use axum::Router;
use axum::routing::get;
use l402_axum::{Gate, L402Layer, Msat};
use l402_core::ports::InvoiceProvider;
use l402_dev::DevNode;
use l402_providers::FnProvider;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let node = DevNode::new()?;
    let backend = node.provider();
    // Anything that makes an invoice for an amount: an API of one's own, a node that is not supported yet. The gate
    // checks what comes back, so a mistake here sells nothing.
    let provider = FnProvider::new("my node", DevNode::NETWORK, move |wanted| backend.create_invoice(wanted));
    let gate = Gate::builder(provider).ephemeral_root_key().price(Msat::from_sat(10)).build()?;
    let app = Router::new().route("/report", get("the report\n")).route_layer(L402Layer::new(gate));
    support::serve(app, &node, &["/report"]).await?;
    Ok(())
}
