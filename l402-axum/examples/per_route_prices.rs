//! A price for each route and method, n calls for the price of one, and passes:
//! `cargo run -p l402-axum --example per_route_prices`.

mod support;

use std::time::Duration;

use axum::Router;
use axum::routing::get;
use l402_axum::{Gate, L402Layer, Msat, PriceTable, Quote};
use l402_dev::DevNode;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let day = Duration::from_secs(24 * 60 * 60);
    let prices = PriceTable::new()
        .get("/weather/{city}", Msat::from_sat(5))
        .post("/weather/{city}", Msat::from_sat(50))
        .get("/bundle/{id}", Quote::new(Msat::from_sat(40)).uses(10).whole_route())
        .get("/news", Quote::new(Msat::from_sat(100)).pass("news").unlimited().valid_for(day))
        .get("/news/{id}", Quote::new(Msat::from_sat(100)).pass("news").unlimited().valid_for(day))
        .any("/health", Quote::free());

    let node = DevNode::new()?;
    let gate = Gate::builder(node.provider()).ephemeral_root_key().prices(prices).build()?;
    let app = Router::new()
        .route("/weather/{city}", get("sunny\n").post("noted\n"))
        .route("/bundle/{id}", get("one of ten\n"))
        .route("/news", get("headlines\n"))
        .route("/news/{id}", get("an article\n"))
        .route("/health", get("fine\n"))
        .route_layer(L402Layer::new(gate));
    support::serve(app, &node, &["/weather/paris", "/bundle/1", "/news", "/health"]).await?;
    Ok(())
}
