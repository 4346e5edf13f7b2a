//! `Idempotency-Key`.

use l402_server::{Idempotency, Quote};

use crate::ask::{Ask, get, post};
use crate::lab::PRICE;
use crate::row;
use crate::row::{Row, Step, after, buy};
use crate::table::handlers::websocket;

const KEY: &str = "idempotency-key";

fn order(body: &str) -> Ask {
    post("/echo", body).header(KEY, "order-1").token()
}

fn keeping(row: Row, settings: Idempotency) -> Row {
    row.gate(move |gate| gate.price(Quote::new(PRICE).uses(2)).idempotency(settings))
}

pub(super) fn rows() -> Vec<Row> {
    let small = Idempotency::default().max_request_bytes(100).max_answer_bytes(100);
    vec![
        keeping(
            row!(
                "idempotency: the same answer again, charged once",
                buy(post("/echo", "")),
                order("two copies").gives(200, "two copies").with("cache-control", "private"),
                order("two copies").gives(200, "two copies").with("cache-control", "private"),
                order("two copies").gives(200, "two copies"),
                post("/echo", "x").header(KEY, "order-2").token().gives(200, "x"),
                post("/echo", "x").header(KEY, "order-3").token().refused(402, "token_used"),
                order("two copies").gives(200, "two copies"),
                after(601),
                order("two copies").refused(402, "token_used"),
            ),
            Idempotency::default(),
        ),
        keeping(
            row!(
                "idempotency: another body, query or payment is another request",
                buy(post("/echo", "")),
                order("two copies").gives(200, "two copies"),
                order("three copies").refused(409, "idempotency_key_mismatch"),
                post("/echo?a", "two copies")
                    .header(KEY, "order-1")
                    .token()
                    .refused(409, "idempotency_key_mismatch"),
                buy(post("/echo", "")),
                order("mine").gives(200, "mine"),
                order("mine").gives(200, "mine"),
            ),
            Idempotency::default(),
        ),
        keeping(
            row!(
                "idempotency: a key that is none",
                buy(post("/echo", "")),
                post("/echo", "x").header(KEY, "").token().refused(400, "malformed_idempotency_key"),
                post("/echo", "x")
                    .header(KEY, "k".repeat(256))
                    .token()
                    .refused(400, "malformed_idempotency_key"),
                order("x").header(KEY, "another").refused(400, "malformed_idempotency_key"),
                post("/echo", "x").header(KEY, "k".repeat(255)).token().gives(200, "x"),
            ),
            Idempotency::default(),
        ),
        keeping(
            row!(
                "idempotency: a body that is too large",
                buy(post("/echo", "")),
                order(&"x".repeat(101)).refused(413, "body_too_large").invoices(1),
                order(&"x".repeat(100)).gives(200, "x".repeat(100)),
                order(&"x".repeat(100)).gives(200, "x".repeat(100)),
            ),
            small,
        ),
        keeping(
            row!(
                "idempotency: an answer that is too large is charged each time",
                buy(get("/cache/no-store")),
                get("/items/1").status(402),
                get("/cache/no-store").header(KEY, "a").token().gives(200, "for one buyer"),
                get("/cache/no-store").header(KEY, "a").token().gives(200, "for one buyer"),
                get("/cache/no-store").header(KEY, "a").token().refused(402, "token_used"),
            ),
            Idempotency::default().max_answer_bytes(4),
        ),
        keeping(
            row!(
                "idempotency: a stream is not kept",
                buy(get("/stream/two")),
                get("/stream/two").header(KEY, "a").token().gives(200, "one two"),
                get("/stream/two").header(KEY, "a").token().gives(200, "one two"),
                get("/stream/two").header(KEY, "a").token().refused(402, "token_used"),
            ),
            Idempotency::default(),
        ),
        keeping(
            row!(
                "idempotency: a WebSocket is opened each time",
                buy(websocket()),
                websocket().header(KEY, "a").token().status(101),
                Step::Frame(b"hello"),
                websocket().header(KEY, "a").token().status(101),
                Step::Frame(b"hello"),
                websocket().header(KEY, "a").token().refused(402, "token_used"),
            ),
            Idempotency::default(),
        ),
        keeping(
            row!(
                "idempotency: what failed is not kept",
                buy(get("/status/500")),
                get("/status/500").header(KEY, "a").token().status(500),
                get("/status/500").header(KEY, "a").token().status(500),
                get("/status/500").header(KEY, "a").token().status(500).invoices(1),
            ),
            Idempotency::default(),
        ),
        keeping(
            row!(
                "idempotency: a field that is not ASCII is sent, and not kept",
                buy(get("/binary-field")),
                get("/binary-field").header(KEY, "a").token().gives(200, "not ASCII"),
                get("/binary-field").header(KEY, "a").token().gives(200, "not ASCII"),
                get("/binary-field").header(KEY, "a").token().refused(402, "token_used"),
            ),
            Idempotency::default(),
        ),
        keeping(
            row!(
                "idempotency: while the first runs, the second waits",
                buy(get("/work")),
                Step::Start(get("/work").header(KEY, "a").token()),
                Step::Entered,
                get("/work")
                    .header(KEY, "a")
                    .token()
                    .refused(409, "idempotency_key_in_use")
                    .with("retry-after", "1"),
                Step::Finish(get("/work").gives(200, "done")),
                get("/work").header(KEY, "a").token().gives(200, "done"),
                Step::Leave(get("/work").header(KEY, "b").token()),
                Step::Start(get("/work").header(KEY, "b").token()),
                Step::Entered,
                Step::Finish(get("/work").gives(200, "done")),
                get("/work").token().refused(402, "token_used"),
            )
            .waiting(),
            Idempotency::default(),
        ),
        row!(
            "idempotency: off, and keys mean nothing",
            buy(post("/echo", "")),
            order("x").gives(200, "x"),
            order("x").refused(402, "token_used"),
        ),
    ]
}
