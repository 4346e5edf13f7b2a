//! What is sold, and for how much.

use std::time::Duration;

use l402_core::Msat;
use l402_server::{FreeTier, PriceError, PriceRequest, PriceTable, Quote};

use crate::ask::{get, method, post};
use crate::lab::PRICE;
use crate::row;
use crate::row::{Row, after, buy};

const HOUR: Duration = Duration::from_secs(60 * 60);

pub(super) fn rows() -> Vec<Row> {
    let mut rows = uses();
    rows.extend(scopes());
    rows.extend(prices());
    rows.extend(free());
    rows
}

fn uses() -> Vec<Row> {
    vec![
        row!(
            "policy: one call",
            get("/report").refused(402, "payment_required").with("cache-control", "no-store").invoices(1),
            buy(get("/report")),
            get("/report").token().gives(200, "the report").invoices(2),
            get("/report").token().refused(402, "token_used").invoices(3),
        ),
        row!(
            "policy: three calls",
            buy(get("/report")),
            get("/report").token().gives(200, "the report"),
            get("/report").token().gives(200, "the report"),
            get("/report").token().gives(200, "the report"),
            get("/report").token().refused(402, "token_used"),
        )
        .gate(|gate| gate.price(Quote::new(PRICE).uses(3))),
        row!(
            "policy: unlimited until it expires",
            buy(get("/report")),
            get("/report").token().gives(200, "the report"),
            get("/report").token().gives(200, "the report"),
            after(10 * 60 + 60 * 60 + 1),
            get("/report").token().refused(402, "token_expired"),
        )
        .gate(|gate| gate.price(Quote::new(PRICE).unlimited())),
        row!(
            "policy: valid for a day",
            buy(get("/report")),
            after(24 * 3600),
            get("/report").token().gives(200, "the report"),
            after(601),
            get("/report").token().refused(402, "token_expired"),
        )
        .gate(|gate| gate.price(Quote::new(PRICE).uses(9).valid_for(24 * HOUR))),
        row!(
            "policy: a token outlives a new price",
            buy(get("/items/1?cheap")),
            get("/items/1").refused(402, "payment_required").contains("\"price_sats\":500"),
            get("/items/1?cheap").token().gives(200, "item 1"),
        )
        .gate(|gate| {
            let price = async |request: PriceRequest| {
                Ok(Quote::new(Msat::from_sat(if request.query().is_some() { 1 } else { 500 })))
            };
            gate.price_fn(price)
        }),
    ]
}

fn scopes() -> Vec<Row> {
    vec![
        row!(
            "scope: a whole route",
            buy(get("/items/1")),
            get("/items/1").token().gives(200, "item 1"),
            get("/items/2").token().gives(200, "item 2"),
            get("/api/items/1").token().refused(402, "wrong_path"),
            post("/items/1", "").token().refused(402, "wrong_method"),
        )
        .gate(|gate| gate.price(Quote::new(PRICE).uses(9).whole_route())),
        row!(
            "scope: a pass opens the routes that name it, with any method",
            buy(get("/report")),
            get("/report").token().gives(200, "the report"),
            post("/items/7", "").token().gives(200, "item 7"),
            get("/echo").token().refused(402, "caveat_not_met"),
            get("/count").token().status(402),
        )
        .gate(|gate| {
            let pass = Quote::new(PRICE).pass("weather").unlimited();
            let other = Quote::new(PRICE).pass("maps").unlimited();
            let prices = PriceTable::new().any("/report", pass.clone()).any("/items/{id}", pass);
            gate.prices(prices.any("/echo", other).otherwise(PRICE))
        }),
        row!(
            "scope: a pass that was verified for one route is none for another",
            buy(get("/report")),
            get("/report").token().gives(200, "the report"),
            get("/report").token().gives(200, "the report"),
            get("/report").written(|token| vec![token.with_caveat("services=maps:0").header()]).status(402),
            get("/echo").token().refused(402, "caveat_not_met"),
            get("/report").token().gives(200, "the report"),
        )
        .gate(|gate| {
            let pass = |name| Quote::new(PRICE).pass(name).unlimited();
            gate.prices(PriceTable::new().any("/report", pass("weather")).any("/echo", pass("maps")))
        }),
        row!(
            "scope: a token for one call is no pass, and works where it was bought",
            buy(get("/count")),
            get("/report").token().status(402),
            get("/count").token().gives(200, "0"),
        )
        .gate(|gate| {
            let pass = Quote::new(PRICE).pass("weather").unlimited();
            gate.prices(PriceTable::new().any("/report", pass).otherwise(PRICE))
        }),
    ]
}

