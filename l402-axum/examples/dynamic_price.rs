//! A price that depends on the request: `cargo run -p l402-axum --example dynamic_price`.

mod support;

use axum::Router;
use axum::routing::get;
use l402_axum::{Gate, L402Layer, Msat, PriceError, PriceRequest, Quote};
use l402_dev::DevNode;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let node = DevNode::new()?;
    let gate = Gate::builder(node.provider()).ephemeral_root_key().price_fn(price).build()?;
    let app = Router::new().route("/answer", get("forty-two\n")).route_layer(L402Layer::new(gate));
    support::serve(app, &node, &["/answer?words=200", "/answer?words=9 -H 'x-model: large'"]).await?;
    Ok(())
}

/// A satoshi for a hundred words, ten times as much from the large model. May ask a database; may fail.
async fn price(request: PriceRequest) -> Result<Quote, PriceError> {
    let words: u64 = match request.query().and_then(|query| query.strip_prefix("words=")) {
        Some(words) => words.parse().map_err(|_| PriceError::NotForSale)?,
        None => return Ok(Quote::free()), // how it works, for nothing
    };
    let times = if request.header("x-model") == Some("large") { 10 } else { 1 };
    let price =
        Msat::from_sat(times).checked_mul(words.div_ceil(100).max(1)).ok_or(PriceError::NotForSale)?;
    // The token works with this query only, and with this model only.
    Ok(Quote::new(price).bound_to_header("x-model"))
}
