//! One route that costs 10 sat a call.
//!
//! `cargo run -p l402-actix --example actix_paywall`, and paste what it prints into another terminal.

mod support;

use actix_web::{App, HttpServer, web};
use l402_actix::{Gate, L402, Msat, Paid};
use l402_dev::DevNode;

/// Cannot be reached without payment: `Paid` is the proof.
async fn report(paid: Paid) -> String {
    format!("The report. Your receipt is {}.\n", paid.payment_hash)
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let node = DevNode::new()?; // in real life a provider of l402-providers
    // Built once, and cloned into the workers, which share it.
    let gate = Gate::builder(node.provider())
        .ephemeral_root_key() // in real life .root_key(keys::master_key_from_env("L402_ROOT_KEY")?)
        .price(Msat::from_sat(10))
        .build()?;
    let server = HttpServer::new(move || {
        App::new().route("/report", web::get().to(report).wrap(L402::new(gate.clone())))
    });
    // Without half-closed connections, the call of a client that goes away is ended, and not charged.
    let server = server.h1_allow_half_closed(false).bind(support::address())?;
    support::explain(&node, server.addrs()[0], "/report").await?;
    Ok(server.run().await?)
}
