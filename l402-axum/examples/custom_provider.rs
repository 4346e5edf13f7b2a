//! A provider of one's own: whatever makes invoices, behind four methods.
//!
//! `cargo run -p l402-axum --example custom_provider`

mod support;

use axum::{Router, routing::get};
use l402_axum::{Gate, L402Layer, Msat};
use l402_core::Network;
use l402_core::ports::{BackendError, Invoice, InvoiceProvider, NewInvoice, PortFuture};
use l402_core::ports::{ProviderCapabilities, Settlement};
use l402_dev::{DevNode, DevProvider};

/// In real life this holds a client of your node's API. Here the node is the development node.
struct MyNode(DevProvider);

impl InvoiceProvider for MyNode {
    fn create_invoice(&self, request: NewInvoice) -> PortFuture<Result<Invoice, BackendError>> {
        let answer = self.0.create_invoice(request); // ask the node here
        PortFuture::new(async move {
            let made = answer.await?; // an error becomes 503, and nobody gets in
            Ok(Invoice::new(made.bolt11, made.payment_hash, made.lookup_id))
        })
    }

    fn settlement(&self, lookup_id: String) -> PortFuture<Result<Settlement, BackendError>> {
        self.0.settlement(lookup_id)
    }

    fn network(&self) -> Network {
        self.0.network()
    }

    fn capabilities(&self) -> ProviderCapabilities {
        ProviderCapabilities::FULL
    }
}

#[tokio::main]
async fn main() -> support::Outcome {
    let node = DevNode::new()?;
    let gate =
        Gate::builder(MyNode(node.provider())).ephemeral_root_key().price(Msat::from_sat(10)).build()?;
    let app = Router::new().route("/report", get("The report.\n").route_layer(L402Layer::new(gate)));
    support::serve(app, &node, "/report").await
}
