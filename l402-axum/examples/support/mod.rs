//! What the examples have in common: a port, a development node that pays, and what to type.
#![allow(clippy::print_stdout, reason = "an example talks")]
#![allow(dead_code, reason = "each example uses its own part")]

use axum::Router;
use l402_dev::{DevNode, control};
use tokio::net::TcpListener;

pub(crate) type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Serves on the address that the first argument says, and says how to buy `path` there.
pub(crate) async fn serve(app: Router, node: &DevNode, path: &str) -> Outcome {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:3402".to_owned());
    let listener = TcpListener::bind(&address).await?;
    let url = format!("http://{}", listener.local_addr()?);
    println!("Ask:   curl -i '{url}{path}'");
    println!("Pay:   curl --data INVOICE {url}/node/pay");
    println!("Again: curl -i -H 'Authorization: L402 MACAROON:PREIMAGE' '{url}{path}'");
    // Clients are told apart by their address.
    let app = app
        .nest("/node", control::router(node))
        .into_make_service_with_connect_info::<std::net::SocketAddr>();
    Ok(axum::serve(listener, app).await?)
}
