//! Answers that are still to come, of unknown length or of known: charged when their first byte is there.

use crate::ask::{get, post};
use crate::lab::StoreFault;
use crate::row;
use crate::row::{Row, Step, buy, change};

pub(super) fn rows() -> Vec<Row> {
    vec![
        row!(
            "stream: charged once",
            buy(get("/stream/two")),
            get("/stream/two").token().gives(200, "one two").with("cache-control", "private"),
            get("/stream/two").token().refused(402, "token_used"),
        ),
        row!(
            "stream: server-sent events",
            buy(get("/events")),
            get("/events")
                .token()
                .gives(200, "data: one\n\ndata: two\n\n")
                .with("content-type", "text/event-stream"),
            get("/events").token().refused(402, "token_used"),
        ),
        row!(
            "stream: an empty one is an answer, and charged",
            buy(get("/stream/empty")),
            get("/stream/empty").token().gives(200, ""),
            get("/stream/empty").token().refused(402, "token_used"),
        ),
        row!(
            "stream: an empty piece is no first byte",
            buy(get("/stream/hole")),
            get("/stream/hole").token().gives(200, "after a hole"),
            get("/stream/hole").token().refused(402, "token_used"),
        ),
        row!(
            "stream: one that breaks before its first byte is not charged",
            buy(get("/stream/broken")),
            get("/stream/broken").token().breaks_off(""),
            get("/stream/broken").token().breaks_off("").invoices(1),
            buy(get("/stream/hole-broken")),
            get("/stream/hole-broken").token().breaks_off(""),
            get("/stream/hole-broken").token().breaks_off("").invoices(2),
        ),
        row!(
            "stream: one that breaks after its first byte is charged",
            buy(get("/stream/one-broken")),
            Step::Start(get("/stream/one-broken").token()),
            Step::Reads("one "),
            Step::Finish(get("/stream/one-broken").breaks_off("one ")),
            get("/stream/one-broken").token().refused(402, "token_used"),
        ),
        row!(
            "stream: a client that leaves before the first byte is not charged",
            buy(get("/stream/late")),
            Step::Leave(get("/stream/late").token()),
            Step::Leave(get("/stream/late").token()),
            Step::Start(get("/stream/late").token()),
            Step::Entered,
            Step::Finish(get("/stream/late").gives(200, "late")),
            get("/stream/late").token().refused(402, "token_used"),
        ),
        row!(
            "stream: a client that leaves after the first byte is charged",
            buy(get("/stream/one-late")),
            Step::Start(get("/stream/one-late").token()),
            Step::Reads("one "),
            Step::HangUp,
            get("/stream/one-late").token().refused(402, "token_used"),
        ),
        row!(
            "stream: nothing is delivered that cannot be charged",
            buy(get("/stream/two")),
            change(|lab| lab.store.breaks(StoreFault::LeaseLost)),
            get("/stream/two").token().breaks_off(""),
            change(|lab| lab.store.breaks(None)),
        ),
        row!(
            "stream: of known length, charged once",
            buy(get("/sized/two")),
            get("/sized/two").token().gives(200, "one two").with("content-length", "7"),
            get("/sized/two").token().refused(402, "token_used"),
            buy(get("/sized/hole")),
            get("/sized/hole").token().gives(200, "after a hole").with("content-length", "12"),
            get("/sized/hole").token().refused(402, "token_used"),
        ),
        row!(
            "stream: of known length, not charged when it breaks before its first byte",
            buy(get("/sized/broken")),
            get("/sized/broken").token().breaks_off(""),
            get("/sized/broken").token().breaks_off("").invoices(1),
            buy(get("/sized/hole-broken")),
            get("/sized/hole-broken").token().breaks_off(""),
            get("/sized/hole-broken").token().breaks_off("").invoices(2),
        ),
        row!(
            "stream: of known length, charged when it breaks after its first byte",
            buy(get("/sized/one-broken")),
            Step::Start(get("/sized/one-broken").token()),
            Step::Entered,
            // It would have to be complete to be kept here.
            Step::Finish(get("/sized/one-broken").breaks_off("")),
            get("/sized/one-broken").token().refused(402, "token_used"),
        ),
        row!(
            "stream: of known length, not charged to a client that leaves before the first byte",
            buy(get("/sized/late")),
            Step::Leave(get("/sized/late").token()),
            Step::Leave(get("/sized/late").token()),
            Step::Start(get("/sized/late").token()),
            Step::Entered,
            Step::Finish(get("/sized/late").gives(200, "late").with("content-length", "4")),
            get("/sized/late").token().refused(402, "token_used"),
        ),
        row!(
            "stream: of known length, nothing is delivered that cannot be charged",
            buy(get("/sized/late")),
            change(|lab| lab.store.breaks(StoreFault::LeaseLost)),
            Step::Start(get("/sized/late").token()),
            Step::Entered,
            Step::Finish(get("/sized/late").breaks_off("")),
            change(|lab| lab.store.breaks(None)),
        ),
        row!(
            "stream: an upload of unknown length",
            buy(post("/count", "")),
            post("/count", "").chunked(["first", " and ", "second"]).token().gives(200, "16"),
        ),
    ]
}
