//! A price that a function tells from the request: here 2 sat for each page.
//!
//! `cargo run -p l402-axum --example dynamic_price`

mod support;

use axum::{Router, extract::RawQuery, routing::get};
use l402_axum::{Gate, L402Layer, Msat, PriceError, PriceRequest, Quote};
use l402_dev::DevNode;

fn pages(query: Option<&str>) -> Option<u64> {
    query?.strip_prefix("pages=")?.parse().ok().filter(|pages| (1..=1000).contains(pages))
}

/// The token is bound to the query that was priced: nobody pays for one page and takes a thousand.
async fn price(request: PriceRequest) -> Result<Quote, PriceError> {
    let pages = pages(request.query()).ok_or(PriceError::NotForSale)?;
    Ok(Quote::new(Msat::from_sat(2 * pages)).description(format!("{pages} pages")))
}

async fn print(RawQuery(query): RawQuery) -> String {
    format!("Here are your {} pages.\n", pages(query.as_deref()).unwrap_or(0))
}

#[tokio::main]
async fn main() -> support::Outcome {
    let node = DevNode::new()?;
    let gate = Gate::builder(node.provider()).ephemeral_root_key().price_fn(price).build()?;
    let app = Router::new().route("/print", get(print).route_layer(L402Layer::new(gate)));
    support::serve(app, &node, "/print?pages=3").await
}
