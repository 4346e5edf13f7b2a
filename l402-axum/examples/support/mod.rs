//! What all examples do: listen, and say how to walk through.
#![allow(clippy::print_stdout, reason = "an example talks")]

use std::net::SocketAddr;

use axum::Router;
use l402_dev::{DevNode, control};
use tokio::net::TcpListener;

/// Serves `app` on the address given as the first argument, or 127.0.0.1:3000, with the node that pays under `/node`.
pub(crate) async fn serve(app: Router, node: &DevNode, paths: &[&str]) -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3000".to_owned());
    let listener = TcpListener::bind(&address).await?;
    let url = format!("http://{}", listener.local_addr()?);
    for path in paths {
        println!("Try it:  curl -i {url}{path}");
    }
    println!("Pay:     curl --data INVOICE {url}/node/pay     # prints the preimage");
    println!("Use it:  curl -i -H 'Authorization: L402 MACAROON:PREIMAGE' {url}{}", paths[0]);

    let app = app.nest("/node", control::router(node));
    // With the clients' addresses, which free tiers and limits go by.
    axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
}
