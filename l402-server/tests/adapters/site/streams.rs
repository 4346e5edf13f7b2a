//! Bodies that are still to come, with all that can go wrong.

use std::io;
use std::pin::Pin;

use axum::body::Bytes;
use futures_util::stream::{self, Stream, StreamExt};

use super::Scene;

pub(super) type ByteStream = Pin<Box<dyn Stream<Item = Result<Bytes, io::Error>> + Send>>;

pub(super) fn of_kind(kind: &str, scene: Scene) -> ByteStream {
    let bytes = |text: &'static str| Ok(Bytes::from_static(text.as_bytes()));
    let broken = || Err(io::Error::other("the stream broke, as it should"));
    let late = stream::once(async move {
        scene.wait().await;
        Ok(Bytes::from_static(b"late"))
    });
    match kind {
        "empty" => stream::empty().boxed(),
        "two" => stream::iter([bytes("one "), bytes("two")]).boxed(),
        "hole" => stream::iter([bytes(""), bytes("after a hole")]).boxed(),
        "broken" => stream::iter([broken()]).boxed(),
        "hole-broken" => stream::iter([bytes(""), broken()]).boxed(),
        "one-broken" => {
            let breaks = late.map(move |_| broken());
            stream::iter([bytes("one ")]).chain(breaks).boxed()
        }
        "late" => late.boxed(),
        "one-late" => stream::iter([bytes("one ")]).chain(late).boxed(),
        "events" => stream::iter([bytes("data: one\n\n"), bytes("data: two\n\n")]).boxed(),
        _ => panic!("no such stream: {kind}"),
    }
}

/// How long a body of this kind says it is, where it does.
pub(super) fn length_of(kind: &str) -> u64 {
    match kind {
        "two" => 7,
        "hole" => 12,
        "broken" | "hole-broken" | "late" => 4,
        "one-broken" | "one-late" => 8,
        _ => panic!("no length for: {kind}"),
    }
}
