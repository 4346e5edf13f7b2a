//! Events sent as they happen, charged for when the first one goes out: `cargo run -p l402-axum --example sse`.

mod support;

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::response::Sse;
use axum::response::sse::Event;
use axum::routing::get;
use futures_util::{Stream, stream};
use l402_axum::{Gate, L402Layer, Msat};
use l402_dev::DevNode;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let node = DevNode::new()?;
    let gate = Gate::builder(node.provider()).ephemeral_root_key().price(Msat::from_sat(10)).build()?;
    let app = Router::new().route("/ticks", get(ticks)).route_layer(L402Layer::new(gate));
    support::serve(app, &node, &["/ticks"]).await?;
    Ok(())
}

/// Ten ticks, half a second apart. Should the stream break before the first, nothing is charged.
async fn ticks() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(stream::unfold(1, |tick| async move {
        tokio::time::sleep(Duration::from_millis(500)).await;
        (tick <= 10).then(|| (Ok(Event::default().data(format!("tick {tick}"))), tick + 1))
    }))
}
