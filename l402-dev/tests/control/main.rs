//! The node over HTTP, on a real loopback socket.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

#[path = "../support/mod.rs"]
mod support;
mod wallet;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Html, Redirect};
use axum::routing::post;
use l402_core::bolt11::InvoiceError;
use l402_core::{Msat, PaymentHash};
use l402_dev::DevNode;
use l402_dev::control::{self, ControlError};
use lightning_invoice::Currency;
use reqwest::{Client, Response};
use std::sync::{Arc, Mutex};
use support::{EXPIRY, NOW, balance, foreign, invoice, node, paid, pay};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const PRICE: Msat = Msat::from_sat(10);

#[tokio::test]
async fn pay_answers_with_the_preimage() {
    let (node, _) = node();
    let url = serve(control::router(&node)).await;
    let invoice = invoice(&node, PRICE);
    // As `curl --data-binary @file` sends it: with a newline and no content type of ours.
    let response = post_pay(&url, format!(" {}\r\n", invoice.bolt11)).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8");
    assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
    let body = response.text().await.unwrap();
    let preimage = paid(pay(&node.wallet(), &invoice.bolt11)).preimage;
    assert_eq!(body, preimage.expose_hex() + "\n");
    assert_eq!(preimage.payment_hash(), invoice.payment_hash);
    assert_eq!(node.payments().len(), 1);
    assert_eq!(balance(&node.wallet()), DevNode::DEFAULT_BALANCE.checked_sub(PRICE).unwrap());
}

#[tokio::test]
async fn orders_are_told_even_if_they_are_refused() {
    let orders = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&orders);
    let observe = move |payer: &str, text: &str| seen.lock().unwrap().push(format!("{payer} {text}"));
    let node = DevNode::builder().on_pay_order(observe).build().unwrap();
    let url = serve(control::router(&node)).await;
    let bolt11 = invoice(&node, PRICE).bolt11;
    for text in [bolt11.as_str(), "DEV:61e6", &bolt11] {
        post_pay(&url, format!("{text}\n")).await;
    }
    let good = format!("payer {bolt11}");
    assert_eq!(*orders.lock().unwrap(), [good.as_str(), "payer DEV:61e6", &good]);
    assert_eq!(node.payments().len(), 1);
}

#[tokio::test]
async fn the_client_pays_and_may_ask_again() {
    let (node, _) = node();
    let url = serve(control::router(&node)).await;
    let invoice = invoice(&node, PRICE);
    for url in [url.clone(), url + "/"] {
        let preimage = control::pay(&url, &format!("\n{}\n", invoice.bolt11)).await.unwrap();
        assert_eq!(preimage.payment_hash(), invoice.payment_hash);
    }
    assert_eq!(node.payments().len(), 1);
}

#[tokio::test]
async fn the_client_finds_a_node_below_a_path() {
    let (node, _) = node();
    let url = serve(Router::new().nest("/dev/node", control::router(&node))).await;
    control::pay(&(url + "/dev/node/"), &invoice(&node, PRICE).bolt11).await.unwrap();
}

#[tokio::test]
async fn what_cannot_be_paid_is_a_4xx_with_one_line_of_advice() {
    let (node, clock) = node();
    let url = serve(control::router(&node)).await;
    let own = invoice(&node, PRICE);
    let dear = invoice(&node, Msat::from_sat(1_000_001)).bolt11;
    let taken = invoice(&node, PRICE).bolt11;
    paid(pay(&node.wallet_with_balance(PRICE), &taken));
    let expired = invoice(&node, PRICE).bolt11;
    let unknown = foreign(Currency::Regtest, PaymentHash::from_bytes([1; 32]), PRICE);
    let mainnet = foreign(Currency::Bitcoin, own.payment_hash, PRICE);

    let cases: [(Vec<u8>, u16, &str); 9] = [
        (Vec::new(), 400, "unchanged"),
        (b"hello".into(), 400, "unchanged"),
        (vec![0xff, 0xfe], 400, "unchanged"),
        (vec![b'l'; 5000], 413, "unchanged"),
        ((" ".repeat(4096) + &own.bolt11).into(), 413, "unchanged"),
        (mainnet.into(), 400, "regtest"),
        (unknown.into(), 404, "fresh challenge"),
        (taken.into(), 409, "fresh challenge"),
        (dear.into(), 409, "restart"),
    ];
    for (body, status, advice) in cases {
        let what = String::from_utf8_lossy(&body).chars().take(20).collect::<String>();
        assert_refused(post_pay(&url, body).await, status, advice, &what).await;
    }
    clock.advance(EXPIRY);
    assert_refused(post_pay(&url, expired).await, 410, "fresh challenge", "expired").await;
    assert_eq!(node.payments().len(), 1);
}

