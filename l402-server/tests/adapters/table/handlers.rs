//! What is charged, and what is given back.

use crate::ask::{get, post};
use crate::row;
use crate::row::{Row, Step, buy};

pub(super) fn rows() -> Vec<Row> {
    /// A status that delivers is charged, any other is not, however often.
    fn status(name: &'static str, path: &'static str, status: u16, is_charged: bool) -> Row {
        let first = get(path).token().status(status);
        let then = if is_charged { get(path).token().refused(402, "token_used") } else { first.clone() };
        Row::new(name, vec![buy(get(path)), first.into(), then.into()])
    }
    vec![
        status("handler: 201 is charged", "/status/201", 201, true),
        status("handler: 204 is charged", "/status/204", 204, true),
        status("handler: 206 is charged", "/status/206", 206, true),
        status("handler: 304 is charged", "/status/304", 304, true),
        status("handler: 302 is not charged", "/status/302", 302, false),
        status("handler: 303 is not charged", "/status/303", 303, false),
        status("handler: 400 is not charged", "/status/400", 400, false),
        status("handler: 404 is not charged", "/status/404", 404, false),
        status("handler: its own 402 is not charged", "/status/402", 402, false),
        status("handler: 500 is not charged", "/status/500", 500, false),
        status("handler: 503 is not charged", "/status/503", 503, false),
        row!(
            "handler: a panic is not charged",
            buy(get("/panic")),
            get("/panic").token().hangs_up(),
            get("/panic").token().hangs_up().invoices(1),
        ),
        row!(
            "handler: a client that leaves before the answer is not charged",
            buy(get("/work")),
            Step::Leave(get("/work").token()),
            Step::Leave(get("/work").token()),
            Step::Start(get("/work").token()),
            Step::Entered,
            Step::Finish(get("/work").gives(200, "done")),
            get("/work").token().refused(402, "token_used"),
        )
        .waiting(),
        row!(
            "handler: a request that takes too long is not charged",
            buy(get("/work")),
            Step::Start(get("/work").token()),
            Step::Entered,
            Step::TimeOut(get("/work").status(504)),
            Step::Start(get("/work").token()),
            Step::Entered,
            Step::Finish(get("/work").gives(200, "done").invoices(1)),
        )
        .waiting(),
        row!(
            "body: goes through to the handler",
            buy(post("/echo", "")),
            post("/echo", "what was sent").token().gives(200, "what was sent"),
        ),
        row!(
            "body: eight megabytes go through as they come",
            buy(post("/count", "")),
            post("/count", vec![7; 8 << 20]).token().gives(200, (8 << 20).to_string()),
        ),
        row!(
            "upgrade: a WebSocket is charged before the first frame",
            buy(websocket()),
            websocket().token().status(101),
            websocket().token().refused(402, "token_used"),
        ),
        row!(
            "upgrade: a WebSocket is charged, and both sides talk",
            buy(websocket()),
            websocket().token().status(101).with("upgrade", "websocket"),
            Step::Frame(b"hello"),
            Step::Frame(b"and again"),
            websocket().token().refused(402, "token_used"),
        ),
    ]
}

pub(super) fn websocket() -> crate::ask::Ask {
    get("/ws")
        .header("connection", "Upgrade")
        .header("upgrade", "websocket")
        .header("sec-websocket-version", "13")
        .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
}
