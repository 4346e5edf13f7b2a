//! What is sold for what: quotes, tables, price functions and the free tier.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use common::{Ask, Shop, answer, body, is_free, spend};
use l402_core::Msat;
use l402_server::{
    BuildError, FreeTier, Gate, GateBuilder, PriceError, PriceRequest, PriceTable, Quote, QuoteError,
    TrustedProxies,
};

const CHEAP: Msat = Msat::from_sat(1);
const DEAR: Msat = Msat::from_sat(500);

fn table() -> PriceTable {
    PriceTable::new()
        .get("/items/{id}", CHEAP)
        .post("/items/{id}", DEAR)
        .get("/dear", DEAR)
        .get("/bundle/{id}", Quote::new(CHEAP).whole_route().uses(3))
        .get("/news", Quote::new(CHEAP).pass("basic").unlimited())
        .post("/news/{id}", Quote::new(DEAR).pass("basic").unlimited())
        .get("/vip", Quote::new(DEAR).pass("vip").unlimited())
        .get("/terms", Quote::free())
        .any("/health", Quote::free())
}

fn shop() -> Shop {
    Shop::open_with(|gate| gate.prices(table()))
}

async fn price(shop: &Shop, ask: Ask<'_>) -> u64 {
    body(&answer(shop.ask(ask, None).await))["price_msat"].as_u64().unwrap()
}

#[tokio::test]
async fn each_route_and_method_has_its_price() {
    let shop = shop();
    let post = Ask { method: "POST", ..Ask::on("/items/{id}", "/items/7") };
    assert_eq!(price(&shop, Ask::on("/items/{id}", "/items/7")).await, 1_000);
    assert_eq!(price(&shop, post).await, 500_000);
    assert_eq!(price(&shop, Ask::on("/dear", "/dear")).await, 500_000);
    assert!(is_free(&shop.ask(Ask::on("/health", "/health"), None).await));
    for route in ["/health", "/terms"] {
        assert!(is_free(&shop.ask(Ask { method: "HEAD", ..Ask::on(route, route) }, None).await), "{route}");
    }
    let post = answer(shop.ask(Ask { method: "POST", ..Ask::on("/terms", "/terms") }, None).await);
    assert_eq!(post.code(), "not_for_sale");
}

#[tokio::test]
async fn what_is_not_in_the_table_is_not_let_in() {
    let shop = shop();
    for ask in [
        Ask::on("/unlisted", "/unlisted"),
        Ask { method: "DELETE", ..Ask::on("/items/{id}", "/items/7") },
        // Not by its path: no router has matched it.
        Ask::get("/dear"),
        Ask::get("/health"),
    ] {
        let reply = answer(shop.ask(ask, None).await);
        assert_eq!((reply.status, reply.code()), (404, "not_for_sale"), "{} {}", ask.method, ask.path);
    }
    assert_eq!(shop.invoices(), 0);
    let open = Shop::open_with(|gate| gate.prices(table().otherwise(DEAR)));
    assert_eq!(price(&open, Ask::get("/anything")).await, 500_000);
}

#[tokio::test]
async fn a_cheap_token_opens_nothing_else() {
    let shop = shop();
    let cheap = Ask::on("/items/{id}", "/items/7");
    let token = shop.buy_with(cheap).await;
    for (ask, code) in [
        (Ask::on("/dear", "/dear"), "wrong_path"),
        (Ask::on("/items/{id}", "/items/8"), "wrong_path"),
        (Ask { method: "POST", ..cheap }, "wrong_method"),
        (Ask::on("/vip", "/vip"), "wrong_path"),
    ] {
        assert_eq!(spend(shop.ask(ask, Some(&token)).await).await, Err(code), "{} {}", ask.method, ask.path);
    }
    assert_eq!(spend(shop.ask(cheap, Some(&token)).await).await, Ok(()), "and it was not burnt by trying");
}

