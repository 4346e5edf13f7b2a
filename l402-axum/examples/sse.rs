//! Server-sent events: charged when the first one is there, and not if none comes.
//!
//! `cargo run -p l402-axum --example sse`

mod support;

use std::convert::Infallible;

use axum::response::sse::{Event, Sse};
use axum::{Router, routing::get};
use futures_util::stream::{self, Stream};
use l402_axum::{Gate, L402Layer, Msat};
use l402_dev::DevNode;

async fn countdown() -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let events = ["three", "two", "one", "lift-off"].map(|word| Ok(Event::default().data(word)));
    Sse::new(stream::iter(events))
}

#[tokio::main]
async fn main() -> support::Outcome {
    let node = DevNode::new()?;
    let gate = Gate::builder(node.provider()).ephemeral_root_key().price(Msat::from_sat(10)).build()?;
    let app = Router::new().route("/countdown", get(countdown).route_layer(L402Layer::new(gate)));
    support::serve(app, &node, "/countdown").await
}