#[tokio::test]
async fn a_get_of_pay_tells_what_to_do() {
    let (node, _) = node();
    let url = serve(control::router(&node)).await;
    let response = http().get(url + "/pay").send().await.unwrap();
    assert_eq!(response.headers()[header::ALLOW], "POST");
    assert_refused(response, 405, "POST", "GET").await;
}

#[tokio::test]
async fn the_list_of_invoices_has_every_fact_and_no_secret() {
    let (node, _) = node();
    let url = serve(control::router(&node)).await;
    let (first, second) = (invoice(&node, Msat::from_msat(1_500)), invoice(&node, PRICE));
    let preimage = control::pay(&url, &second.bolt11).await.unwrap();

    let response = http().get(url + "/invoices").send().await.unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/json");
    let text = response.text().await.unwrap();
    assert!(!text.contains(&preimage.expose_hex()));
    let (now, end) = (NOW.as_secs(), NOW.as_secs() + EXPIRY.as_secs());
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&text).unwrap(),
        serde_json::json!([
            {
                "payment_hash": first.payment_hash.to_string(), "bolt11": first.bolt11, "amount_msat": 1_500,
                "description": "one report", "payee": "payee", "status": "open",
                "created_at": now, "expires_at": end, "settled_at": null,
            },
            {
                "payment_hash": second.payment_hash.to_string(), "bolt11": second.bolt11, "amount_msat": 10_000,
                "description": "one report", "payee": "payee", "status": "paid",
                "created_at": now, "expires_at": end, "settled_at": now,
            },
        ])
    );
}

#[tokio::test]
async fn invoices_are_ordered_paid_and_seen_by_account() {
    let (node, _) = node();
    let url = serve(control::router(&node)).await;
    let alice = node.open_account("alice", PRICE).unwrap();
    let order = serde_json::json!({"amount_msat": 4_000, "description": "tea", "account": "alice"});
    let response = post_json(&url, "/invoices", &order).await;
    assert_eq!(response.status(), 201);
    let invoice: serde_json::Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let bolt11 = invoice["bolt11"].as_str().unwrap().to_owned();
    let from =
        |account: &str| http().post(format!("{url}/pay?account={account}")).body(bolt11.clone()).send();
    assert_refused(from("nobody").await.unwrap(), 404, "GET /state", "an unknown payer").await;
    assert_refused(from("alice").await.unwrap(), 409, "own", "the payee").await;
    assert_eq!(from("payer").await.unwrap().status(), 200);
    assert_eq!(alice.balance(), Msat::from_sat(14));

    let state = http().get(format!("{url}/state?newest=1")).send().await.unwrap().text().await.unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert_eq!(state["accounts"][2], serde_json::json!({"name": "alice", "balance_msat": 14_000}));
    assert_eq!((&state["invoice_count"], &state["invoices"][0]["status"]), (&1.into(), &"paid".into()));
    assert_eq!(state["payments"][0]["payer"], "payer");

    for (order, advice) in [
        (serde_json::json!({"amount_msat": 0}), "above zero"),
        (serde_json::json!({"amount_msat": 1, "account": "nobody"}), "GET /state"),
        (serde_json::json!({"amount": 1}), "amount_msat"),
    ] {
        let response = post_json(&url, "/invoices", &order).await;
        assert!(response.status().is_client_error(), "{order}");
        assert!(response.text().await.unwrap().contains(advice), "{order}");
    }
}

