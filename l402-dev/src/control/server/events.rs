//! `GET /events`: a server-sent event for every change, so that a page need not ask all the time.

use std::convert::Infallible;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};

use crate::node::DevNode;

/// One event at once, then one after each change. Changes that come faster than they are read are one event.
pub(super) async fn events(
    State(node): State<DevNode>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut changes = node.changes();
    changes.look_again();
    let events = stream::unfold(changes, |mut changes| async move {
        let version = changes.next().await;
        Some((Ok(Event::default().event("change").data(version.to_string())), changes))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}
