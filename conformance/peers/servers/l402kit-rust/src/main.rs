//! A paid route with l402kit: `server PORT NODE`, where NODE is the URL of a development node's control.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::get;
use l402kit::{BoxFuture, Invoice, L402Error, LightningProvider, Options, l402_middleware};
use serde_json::{Value, json};

/// Gets invoices from the node, and makes the token as l402kit's own provider does.
struct Node {
    url: String,
    client: reqwest::Client,
}

impl Node {
    async fn invoice(&self, amount_sats: u64) -> Result<Invoice, reqwest::Error> {
        let order = json!({ "amount_msat": amount_sats * 1000 });
        let request = self.client.post(format!("{}/invoices", self.url)).json(&order);
        let made: Value = request.send().await?.error_for_status()?.json().await?;
        let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
        let in_an_hour = std::time::UNIX_EPOCH.elapsed().unwrap_or_default().as_millis() as u64 + 3_600_000;
        let token = json!({ "hash": text("payment_hash"), "exp": in_an_hour }).to_string();
        let macaroon = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, token);
        Ok(Invoice { payment_request: text("bolt11"), payment_hash: text("payment_hash"), macaroon, amount_sats })
    }
}

impl LightningProvider for Node {
    fn create_invoice<'a>(&'a self, amount_sats: u64) -> BoxFuture<'a, Result<Invoice, L402Error>> {
        Box::pin(async move {
            self.invoice(amount_sats).await.map_err(|error| L402Error::InvoiceCreationFailed(error.to_string()))
        })
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, port, node] = &arguments[..] else { return Err("server PORT NODE".into()) };
    let client = reqwest::Client::builder().no_proxy().build()?;
    let options = || {
        let provider = Node { url: node.clone(), client: client.clone() };
        Arc::new(Options::new(10, Arc::new(provider)))
    };
    let paid = |options| from_fn_with_state(options, l402_middleware);
    let app = Router::new()
        .route("/report", get(|| async { "the report" }).layer(paid(options())))
        .route("/other", get(|| async { "the other" }).layer(paid(options())));
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    axum::serve(listener, app).await?;
    Ok(())
}
