//! Sells with l402kit on axum, for 10 sat a call, with LNbits as the wallet that is paid.
//!
//!     l402kit-rust LNBITS_URL INVOICE_KEY
//!
//! Prints its address. `/report` is a text, `/echo` answers what it is sent.

#![forbid(unsafe_code)]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use l402kit::{BoxFuture, Invoice, L402Error, LightningProvider, Options, l402_middleware};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let [url, key] =
        std::env::args().skip(1).collect::<Vec<_>>().try_into().map_err(|_| "LNBITS_URL INVOICE_KEY")?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let options = Arc::new(Options::new(10, Arc::new(LNbits { client, url, key })));
    let app = Router::new()
        .route("/report", get(async || "the report"))
        .route("/echo", post(async |body: String| body))
        .route_layer(from_fn_with_state(options, l402_middleware));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, app).await?)
}

/// The crate brings no provider that needs no service of its authors'. This is its Python sibling's, in Rust.
struct LNbits {
    client: reqwest::Client,
    url: String,
    key: String,
}

impl LightningProvider for LNbits {
    fn create_invoice<'a>(&'a self, amount_sats: u64) -> BoxFuture<'a, Result<Invoice, L402Error>> {
        Box::pin(async move {
            let failed = |error: Box<dyn Error>| L402Error::InvoiceCreationFailed(error.to_string());
            self.ask(amount_sats).await.map_err(failed)
        })
    }
}

impl LNbits {
    async fn ask(&self, amount_sats: u64) -> Result<Invoice, Box<dyn Error>> {
        let order = json!({"out": false, "amount": amount_sats, "memo": "L402 API access"});
        let request =
            self.client.post(format!("{}/api/v1/payments", self.url)).header("x-api-key", &self.key);
        let made: Value = request.json(&order).send().await?.error_for_status()?.json().await?;
        let text = |name: &str| made[name].as_str().map(str::to_owned).ok_or("not LNbits");
        let payment_hash = text("payment_hash")?;
        let expires = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)? + Duration::from_secs(3600);
        let token = json!({"hash": payment_hash, "exp": expires.as_millis() as u64});
        let macaroon = STANDARD.encode(token.to_string());
        Ok(Invoice { payment_request: text("payment_request")?, payment_hash, macaroon, amount_sats })
    }
}