#[tokio::test]
async fn faults_are_added_listed_and_cleared_from_outside() {
    let (node, _) = node();
    let url = serve(control::router(&node)).await;
    let hash = invoice(&node, PRICE).payment_hash.to_string();
    for fault in [
        serde_json::json!({"operation": "payment", "fault": "fail=no-route", "times": 2}),
        serde_json::json!({"operation": "payment", "fault": "stuck", "payment_hash": hash}),
        serde_json::json!({"operation": "lookup", "fault": "down"}),
    ] {
        assert_eq!(post_json(&url, "/faults", &fault).await.status(), 200, "{fault}");
    }
    let listed = http().get(format!("{url}/faults")).send().await.unwrap().text().await.unwrap();
    let expected = [&format!("payment of {hash} stuck"), "payment next 2 fail=no-route", "lookup every down"];
    assert_eq!(serde_json::from_str::<Vec<String>>(&listed).unwrap(), expected);
    for (fault, advice) in [
        (serde_json::json!({"operation": "payment", "fault": "bad-luck"}), "no such fault"),
        (serde_json::json!({"operation": "payment", "fault": "stuck", "payment_hash": "ab"}), "64 hex"),
        (
            serde_json::json!({"operation": "payment", "fault": "stuck", "times": 1, "payment_hash": hash}),
            "either",
        ),
        (serde_json::json!({"fault": "stuck"}), "operation"),
    ] {
        assert_refused(post_json(&url, "/faults", &fault).await, 400, advice, &fault.to_string()).await;
    }
    assert_eq!(http().delete(format!("{url}/faults")).send().await.unwrap().status(), 204);
    assert_eq!(node.faults().list(), Vec::<String>::new());
}

#[tokio::test]
async fn events_tell_of_every_change() {
    let (node, _) = node();
    let url = serve(control::router(&node)).await;
    let mut events = http().get(format!("{url}/events")).send().await.unwrap();
    assert_eq!(events.headers()[header::CONTENT_TYPE], "text/event-stream");
    let first = events.chunk().await.unwrap().unwrap();
    assert!(first.starts_with(b"event: change"), "one at once: {first:?}");
    let change: [fn(&DevNode); 3] = [
        |node| drop(invoice(node, PRICE)),
        |node| drop(node.open_account("alice", PRICE).unwrap()),
        |node| drop(pay(&node.wallet(), &node.invoices()[0].bolt11)),
    ];
    for change in change {
        change(&node);
        let event = events.chunk().await.unwrap().unwrap();
        assert!(event.starts_with(b"event: change"), "{event:?}");
    }
}

async fn post_json(url: &str, path: &str, body: &serde_json::Value) -> Response {
    let request = http().post(format!("{url}{path}")).header(header::CONTENT_TYPE, "application/json");
    request.body(body.to_string()).send().await.unwrap()
}

#[tokio::test]
async fn the_router_can_be_part_of_another_one() {
    let (node, _) = node();
    let other = Router::new().fallback(async || (StatusCode::IM_A_TEAPOT, "another path"));
    let url = serve(other.merge(control::router(&node))).await;
    assert_eq!(http().get(format!("{url}/report")).send().await.unwrap().status(), 418);
    control::pay(&url, &invoice(&node, PRICE).bolt11).await.unwrap();
}

#[tokio::test]
async fn the_client_passes_the_nodes_advice_on() {
    let (node, clock) = node();
    let url = serve(control::router(&node)).await;
    let invoice = invoice(&node, PRICE);
    clock.advance(EXPIRY);
    let error = control::pay(&url, &invoice.bolt11).await.unwrap_err();
    assert!(matches!(error, ControlError::Refused { status: 410, .. }), "{error:?}");
    assert_eq!(
        error.to_string(),
        "the dev node refused: the invoice has expired; get a fresh challenge and pay its invoice"
    );
}

#[tokio::test]
async fn the_client_sends_nothing_but_invoices_to_nothing_but_http() {
    let (node, _) = node();
    let bolt11 = invoice(&node, PRICE).bolt11;
    let error = control::pay("http://127.0.0.1:1", "hello").await.unwrap_err();
    assert!(matches!(error, ControlError::Invoice(InvoiceError::Malformed)), "{error:?}");
    assert_advises(&error, "unchanged");
    for url in ["", "127.0.0.1:3402", "https://127.0.0.1:3402", "file:///tmp/node", "mailto:a@b.c", "http://"]
    {
        let error = control::pay(url, &bolt11).await.unwrap_err();
        assert!(matches!(error, ControlError::Url), "{url}: {error:?}");
        assert_advises(&error, "http://127.0.0.1");
    }
}

