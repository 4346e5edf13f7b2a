//! Methods and paths.

use l402_core::Limits;
use l402_server::{PriceTable, Quote};

use crate::ask::{get, method, post};
use crate::lab::PRICE;
use crate::row;
use crate::row::{Row, Step, buy};
use crate::site::Framework;

pub(super) fn rows() -> Vec<Row> {
    let mut rows = methods();
    rows.extend(paths());
    rows
}

fn methods() -> Vec<Row> {
    let bought = |name: &'static str, verb: &'static str| {
        Row::new(
            name,
            vec![
                buy(method(verb, "/report").body("")),
                method(verb, "/report").body("").token().gives(200, "the report").into(),
                method(verb, "/report").body("").token().refused(402, "token_used").into(),
            ],
        )
    };
    vec![
        bought("method: POST", "POST"),
        bought("method: PUT", "PUT"),
        bought("method: PATCH", "PATCH"),
        bought("method: DELETE", "DELETE"),
        bought("method: one of its own", "PROPFIND"),
        row!(
            "method: HEAD and OPTIONS cost no invoice",
            method("HEAD", "/report").status(402).without("www-authenticate").invoices(0),
            method("OPTIONS", "/report")
                .refused(402, "payment_required")
                .without("www-authenticate")
                .invoices(0),
        ),
        row!(
            "method: a token for GET is none for HEAD",
            buy(get("/report")),
            method("HEAD", "/report").token().status(402).invoices(1),
            get("/report").token().gives(200, "the report"),
        ),
        row!(
            "method: one that a token could not name",
            method(&"M".repeat(200), "/report").body("").refused(501, "method_too_long").invoices(0),
        )
        .gate(|gate| gate.limits(Limits::default().with_caveat_bytes(128))),
        row!(
            "method: one that the route has not is not sold",
            post("/get-only", "").status(405).invoices(0),
            get("/nothing").status(404).invoices(0),
        ),
    ]
}

/// Each of these is another path than `/items/a`, whatever a proxy or router thinks of it.
const TRICKS: [&str; 12] = [
    "/items/a/",
    "//items/a",
    "/items//a",
    "/./items/a",
    "/items/./a",
    "/x/../items/a",
    "/items/b/../a",
    "/items%2Fa",
    "/items/%61",
    "/Items/a",
    "/items/a;v=1",
    "/items/a%00",
];

fn paths() -> Vec<Row> {
    let mut tricks = vec![buy(get("/items/a"))];
    tricks.extend(TRICKS.map(|path| get(path).token().refused(402, "wrong_path").into()));
    tricks.push(get("/items/a").token().gives(200, "anything").into());
    let mut bought: Vec<Step> = Vec::new();
    for path in TRICKS {
        bought.push(buy(get(path)));
        bought.push(get("/items/a").token().refused(402, "wrong_path").into());
        bought.push(get(path).token().gives(200, "anything").into());
    }
    vec![
        Row::new("path: no spelling of another path takes a token", tricks).everything(),
        Row::new("path: a token for another spelling does not open the path", bought).everything(),
        Row::new("path: spellings that a router may take for a route", routed()),
        row!(
            "path: the query is not part of a fixed price",
            buy(get("/report?a=1")),
            get("/report?a=2&b").token().gives(200, "the report"),
        ),
        row!(
            "path: one that a token could not name",
            get(&format!("/items/{}", "x".repeat(5000))).refused(414, "path_too_long").invoices(0),
            get(&format!("/items/{}", "x".repeat(400))).refused(402, "payment_required").invoices(1),
        ),
        row!(
            "path: nested routes are bound to what the client asked for",
            buy(get("/api/items/7")),
            get("/items/7").token().refused(402, "wrong_path"),
            get("/api/items/8").token().refused(402, "wrong_path"),
            get("/api/items/7?colour=red").token().gives(200, "item 7"),
        ),
        row!(
            "path: a whole nested route",
            buy(get("/api/items/7")),
            get("/api/items/8").token().gives(200, "item 8"),
            get("/items/8").token().refused(402, "wrong_path"),
        )
        .gate(|gate| gate.price(Quote::new(PRICE).uses(2).whole_route())),
        row!(
            "path: no trick leads around the price table",
            get("/items/a").refused(402, "payment_required"),
            get("//items/a").status(404),
            get("/Items/a").status(404),
            get("/items%2Fa").status(404).invoices(1),
        )
        .gate(|gate| gate.prices(PriceTable::new().any("/items/{id}", PRICE))),
    ]
}

/// Routers differ in which spellings they take for a route. None that they take is open to the token.
fn routed() -> Vec<Step> {
    let refused = |path: &str| get(path).token().refused(402, "wrong_path");
    let unknown = |path: &str| get(path).token().status(404);
    let mut steps = vec![buy(get("/items/a"))];
    for path in ["/items/a/", "//items/a", "/items//a", "/./items/a", "/items%2Fa", "/Items/a"] {
        steps.push(unknown(path).into());
    }
    for path in ["/items/%61", "/items/a;v=1", "/items/a%00"] {
        steps.push(refused(path).into());
    }
    // actix-web decodes letters before it looks for a route, axum does not.
    steps.push(Step::Only(Framework::Axum, unknown("/%69tems/a")));
    steps.push(Step::Only(Framework::Actix, refused("/%69tems/a")));
    steps.push(get("/items/a").token().gives(200, "item a").into());
    steps
}