fn prices() -> Vec<Row> {
    let table = || {
        PriceTable::new()
            .get("/items/{id}", Msat::from_sat(1))
            .post("/items/{id}", Msat::from_sat(500))
            .get("/api/items/{id}", Msat::from_sat(70))
            .any("/report", Quote::free())
    };
    vec![
        row!(
            "price table: by template and method, nested templates too",
            get("/items/1").refused(402, "payment_required").contains("\"price_sats\":1,"),
            post("/items/1", "").refused(402, "payment_required").contains("\"price_sats\":500,"),
            get("/api/items/1").refused(402, "payment_required").contains("\"price_sats\":70,"),
            get("/report").gives(200, "the report").without("l402-payment-hash").invoices(3),
        )
        .gate(move |gate| gate.prices(table())),
        row!(
            "price table: a cheap token opens nothing dear",
            buy(get("/items/1")),
            post("/items/1", "").token().refused(402, "wrong_method"),
            get("/api/items/1").token().refused(402, "wrong_path"),
            get("/items/1").token().gives(200, "item 1"),
        )
        .gate(move |gate| gate.prices(table())),
        row!(
            "price table: what is not in it is not for sale",
            get("/echo").refused(404, "not_for_sale").invoices(0),
            method("PUT", "/items/1").refused(404, "not_for_sale").invoices(0),
            buy(get("/items/1")),
            get("/echo").token().refused(404, "not_for_sale"),
        )
        .gate(move |gate| gate.prices(table())),
        row!(
            "price function: bound to the query",
            buy(get("/items/1?pages=1")),
            get("/items/1?pages=9").token().refused(402, "caveat_not_met").contains("\"price_sats\":45,"),
            get("/items/1").token().refused(402, "caveat_not_met"),
            get("/items/1?pages=1").token().gives(200, "item 1"),
        )
        .gate(|gate| gate.price_fn(per_page)),
        row!(
            "price function: bound to a header field",
            buy(get("/report").header("x-size", "small")),
            get("/report").header("x-size", "large").token().refused(402, "caveat_not_met"),
            get("/report").token().refused(402, "caveat_not_met"),
            get("/report")
                .header("x-size", "small")
                .header("x-size", "large")
                .token()
                .refused(402, "caveat_not_met"),
            get("/report").header("X-Size", "small").token().gives(200, "the report"),
        )
        .gate(|gate| gate.price_fn(by_size)),
        row!(
            "price function: what was verified once is verified for another query, field, path and method again",
            buy(get("/items/1?pages=1").header("x-size", "small")),
            get("/items/1?pages=1").header("x-size", "small").token().gives(200, "item 1"),
            get("/items/1?pages=1").header("x-size", "small").token().gives(200, "item 1"),
            get("/items/1?pages=9").header("x-size", "small").token().refused(402, "caveat_not_met"),
            get("/items/1").header("x-size", "small").token().refused(402, "caveat_not_met"),
            get("/items/1?pages=1").header("x-size", "large").token().refused(402, "caveat_not_met"),
            get("/items/1?pages=1").token().refused(402, "caveat_not_met"),
            get("/items/2?pages=1").header("x-size", "small").token().refused(402, "wrong_path"),
            method("PUT", "/items/1?pages=1").header("x-size", "small").token().refused(402, "wrong_method"),
            get("/items/1?pages=1").header("x-size", "small").token().gives(200, "item 1"),
        )
        .gate(|gate| {
            gate.price_fn(async |request: PriceRequest| {
                let quote = if request.query().is_some() { by_size(request).await? } else { Quote::new(PRICE) };
                Ok(quote.bound_to_header("x-size").unlimited())
            })
        }),
        row!(
            "price function: not for sale, not known, free",
            get("/items/none").refused(404, "not_for_sale"),
            get("/items/unknown").refused(503, "price_unavailable").with("retry-after", "5"),
            get("/items/zero").refused(503, "price_unavailable"),
            get("/items/free").gives(200, "item free").invoices(0),
        )
        .gate(|gate| gate.price_fn(by_path)),
        row!(
            "price function: sees no secrets",
            buy(get("/report")),
            get("/report").header("cookie", "session=1").token().gives(200, "the report"),
            get("/report").header("cookie", "a=b").authorization("Bearer a.b.c").status(402),
        )
        .gate(|gate| {
            gate.price_fn(async |request: PriceRequest| {
                assert!(request.header("authorization").is_none() && request.header("cookie").is_none());
                Ok(Quote::new(PRICE))
            })
        }),
    ]
}