#[tokio::test]
async fn a_route_token_works_for_every_path_of_the_route_and_no_other() {
    let shop = shop();
    let token = shop.buy_with(Ask::on("/bundle/{id}", "/bundle/1")).await;
    for path in ["/bundle/1", "/bundle/2"] {
        assert_eq!(spend(shop.ask(Ask::on("/bundle/{id}", path), Some(&token)).await).await, Ok(()));
    }
    // The template as a path, and a path that looks like it, on other routes.
    for ask in [Ask::on("/items/{id}", "/bundle/3"), Ask::on("/items/{id}", "/bundle/{id}")] {
        assert_eq!(spend(shop.ask(ask, Some(&token)).await).await, Err("wrong_path"));
    }
    let third = Ask::on("/bundle/{id}", "/bundle/{id}");
    assert_eq!(spend(shop.ask(third, Some(&token)).await).await, Ok(()));
    assert_eq!(spend(shop.ask(third, Some(&token)).await).await, Err("token_used"));
}

#[tokio::test]
async fn a_pass_opens_the_routes_of_its_name_with_any_method() {
    let shop = shop();
    let news = Ask::on("/news", "/news");
    let token = shop.buy_with(news).await;
    let comment = Ask { method: "POST", ..Ask::on("/news/{id}", "/news/4") };
    for ask in [news, comment, news] {
        assert_eq!(spend(shop.ask(ask, Some(&token)).await).await, Ok(()));
    }
    for ask in [Ask::on("/vip", "/vip"), Ask::on("/dear", "/dear")] {
        assert_eq!(spend(shop.ask(ask, Some(&token)).await).await, Err("caveat_not_met"));
    }
}

#[tokio::test]
async fn uses_lifetime_and_description_are_the_quotes() {
    let quote = Quote::new(CHEAP).uses(2).valid_for(Duration::from_secs(86_400)).description("two reports");
    let shop = Shop::open_with(|gate| gate.price(quote));
    let token = shop.buy("/report").await;
    assert_eq!(shop.node.invoices()[0].description, "two reports");
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Ok(()));
    // The invoice could be paid for ten minutes, and the token lives a day after that.
    shop.clock.advance(Duration::from_secs(86_400 + 599));
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Ok(()));
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Err("token_used"));
    let late = shop.buy("/report").await;
    shop.clock.advance(Duration::from_secs(86_400 + 600));
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&late)).await).await, Err("token_expired"));
}

#[tokio::test]
async fn a_price_change_strands_nobody() {
    let sats = Arc::new(AtomicU64::new(1));
    let now = Arc::clone(&sats);
    let shop = Shop::open_with(|gate| {
        gate.price_fn(move |_| {
            let price = Msat::from_sat(now.load(Ordering::Relaxed));
            async move { Ok(Quote::new(price)) }
        })
    });
    let early = shop.buy("/report").await;
    sats.store(100, Ordering::Relaxed);
    assert_eq!(price(&shop, Ask::get("/report")).await, 100_000);
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&early)).await).await, Ok(()));
}

/// Prices by what is asked for: the query's pages, or the model in a header.
async fn by_request(request: PriceRequest) -> Result<Quote, PriceError> {
    let model = match request.header("x-model") {
        Some("large") => DEAR,
        Some("none") => return Err(PriceError::NotForSale),
        Some("down") => return Err(PriceError::unavailable("rates are old")),
        Some("gift") => return Ok(Quote::free()),
        Some("broken") => return Ok(Quote::new(Msat::ZERO)),
        Some("pass") => return Ok(Quote::new(CHEAP).pass("basic")),
        _ => CHEAP,
    };
    let pages = request.query().map_or(1, |query| query.len() as u64);
    Ok(Quote::new(model.checked_mul(pages).unwrap()).bound_to_header("X-Model"))
}

fn dynamic() -> Shop {
    Shop::open_with(|gate| gate.price_fn(by_request))
}

