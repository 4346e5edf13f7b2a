//! A paywall around a scope of routes: `cargo run -p l402-actix --example actix_paywall`.

mod support;

use actix_web::{App, HttpServer, web};
use l402_actix::{Gate, L402, Msat, Paid};
use l402_dev::DevNode;

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let node = DevNode::new()?; // who gets paid; a provider of l402-providers in real life
    let gate = Gate::builder(node.provider())
        .ephemeral_root_key() // .root_key(master_key_from_env("L402_ROOT_KEY")?) in real life
        .price(Msat::from_sat(10))
        .build()?;

    let dev = node.clone();
    let server = HttpServer::new(move || {
        let paid = web::scope("/paid").wrap(L402::new(gate.clone())).route("/report", web::get().to(report));
        App::new().service(paid).service(support::node(&dev))
    });
    let server = server.h1_allow_half_closed(false); // a client that left is noticed, and not charged
    server.listen(support::listener("/paid/report")?)?.run().await?;
    Ok(())
}

async fn report(paid: Paid) -> String {
    format!("The report. Your receipt is {}.\n", paid.payment_hash)
}
