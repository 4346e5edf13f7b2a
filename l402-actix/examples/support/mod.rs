//! What the examples have in common: ports, a development node that pays, and what to type.
#![allow(clippy::print_stdout, reason = "an example talks")]

use l402_dev::{DevNode, control};
use tokio::net::TcpListener;

/// Where to listen: the first argument.
pub(crate) fn address() -> String {
    std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3402".to_owned())
}

/// Lets the node be paid from outside, and says how to buy `path` at `shop`.
pub(crate) async fn explain(node: &DevNode, shop: std::net::SocketAddr, path: &str) -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("Ask:   curl -i 'http://{shop}{path}'");
    println!("Pay:   curl --data INVOICE http://{}/pay", listener.local_addr()?);
    println!("Again: curl -i -H 'Authorization: L402 MACAROON:PREIMAGE' 'http://{shop}{path}'");
    tokio::spawn(axum::serve(listener, control::router(node)).into_future());
    Ok(())
}