#[tokio::test]
async fn a_token_is_bound_to_what_its_price_depended_on() {
    let shop = dynamic();
    let small = Ask { query: Some("a"), headers: &[("x-model", "small")], ..Ask::get("/ai") };
    let token = shop.buy_with(small).await;
    for dearer in [
        Ask { query: Some("aaaa"), ..small },
        Ask { query: None, ..small },
        Ask { headers: &[("x-model", "large")], ..small },
        Ask { headers: &[("x-model", "small"), ("x-model", "large")], ..small },
        Ask { headers: &[], ..small },
    ] {
        assert_eq!(spend(shop.ask(dearer, Some(&token)).await).await, Err("caveat_not_met"));
    }
    assert_eq!(spend(shop.ask(small, Some(&token)).await).await, Ok(()));
}

/// Nor do two fields, or two values of one, pass for others that are written alike.
#[tokio::test]
async fn a_token_is_bound_to_each_field_and_value() {
    let quote = |_: PriceRequest| async {
        Ok(Quote::new(CHEAP).bound_to_header("x-size").bound_to_header("x-model"))
    };
    let shop = Shop::open_with(|gate| gate.price_fn(quote));
    let bought = [("x-size", "a"), ("x-model", "bc"), ("x-model", "d")];
    let token = shop.buy_with(Ask { headers: &bought, ..Ask::get("/ai") }).await;
    for other in [
        &[("x-size", "bc"), ("x-model", "a"), ("x-model", "d")][..],
        &[("x-size", "a"), ("x-model", "b"), ("x-model", "cd")],
        &[("x-size", "a"), ("x-model", "bcd")],
        &[("x-size", "b"), ("x-model", "bc"), ("x-model", "d")],
        &[("x-model", "bc"), ("x-model", "d")],
    ] {
        let ask = Ask { headers: other, ..Ask::get("/ai") };
        assert_eq!(spend(shop.ask(ask, Some(&token)).await).await, Err("caveat_not_met"), "{other:?}");
    }
    let ask = Ask { headers: &bought, ..Ask::get("/ai") };
    assert_eq!(spend(shop.ask(ask, Some(&token)).await).await, Ok(()));
}

#[tokio::test]
async fn a_price_function_may_ignore_the_query() {
    let quote = |_: PriceRequest| async { Ok(Quote::new(CHEAP).any_query()) };
    let shop = Shop::open_with(|gate| gate.price_fn(quote));
    let token = shop.buy_with(Ask { query: Some("a=1"), ..Ask::get("/ai") }).await;
    let other = Ask { query: Some("a=2"), ..Ask::get("/ai") };
    assert_eq!(spend(shop.ask(other, Some(&token)).await).await, Ok(()));
}

#[tokio::test]
async fn a_price_function_that_cannot_tell_lets_nobody_in() {
    let shop = dynamic();
    for (model, expected) in [
        ("none", (404, "not_for_sale")),
        ("down", (503, "price_unavailable")),
        ("broken", (503, "price_unavailable")),
        ("pass", (503, "price_unavailable")),
    ] {
        let headers = [("x-model", model)];
        let reply = answer(shop.ask(Ask { headers: &headers, ..Ask::get("/ai") }, None).await);
        assert_eq!((reply.status, reply.code()), expected, "{model}");
    }
    assert!(is_free(&shop.ask(Ask { headers: &[("x-model", "gift")], ..Ask::get("/ai") }, None).await));
    assert_eq!(shop.invoices(), 0);
}

#[tokio::test]
async fn a_price_function_sees_no_secret() {
    let look = |request: PriceRequest| async move {
        assert_eq!(request.header("cookie"), None);
        assert_eq!(request.header("authorization"), None);
        assert_eq!((request.method(), request.path(), request.route()), ("GET", "/ai", Some("/ai")));
        assert_eq!(request.header("x-seen"), Some("yes"));
        Ok(Quote::new(CHEAP))
    };
    let shop = Shop::open_with(|gate| gate.price_fn(look));
    let headers = [("cookie", "session=1"), ("authorization", "Bearer secret"), ("x-seen", "yes")];
    let reply = answer(shop.ask(Ask { headers: &headers, ..Ask::on("/ai", "/ai") }, None).await);
    assert_eq!(reply.status, 402);
}