async fn per_page(request: PriceRequest) -> Result<Quote, PriceError> {
    let pages = request.query().and_then(|query| query.strip_prefix("pages=")?.parse().ok()).unwrap_or(1);
    Msat::from_sat(5).checked_mul(pages).map(Quote::new).ok_or(PriceError::NotForSale)
}

async fn by_size(request: PriceRequest) -> Result<Quote, PriceError> {
    let price = if request.header("x-size") == Some("large") { 100 } else { 1 };
    Ok(Quote::new(Msat::from_sat(price)).bound_to_header("X-Size"))
}

async fn by_path(request: PriceRequest) -> Result<Quote, PriceError> {
    match request.path() {
        "/items/none" => Err(PriceError::NotForSale),
        "/items/unknown" => Err(PriceError::unavailable("the lab has no price for this")),
        "/items/zero" => Ok(Quote::new(Msat::ZERO)),
        _ => Ok(Quote::free()),
    }
}

fn free() -> Vec<Row> {
    vec![
        row!(
            "free: a free route takes tokens and charges none",
            get("/report").gives(200, "the report").without("cache-control").invoices(0),
            get("/report").authorization("L402 garbage").gives(200, "the report").invoices(0),
        )
        .gate(|gate| gate.price(Quote::free())),
        row!(
            "free tier: two calls a client, then the price",
            get("/report")
                .gives(200, "the report")
                .with("cache-control", "private")
                .without("l402-payment-hash"),
            get("/report").gives(200, "the report"),
            get("/report").refused(402, "payment_required").invoices(1),
            buy(get("/report")),
            get("/report").token().gives(200, "the report"),
            after(3600),
            get("/report").gives(200, "the report").invoices(2),
        )
        .gate(|gate| gate.free_tier(FreeTier::new(2, HOUR))),
        row!(
            "free tier: a bad credential takes no free call",
            get("/report").authorization("L402 x").refused(401, "malformed_credential"),
            get("/report").gives(200, "the report"),
            get("/report").refused(402, "payment_required"),
            buy(get("/report")),
            get("/report").token().gives(200, "the report"),
            after(3601),
            get("/report").token().refused(402, "token_used"),
            get("/report").gives(200, "the report"),
        )
        .gate(|gate| gate.free_tier(FreeTier::new(1, HOUR))),
        row!(
            "shadow: everybody is let in, and tokens are charged as ever",
            get("/report").gives(200, "the report").invoices(0),
            get("/report").authorization("L402 garbage").gives(200, "the report"),
            method("DELETE", "/report").gives(200, "the report").invoices(0),
        )
        .gate(|gate| gate.shadow()),
    ]
}
