//! The paid API: something to buy.

use std::convert::Infallible;
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::response::sse::{Event, Sse};
use axum::routing::get;
use futures_util::stream::{self, Stream};
use l402_axum::{Gate, L402Layer, MasterKey, Msat, Paid, PriceTable};
use l402_dev::DevNode;

use crate::cli::{Failure, random_secret};

/// How many events a stream has.
const EVENTS: u32 = 5;

/// `/premium`, `/premium/reports/{id}` and `/premium/stream`, each with a price of its own.
pub(super) fn router(node: &DevNode) -> Result<Router, Failure> {
    let prices = PriceTable::new()
        .get("/premium", Msat::from_sat(10))
        .get("/premium/reports/{id}", Msat::from_sat(25))
        .get("/premium/stream", Msat::from_sat(5));
    let gate = Gate::builder(node.provider())
        .root_key(MasterKey::from_bytes(random_secret()?)) // new at every start: nothing sold outlives it
        .prices(prices)
        .build()?;
    Ok(Router::new()
        .route("/premium", get(premium))
        .route("/premium/reports/{id}", get(report))
        .route("/premium/stream", get(ticks))
        .route_layer(L402Layer::new(gate)))
}

async fn premium(paid: Paid) -> String {
    format!("The premium answer. Your receipt: {}\n", paid.payment_hash)
}

async fn report(Path(id): Path<String>, paid: Paid) -> String {
    format!("Report {id}. Your receipt: {}\n", paid.payment_hash)
}

/// Charged when the first event is on its way.
async fn ticks(_paid: Paid) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(stream::unfold(1, |tick| async move {
        if tick > EVENTS {
            return None;
        }
        if tick > 1 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Some((Ok(Event::default().data(format!("tick {tick} of {EVENTS}"))), tick + 1))
    }))
}