/// The function does not see them, so no price depends on them; and a token bound to one would never work.
#[tokio::test]
async fn a_token_is_bound_to_no_secret() {
    for secret in ["Cookie", "Authorization", "Proxy-Authorization", "Macaroon", "Grpc-Metadata-Macaroon"] {
        let quote = move |_: PriceRequest| async move { Ok(Quote::new(CHEAP).bound_to_header(secret)) };
        let shop = Shop::open_with(|gate| gate.price_fn(quote));
        let headers = [("cookie", "session=1")];
        let reply = answer(shop.ask(Ask { headers: &headers, ..Ask::get("/ai") }, None).await);
        assert_eq!((reply.status, reply.code()), (503, "price_unavailable"), "{secret}");
        assert_eq!(shop.invoices(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_price_function_that_never_answers_is_not_waited_for() {
    let never = |_: PriceRequest| std::future::pending();
    let shop = Shop::open_with(|gate| gate.price_fn(never).price_timeout(Duration::from_secs(2)));
    let start = tokio::time::Instant::now();
    let reply = answer(shop.ask(Ask::get("/ai"), None).await);
    assert_eq!((reply.status, reply.code()), (503, "price_unavailable"));
    assert_eq!(start.elapsed().as_secs(), 2);
}

#[tokio::test]
async fn each_client_has_its_own_free_calls() {
    let tier = FreeTier::new(2, Duration::from_secs(60)).max_clients(3);
    let shop = Shop::open_with(|gate| gate.free_tier(tier));
    let from = |peer| Ask { peer, ..Ask::get("/report") };
    let alice = from(Some("192.0.2.1"));
    for free in [true, true, false, false] {
        assert_eq!(is_free(&shop.ask(alice, None).await), free);
    }
    // One customer's whole /64 is one client.
    for (peer, free) in [("2001:db8::1", true), ("2001:db8::ffff:2", true), ("2001:db8::3", false)] {
        assert_eq!(is_free(&shop.ask(from(Some(peer)), None).await), free, "{peer}");
    }
    assert!(is_free(&shop.ask(from(None), None).await), "those without address share one count");
    assert!(!is_free(&shop.ask(from(Some("192.0.2.9")), None).await), "no room for a fourth client");
    shop.clock.advance(Duration::from_secs(60));
    assert!(is_free(&shop.ask(alice, None).await));
    assert!(is_free(&shop.ask(from(Some("192.0.2.9")), None).await), "and its room is there again");
}

/// What a function gives away takes no free call, and what it does not sell is not given away.
#[tokio::test]
async fn free_calls_are_for_what_costs_something() {
    let tier = FreeTier::new(1, Duration::from_secs(60));
    let shop = Shop::open_with(|gate| gate.price_fn(by_request).free_tier(tier));
    let call = async |model: &str| {
        let headers = [("x-model", model)];
        shop.ask(Ask { headers: &headers, peer: Some("192.0.2.1"), ..Ask::get("/ai") }, None).await
    };
    for (model, expected) in [("none", (404, "not_for_sale")), ("down", (503, "price_unavailable"))] {
        let reply = answer(call(model).await);
        assert_eq!((reply.status, reply.code()), expected, "{model}");
    }
    for _ in 0..3 {
        assert!(is_free(&call("gift").await));
    }
    assert!(is_free(&call("small").await));
    assert_eq!(answer(call("small").await).code(), "payment_required");
    assert!(is_free(&call("gift").await));
}

/// Whoever shows a token wants to know what is wrong with it, and keeps its free calls.
#[tokio::test]
async fn free_calls_are_for_requests_without_token() {
    let shop = Shop::open_with(|gate| gate.free_tier(FreeTier::new(1, Duration::from_secs(60))));
    let ask = Ask { peer: Some("192.0.2.1"), ..Ask::get("/report") };
    assert!(is_free(&shop.ask(ask, None).await));
    let token = shop.buy_with(ask).await;
    assert_eq!(spend(shop.ask(ask, Some(&token)).await).await, Ok(()));
    shop.clock.advance(Duration::from_secs(60));
    assert_eq!(spend(shop.ask(ask, Some(&token)).await).await, Err("token_used"));
    assert!(is_free(&shop.ask(ask, None).await));
}

#[tokio::test]
async fn a_forwarding_header_counts_only_from_a_trusted_proxy() {
    let proxies = TrustedProxies::new(["10.0.0.0/8"]).unwrap();
    let tier = FreeTier::new(1, Duration::from_secs(60));
    let shop = Shop::open_with(|gate| gate.free_tier(tier).trusted_proxies(proxies));
    let call = async |peer, forwarded: &str| {
        let headers = [("x-forwarded-for", forwarded)];
        is_free(&shop.ask(Ask { peer: Some(peer), headers: &headers, ..Ask::get("/report") }, None).await)
    };
    assert!(call("192.0.2.1", "198.51.100.1").await);
    assert!(!call("192.0.2.1", "198.51.100.2").await, "not a proxy: its own invention");
    assert!(call("10.0.0.1", "198.51.100.1").await);
    assert!(!call("10.0.0.2", "198.51.100.1").await, "the same client through another proxy");
    assert!(
        !call("10.0.0.1", "203.0.113.5, 198.51.100.1, 10.9.9.9").await,
        "what stands left is the client's own"
    );
    assert!(!call("::ffff:10.0.0.1", "198.51.100.1:4711").await);
    assert!(call("10.0.0.1", "198.51.100.3, nonsense").await, "counted for the proxy that wrote it");
    assert!(!call("10.0.0.1", "198.51.100.4, nonsense").await);
    assert!(call("10.0.0.1", "[2001:db8::1]:80").await);
    assert!(!call("10.0.0.1", "2001:db8::2").await);
}

#[tokio::test]
async fn a_token_that_the_gate_would_not_read_is_not_sold() {
    let many = |_: PriceRequest| async {
        Ok((0..70).fold(Quote::new(CHEAP), |quote, n| quote.bound_to_header(format!("x-{n}"))))
    };
    let long = |_: PriceRequest| async { Ok(Quote::new(CHEAP).bound_to_header("x".repeat(1100))) };
    for shop in [Shop::open_with(|gate| gate.price_fn(many)), Shop::open_with(|gate| gate.price_fn(long))] {
        let reply = answer(shop.ask(Ask::get("/ai"), None).await);
        assert_eq!((reply.status, reply.code()), (503, "price_unavailable"));
    }
}

#[test]
fn a_quote_that_cannot_be_sold_is_found_when_the_gate_is_built() {
    let build = |settings: fn(GateBuilder) -> GateBuilder| {
        let provider = l402_dev::DevNode::new().unwrap().provider();
        settings(Gate::builder(provider).ephemeral_root_key()).build().map(|_| ()).unwrap_err()
    };
    let quote = BuildError::Quote;
    assert_eq!(build(|gate| gate.price(Msat::ZERO)), quote(QuoteError::ZeroPrice));
    assert_eq!(build(|gate| gate.price(Quote::new(CHEAP).uses(0))), quote(QuoteError::ZeroUses));
    assert_eq!(
        build(|gate| gate.price(Quote::new(CHEAP).valid_for(Duration::ZERO))),
        quote(QuoteError::ZeroLifetime)
    );
    assert_eq!(build(|gate| gate.price(Quote::new(CHEAP).pass("a,b:1"))), quote(QuoteError::PassName));
    assert_eq!(
        build(|gate| gate.price(Quote::new(CHEAP).bound_to_header("x-model"))),
        quote(QuoteError::BoundWithoutFunction)
    );
    let twice = BuildError::RepeatedRoute("/a".to_owned());
    assert_eq!(build(|gate| gate.prices(PriceTable::new().get("/a", CHEAP).get("/a", DEAR))), twice);
    assert_eq!(build(|gate| gate), BuildError::MissingPrice);
}
