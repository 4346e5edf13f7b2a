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
    let mut changes = node.watch();
    changes.mark_changed();
    let events = stream::unfold(changes, |mut changes| async move {
        // The sender lives as long as the node, of which the router has a handle.
        changes.changed().await.ok()?;
        let version = *changes.borrow_and_update();
        Some((Ok(Event::default().event("change").data(version.to_string())), changes))
    });
    Sse::new(events).keep_alive(KeepAlive::default())
}
