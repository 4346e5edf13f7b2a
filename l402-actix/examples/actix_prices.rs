//! A price for each route and method, from one table: `cargo run -p l402-actix --example actix_prices`.

mod support;

use actix_web::{App, HttpServer, web};
use l402_actix::{Gate, L402, Msat, PriceTable, Quote};
use l402_dev::DevNode;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let prices = PriceTable::new()
        .get("/weather/{city}", Msat::from_sat(5))
        .post("/weather/{city}", Msat::from_sat(50))
        .get("/bundle/{id}", Quote::new(Msat::from_sat(40)).uses(10).whole_route())
        .any("/health", Quote::free())
        .any("/node/pay", Quote::free());
    let node = DevNode::new()?;
    let gate = Gate::builder(node.provider()).ephemeral_root_key().prices(prices).build()?;

    let server = HttpServer::new(move || {
        let weather = web::resource("/weather/{city}")
            .route(web::get().to(async || "sunny\n"))
            .route(web::post().to(async || "noted\n"));
        App::new()
            .wrap(L402::new(gate.clone()))
            .service(weather)
            .route("/bundle/{id}", web::get().to(async || "one of ten\n"))
            .route("/health", web::get().to(async || "fine\n"))
            .service(support::node(&node))
    });
    let server = server.h1_allow_half_closed(false); // a client that left is noticed, and not charged
    server.listen(support::listener("/weather/paris")?)?.run().await?;
    Ok(())
}
