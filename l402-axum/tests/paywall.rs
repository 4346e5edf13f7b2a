//! The layer in front of real routes, over real sockets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{any, get};
use common::{Shop, json, verdict};
use l402_axum::Paid;
use l402_core::ports::{Claim, Claimed, PortFuture, ReplayStore, StoreError};
use tokio::sync::Notify;

#[tokio::test]
async fn pay_once_get_once() {
    let shop =
        Shop::open(|gates| Router::new().route("/report", get("the report")).layer(gates.sat(10))).await;
    let credential = shop.buy("/report").await;

    let answer = shop.get("/report", Some(&credential)).await;
    assert_eq!((answer.status(), answer.text().await.unwrap().as_str()), (StatusCode::OK, "the report"));

    let replay = shop.get("/report", Some(&credential)).await;
    assert!(replay.headers().contains_key(header::WWW_AUTHENTICATE));
    assert_eq!(replay.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(verdict(replay).await, (402, "token_used".to_owned()));
}

#[tokio::test]
async fn shared_caches_are_kept_from_what_was_paid_for() {
    let shop = Shop::open(|gates| {
        let cacheable = || async { ([(header::CACHE_CONTROL, "public, max-age=3600")], "for one buyer") };
        let strict = || async { ([(header::CACHE_CONTROL, "no-store")], "for one buyer") };
        Router::new()
            .route("/plain", get("for one buyer"))
            .route("/public", get(cacheable))
            .route("/strict", get(strict))
            .layer(gates.sat(10))
    })
    .await;
    for (path, expected) in [("/plain", "private"), ("/public", "private"), ("/strict", "no-store")] {
        let credential = shop.buy(path).await;
        let answer = shop.get(path, Some(&credential)).await;
        let values: Vec<_> = answer.headers().get_all(header::CACHE_CONTROL).iter().collect();
        assert_eq!(values, [expected], "{path}");
    }
}

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

/// A store that lets in and cannot charge.
#[derive(Clone)]
struct NeverCharges;

impl ReplayStore for NeverCharges {
    fn claim(&self, _: Claim) -> PortFuture<Result<Claimed, StoreError>> {
        PortFuture::ready(Ok(Claimed::Granted))
    }
    fn commit(&self, _: Claim) -> PortFuture<Result<bool, StoreError>> {
        PortFuture::ready(Ok(false))
    }
    fn release(&self, _: Claim) -> PortFuture<Result<(), StoreError>> {
        PortFuture::ready(Ok(()))
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_charged_is_withheld() {
    let shop = Shop::open(|gates| {
        Router::new().route("/report", get("the report").route_layer(gates.sat_with(10, NeverCharges)))
    })
    .await;
    let credential = shop.buy("/report").await;
    let answer = verdict(shop.get("/report", Some(&credential)).await).await;
    assert_eq!(answer, (503, "lease_lost".to_owned()));
}

#[tokio::test]
async fn handlers_see_what_was_paid() {
    let shop = Shop::open(|gates| {
        let amount = |paid: Option<Paid>| async move {
            paid.and_then(|paid| paid.amount).map_or_else(|| "free".to_owned(), |amount| amount.to_string())
        };
        Router::new()
            .route(
                "/paid",
                get(|paid: Paid| async move { paid.payment_hash.to_string() }).layer(gates.sat(10)),
            )
            .route("/maybe", get(amount).layer(gates.sat(3)))
            .route("/open", get(amount))
            .route("/mistake", get(|_: Paid| async { "unreachable" }))
    })
    .await;
    let credential = shop.buy("/paid").await;
    let answer = shop.get("/paid", Some(&credential)).await.text().await.unwrap();
    assert_eq!(answer, shop.node.invoices()[0].payment_hash.to_string());

    let credential = shop.buy("/maybe").await;
    assert_eq!(shop.get("/maybe", Some(&credential)).await.text().await.unwrap(), "3 sat");
    assert_eq!(shop.get("/open", None).await.text().await.unwrap(), "free");
    assert_eq!(shop.get("/mistake", None).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

#[tokio::test]
async fn a_handler_that_fails_charges_nothing() {
    let shop = Shop::open(|gates| {
        let fail = |Path(status): Path<u16>| async move { StatusCode::from_u16(status).unwrap() };
        Router::new()
            .route("/status/{status}", get(fail))
            .route("/panic", get(|| async { panic!("the handler broke") as () }))
            .layer(gates.sat(10))
    })
    .await;
    for path in ["/status/500", "/status/503", "/status/404"] {
        let credential = shop.buy(path).await;
        let expected = path.rsplit('/').next().unwrap();
        for _ in 0..2 {
            assert_eq!(shop.get(path, Some(&credential)).await.status().as_str(), expected);
        }
    }
    let credential = shop.buy("/panic").await;
    let request =
        format!("GET /panic HTTP/1.1\r\nhost: x\r\nauthorization: {credential}\r\nconnection: close\r\n\r\n");
    for _ in 0..2 {
        assert_eq!(
            shop.send_raw(request.as_bytes()).await,
            None,
            "let in both times, and both times it broke"
        );
    }
}

#[tokio::test]
async fn a_client_that_goes_away_before_the_answer_is_not_charged() {
    let (entered, left) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    struct Leaving(Arc<Notify>);
    impl Drop for Leaving {
        fn drop(&mut self) {
            self.0.notify_one();
        }
    }
    let (enter, leave) = (Arc::clone(&entered), Arc::clone(&left));
    let shop = Shop::open(|gates| {
        let hang = move || {
            let leaving = Leaving(Arc::clone(&leave));
            enter.notify_one();
            async move {
                std::future::pending::<()>().await;
                drop(leaving);
            }
        };
        Router::new().route("/slow", get(hang)).layer(gates.sat(10))
    })
    .await;
    let credential = shop.buy("/slow").await;
    for _ in 0..2 {
        let waiting = shop.get("/slow", Some(&credential));
        tokio::select! {
            _ = waiting => panic!("the handler never answers"),
            () = entered.notified() => {} // let in; the request is dropped here, and its connection with it
        }
        left.notified().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_uses_at_once_one_gets_in() {
    let shop =
        Shop::open(|gates| Router::new().route("/report", get("the report")).layer(gates.sat(10))).await;
    let credential = Arc::new(shop.buy("/report").await);
    let shop = Arc::new(shop);
    let tries: Vec<_> = (0..100)
        .map(|_| {
            let (shop, credential) = (Arc::clone(&shop), Arc::clone(&credential));
            tokio::spawn(async move { shop.get("/report", Some(&credential)).await.status().as_u16() })
        })
        .collect();
    let mut let_in = 0;
    for one in tries {
        match one.await.unwrap() {
            200 => let_in += 1,
            status => assert!([402, 409].contains(&status), "{status}"),
        }
    }
    assert_eq!(let_in, 1);
}

#[tokio::test]
async fn hostile_bytes_get_a_4xx_and_no_invoice() {
    let shop =
        Shop::open(|gates| Router::new().route("/report", get("the report")).layer(gates.sat(10))).await;
    let credential = shop.buy("/report").await;
    let other = shop.buy("/report").await;
    let before = shop.node.invoices().len();
    let long = vec![b'A'; 10_000];
    let values: Vec<Vec<u8>> = vec![
        b"L402".into(),
        b"L402 x".into(),
        b"L402 \x00".into(),
        b"L402 \x01\x02:\x03".into(),
        b"L402 \xff\xfe\xfd:\xfc".into(),
        b"L402 \t:\t".into(),
        b"L402 ::::".into(),
        b"L402 \"".into(),
        b"\xc3\x28".into(),
        b"L402 macaroon=\"\", preimage=\"\"".into(),
        [b"L402 ", long.as_slice()].concat(),
        format!("{credential}\r\nauthorization: {other}").into(),
    ];
    for value in values {
        let mut request = b"GET /report HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: ".to_vec();
        request.extend([&value[..], b"\r\n\r\n"].concat());
        let status = shop.send_raw(&request).await.unwrap();
        assert!([400, 401, 431].contains(&status), "{status} for {:?}", String::from_utf8_lossy(&value));
    }
    assert_eq!(shop.node.invoices().len(), before);
    assert_eq!(shop.get("/report", Some(&credential)).await.status(), StatusCode::OK, "the server lives");
}

#[tokio::test]
async fn a_body_of_unknown_length_passes_through() {
    let shop = Shop::open(|gates| {
        let stream = any(|body: Body| async {
            ([(header::CONTENT_TYPE, "application/x-test")], body).into_response()
        });
        Router::new().route("/echo", stream).layer(gates.sat(10))
    })
    .await;
    let credential = shop.buy("/echo").await;
    let request = format!(
        "GET /echo HTTP/1.1\r\nhost: x\r\nauthorization: {credential}\r\nconnection: close\r\n\
         transfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n6\r\nsecond\r\n0\r\n\r\n"
    );
    let answer = shop.exchange_raw(request.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\ncontent-type: application/x-test\r\n"), "{answer}");
    assert!(
        answer.contains("transfer-encoding: chunked"),
        "nothing buffers it to learn its length: {answer}"
    );
    assert!(answer.contains("first") && answer.contains("second"), "{answer}");
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
