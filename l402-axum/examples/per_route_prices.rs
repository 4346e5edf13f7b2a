//! A price for each route and method, and one gate for all of them.
//!
//! `cargo run -p l402-axum --example per_route_prices`

mod support;

use axum::{Router, extract::Path, routing::get};
use l402_axum::{Gate, L402Layer, Msat, PriceTable, Quote};
use l402_dev::DevNode;

async fn weather(Path(city): Path<String>) -> String {
    format!("It is sunny in {city}.\n")
}

#[tokio::main]
async fn main() -> support::Outcome {
    // Routes are written as in the router. What is not in the table is not for sale.
    let prices = PriceTable::new()
        .get("/weather/{city}", Msat::from_sat(5))
        .get("/archive", Quote::new(Msat::from_sat(80)).uses(10))
        .post("/archive", Msat::from_sat(100))
        .any("/health", Quote::free());
    let node = DevNode::new()?;
    let gate = Gate::builder(node.provider()).ephemeral_root_key().prices(prices).build()?;
    let app = Router::new()
        .route("/weather/{city}", get(weather))
        .route("/archive", get("Ten calls for 80 sat.\n").post("Written down.\n"))
        .route("/health", get("Well, thank you.\n"))
        .route_layer(L402Layer::new(gate));
    support::serve(app, &node, "/weather/lisbon").await
}