#[tokio::test]
async fn the_client_tells_how_to_start_a_node_that_does_not_answer() {
    let (node, _) = node();
    let bolt11 = invoice(&node, PRICE).bolt11;
    let nobody = ([127, 0, 0, 1], 1).into();
    let hangs_up = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rude = hangs_up.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = hangs_up.accept().await {
            drop(stream);
        }
    });
    for address in [nobody, rude] {
        let error = control::pay(&format!("http://{address}"), &bolt11).await.unwrap_err();
        assert!(matches!(error, ControlError::Unreachable(_)), "{error:?}");
        assert_advises(&error, "start it with `cargo run -p l402-dev -- demo --serve`");
        assert!(std::error::Error::source(&error).is_some());
    }
}

#[tokio::test]
async fn the_client_believes_no_impostor() {
    let (node, _) = node();
    let real = serve(control::router(&node)).await;
    let bolt11 = invoice(&node, PRICE).bolt11;
    let to_real = format!("{real}/pay");
    let hex = "ab".repeat(32);

    let impostors = [
        ("a web page", post(async || Html("<h1>hello</h1>"))),
        ("a web page as error", post(async || (StatusCode::NOT_FOUND, Html("<h1>hello</h1>")))),
        ("nothing", post(async || ())),
        ("no hex", post(async || "hello")),
        ("half a preimage", post(async || "abab")),
        ("a preimage in a server error", post(async || (StatusCode::BAD_GATEWAY, "down"))),
        ("a redirect", post(async move || Redirect::temporary(&to_real))),
    ];
    for (what, answer) in impostors {
        let url = serve(Router::new().route("/pay", answer)).await;
        let error = control::pay(&url, &bolt11).await.unwrap_err();
        assert!(matches!(error, ControlError::NotADevNode), "{what}: {error:?}");
        assert_advises(&error, "use the address that");
    }

    let url = serve(Router::new().route("/pay", post(async move || hex))).await;
    let error = control::pay(&url, &bolt11).await.unwrap_err();
    assert!(matches!(error, ControlError::WrongPreimage), "{error:?}");
    assert!(node.payments().is_empty());
}

#[tokio::test]
async fn the_client_does_not_read_an_endless_answer() {
    let (node, _) = node();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        stream.read_buf(&mut Vec::with_capacity(8192)).await?;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n").await?;
        loop {
            stream.write_all(&[b'a'; 1024]).await?;
        }
        #[expect(unreachable_code, reason = "gives the block its type")]
        std::io::Result::Ok(())
    });
    let error = control::pay(&url, &invoice(&node, PRICE).bolt11).await.unwrap_err();
    assert!(matches!(error, ControlError::NotADevNode), "{error:?}");
}

#[tokio::test]
async fn the_client_prints_one_harmless_line() {
    let (node, _) = node();
    let nasty = post(async || (StatusCode::CONFLICT, "no\u{1b}[2Jway\nsecond line"));
    let url = serve(Router::new().route("/pay", nasty)).await;
    let error = control::pay(&url, &invoice(&node, PRICE).bolt11).await.unwrap_err();
    assert_eq!(error.to_string(), "the dev node refused: no[2Jway");
}

/// Serves on a port of its own until the test ends.
async fn serve(router: Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(axum::serve(listener, router).into_future());
    url
}

/// A client that a proxy in the environment does not disturb.
fn http() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

async fn post_pay(url: &str, body: impl Into<reqwest::Body>) -> Response {
    http().post(format!("{url}/pay")).body(body).send().await.unwrap()
}

async fn assert_refused(response: Response, status: u16, advice: &str, what: &str) {
    assert_eq!(response.status(), status, "{what}");
    assert_eq!(response.headers()[header::CONTENT_TYPE], "text/plain; charset=utf-8", "{what}");
    let text = response.text().await.unwrap();
    assert!(text.ends_with('\n') && text.lines().count() == 1, "{what}: {text:?}");
    assert!(text.contains(advice), "{what}: {text}");
}

#[track_caller]
fn assert_advises(error: &ControlError, advice: &str) {
    assert!(error.to_string().contains(advice), "{error}");
}
