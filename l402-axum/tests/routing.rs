//! What only axum has: layers on routes and routers, nesting, services. Everything else is in the scenario table of
//! `l402-server`, which runs against this crate.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::{Path, Request};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{any, get};
use axum::{Router, middleware};
use common::{Shop, json, verdict};
use l402_axum::{Cors, Msat, Paid, PriceTable, Quote};
use tower_service::Service;

#[tokio::test]
async fn every_route_has_its_price_and_a_cheap_token_opens_no_dear_route() {
    let shop = Shop::open(|gates| {
        Router::new()
            .route("/cheap", get("cheap").layer(gates.sat(1)))
            .route("/dear", get("dear").layer(gates.sat(500)))
            .route("/free", get("free"))
    })
    .await;
    assert_eq!(json(shop.get("/cheap", None).await).await["price_sats"], 1);
    assert_eq!(json(shop.get("/dear", None).await).await["price_sats"], 500);
    assert_eq!(shop.get("/free", None).await.status(), StatusCode::OK);

    let cheap = shop.buy("/cheap").await;
    assert_eq!(verdict(shop.get("/dear", Some(&cheap)).await).await, (402, "wrong_path".to_owned()));
    assert_eq!(shop.get("/cheap", Some(&cheap)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn nested_and_templated_routes_are_bound_to_the_path_the_client_asked_for() {
    let shop = Shop::open(|gates| {
        let items = Router::new().route("/items/{id}", get(async |Path(id): Path<u32>| format!("item {id}")));
        Router::new()
            .nest("/api", items.layer(gates.sat(10)))
            .fallback_service(Router::new().fallback(|| async { "anything" }).layer(gates.sat(10)))
    })
    .await;
    let credential = shop.buy("/api/items/7?color=red").await;
    assert_eq!(verdict(shop.get("/api/items/8", Some(&credential)).await).await.1, "wrong_path");
    let answer = shop.get("/api/items/7", Some(&credential)).await;
    assert_eq!(answer.text().await.unwrap(), "item 7");

    let credential = shop.buy("/no/such/route").await;
    assert_eq!(shop.get("/no/such/route", Some(&credential)).await.text().await.unwrap(), "anything");
}

#[tokio::test]
async fn a_token_for_one_place_opens_no_other_where_the_same_routes_are_nested() {
    let shop = Shop::open(|gates| {
        let items = |price| Router::new().route("/items/{id}", get("item").route_layer(gates.sat(price)));
        Router::new().nest("/cheap", items(1)).nest("/dear", items(500))
    })
    .await;
    let cheap = shop.buy("/cheap/items/7").await;
    assert_eq!(verdict(shop.get("/dear/items/7", Some(&cheap)).await).await, (402, "wrong_path".to_owned()));
    assert_eq!(shop.get("/cheap/items/7", Some(&cheap)).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn what_does_not_exist_is_not_sold() {
    let shop =
        Shop::open(|gates| Router::new().route("/report", get("the report").route_layer(gates.sat(10))))
            .await;
    assert_eq!(shop.get("/nothing", None).await.status(), StatusCode::NOT_FOUND);
    let post = b"POST /report HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(shop.send_raw(post).await, Some(405));
    assert_eq!(shop.node.invoices().len(), 0);
}

/// A browser asks with OPTIONS before it sends a credential of another origin's page. `route_layer` on the methods of a
/// route leaves that to axum, which knows no such method there.
#[tokio::test]
async fn a_preflight_needs_a_layer_around_all_methods() {
    let shop = Shop::open(|gates| {
        let gate = gates.gate(|gate| gate.price(Msat::from_sat(10)).cors(Cors::any_origin()));
        Router::new()
            .route("/router", get("the report"))
            .route_layer(gate.clone())
            .route("/layer", get("the report").layer(gate.clone()))
            .route("/methods", get("not here").route_layer(gate))
    })
    .await;
    for (path, status) in [("/router", "204"), ("/layer", "204"), ("/methods", "405")] {
        let preflight = format!(
            "OPTIONS {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\norigin: https://a.example\r\n\
             access-control-request-method: GET\r\n\r\n"
        );
        let answer = shop.exchange_raw(preflight.as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
        assert_eq!(answer.contains("access-control-allow-origin: *"), status == "204", "{path}: {answer}");
    }
}

/// axum reads a path as it was sent, and so do prices.
#[tokio::test]
async fn no_spelling_of_a_path_has_another_price_than_its_route() {
    let shop = Shop::open(|gates| {
        let prices = PriceTable::new().get("/dear", Msat::from_sat(500)).get("/{page}", Msat::from_sat(1));
        let gate = gates.gate(|gate| gate.prices(prices.otherwise(Quote::free())));
        Router::new().route("/dear", get("dear")).route("/{page}", get("cheap")).layer(gate)
    })
    .await;
    assert_eq!(json(shop.get("/dear", None).await).await["price_sats"], 500);
    let credential = shop.buy("/%64ear").await;
    assert_eq!(shop.get("/%64ear", Some(&credential)).await.text().await.unwrap(), "cheap");
}

#[tokio::test]
async fn with_layer_what_does_not_exist_is_sold_and_not_charged() {
    let shop =
        Shop::open(|gates| Router::new().route("/report", get("the report")).layer(gates.sat(10))).await;
    let credential = shop.buy("/nothing").await;
    for _ in 0..2 {
        assert_eq!(shop.get("/nothing", Some(&credential)).await.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn any_takes_a_layer() {
    let shop =
        Shop::open(|gates| Router::new().route("/report", any("the report").layer(gates.sat(10)))).await;
    let credential = shop.buy("/report").await;
    assert_eq!(shop.get("/report", Some(&credential)).await.text().await.unwrap(), "the report");
}

#[tokio::test]
async fn layers_inside_of_the_gate_see_what_was_paid_and_those_outside_do_not() {
    async fn look(paid: Option<Paid>, request: Request, next: middleware::Next) -> Response {
        let mut response = next.run(request).await;
        let name = if response.headers().contains_key("x-inner") { "x-outer" } else { "x-inner" };
        response.headers_mut().insert(name, if paid.is_some() { "paid" } else { "nobody" }.parse().unwrap());
        response
    }
    let shop = Shop::open(|gates| {
        let report = get("the report").route_layer(middleware::from_fn(look)).route_layer(gates.sat(10));
        Router::new().route("/report", report.route_layer(middleware::from_fn(look)))
    })
    .await;
    let credential = shop.buy("/report").await;
    let answer = shop.get("/report", Some(&credential)).await;
    assert_eq!(
        (&answer.headers()["x-inner"], &answer.headers()["x-outer"]),
        (&"paid".parse().unwrap(), &"nobody".parse().unwrap())
    );
}

/// A service that must not be called before it says that it is ready, as the contract of tower has it.
struct Careful {
    is_ready: bool,
    was_called_early: Arc<AtomicBool>,
}

/// A clone has to be asked for itself.
impl Clone for Careful {
    fn clone(&self) -> Self {
        Self { is_ready: false, was_called_early: Arc::clone(&self.was_called_early) }
    }
}

impl Service<Request> for Careful {
    type Response = Response;
    type Error = Infallible;
    type Future = Ready<Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.is_ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request) -> Self::Future {
        self.was_called_early.fetch_or(!self.is_ready, Ordering::SeqCst);
        ready(Ok(Response::new(Body::from("from a service"))))
    }
}

#[tokio::test]
async fn the_service_that_was_ready_is_the_one_that_is_called() {
    let was_called_early = Arc::new(AtomicBool::new(false));
    let careful = Careful { is_ready: false, was_called_early: Arc::clone(&was_called_early) };
    let shop = Shop::open(|gates| {
        Router::new().route("/report", any(()).layer(gates.sat(10))).fallback_service({
            use tower_layer::Layer;
            gates.sat(10).layer(careful)
        })
    })
    .await;
    let credential = shop.buy("/service").await;
    assert_eq!(shop.get("/service", Some(&credential)).await.text().await.unwrap(), "from a service");
    assert!(!was_called_early.load(Ordering::SeqCst));
}
