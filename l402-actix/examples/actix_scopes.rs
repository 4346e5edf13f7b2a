//! Scopes and resources with prices of their own, and a pass that opens a whole scope.
//!
//! `cargo run -p l402-actix --example actix_scopes`

mod support;

use std::time::Duration;

use actix_web::{App, HttpServer, web};
use l402_actix::{Gate, L402, Msat, PriceTable, Quote};
use l402_dev::DevNode;

async fn weather(city: web::Path<String>) -> String {
    format!("It is sunny in {city}.\n")
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    // One payment opens all of /weather for an hour; a map is 10 sat each.
    let pass =
        Quote::new(Msat::from_sat(50)).pass("weather").unlimited().valid_for(Duration::from_secs(3600));
    let prices = PriceTable::new()
        .get("/weather/today/{city}", pass.clone())
        .get("/weather/tomorrow/{city}", pass)
        .get("/maps/{city}", Msat::from_sat(10));
    let node = DevNode::new()?;
    let gate = Gate::builder(node.provider()).ephemeral_root_key().prices(prices).build()?;
    let server = HttpServer::new(move || {
        let forecasts = web::scope("/weather")
            .wrap(L402::new(gate.clone()))
            .route("/today/{city}", web::get().to(weather))
            .route("/tomorrow/{city}", web::get().to(weather));
        let maps = web::resource("/maps/{city}").wrap(L402::new(gate.clone()));
        App::new().service(forecasts).service(maps.route(web::get().to(async || "A map.\n")))
    });
    let server = server.h1_allow_half_closed(false).bind(support::address())?;
    support::explain(&node, server.addrs()[0], "/weather/today/lisbon").await?;
    Ok(server.run().await?)
}
