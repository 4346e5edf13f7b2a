//! What all examples do: listen, say how to walk through, and pay.
#![allow(clippy::print_stdout, reason = "an example talks")]

use std::io;
use std::net::TcpListener;
use std::time::Duration;

use actix_web::error::ErrorBadRequest;
use actix_web::{Error, Resource, web};
use l402_core::Msat;
use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{PayOutcome, PayRequest, Wallet};
use l402_dev::DevNode;

/// Listens on the address given as the first argument, or on 127.0.0.1:3000.
pub(crate) fn listener(path: &str) -> io::Result<TcpListener> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(address)?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("Try it:  curl -i {url}{path}");
    println!("Pay:     curl --data INVOICE {url}/node/pay     # prints the preimage");
    println!("Use it:  curl -i -H 'Authorization: L402 MACAROON:PREIMAGE' {url}{path}");
    Ok(listener)
}

/// Pays invoices of the node, which nobody but a dev node would do for strangers.
pub(crate) fn node(node: &DevNode) -> Resource {
    web::resource("/node/pay").app_data(web::Data::new(node.clone())).route(web::post().to(pay))
}

async fn pay(invoice: String, node: web::Data<DevNode>) -> Result<String, Error> {
    let facts: InvoiceFacts = invoice.trim().parse().map_err(ErrorBadRequest)?;
    let request =
        PayRequest::new(invoice.trim().to_owned(), facts.payment_hash, Msat::ZERO, Duration::from_secs(5));
    match node.wallet().pay(request).await {
        Ok(PayOutcome::Paid(payment)) => Ok(payment.preimage.expose_hex() + "\n"),
        other => Err(ErrorBadRequest(format!("not paid: {other:?}"))),
    }
}
