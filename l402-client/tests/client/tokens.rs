//! Tokens that were paid for: used as long as they are accepted, and shown to nobody else.

use std::future::{Future, poll_fn};
use std::io::Write;
use std::net::TcpListener;
use std::sync::mpsc;
use std::task::Poll;
use std::time::Duration;

use l402_client::{L402Client, MemoryStore, Receipt, reqwest};
use l402_core::ManualClock;
use reqwest::Method;
use wiremock::ResponseTemplate;

use crate::support::till::Till;
use crate::support::{NOW, RAW_GOODS, Shop, accept, raw_402};

fn client(till: &Till) -> L402Client {
    L402Client::builder(till.clone()).clock(ManualClock::at(NOW)).build().unwrap()
}

/// Status, and whether this very call was paid for.
async fn get(client: &L402Client, url: String) -> (u16, bool) {
    let response = client.get(url).send().await.unwrap();
    (response.status().as_u16(), Receipt::of(&response).is_some())
}

async fn shown(shop: &Shop) -> Vec<bool> {
    shop.requests().await.iter().map(|request| request.headers.contains_key("authorization")).collect()
}

#[tokio::test]
async fn a_token_is_used_until_its_uses_are_up() {
    let till = Till::new();
    let shop = till.selling(["uses=3"]).open().await;
    let client = client(&till);
    for paid in [true, false, false, true, false] {
        assert_eq!(get(&client, shop.url("/")).await, (200, paid));
    }
    assert_eq!(till.paid(), [1, 1]);
    assert_eq!(shown(&shop).await, [false, true, true, true, false, true, true], "no request was wasted");
}

#[tokio::test]
async fn a_token_goes_where_its_caveats_say() {
    for (caveats, buys, covered, others) in [
        (vec!["path=/a"], "/a?x=1", vec!["/a", "/a?x=2"], vec!["/b", "/a/"]),
        (vec!["RequestPath = /a"], "/a", vec!["/a"], vec!["/b"]),
        (vec!["route=/items/{id}"], "/items/7", vec!["/items/8", "/items/7"], vec!["/items", "/other/7"]),
        (vec!["services=all:0"], "/a", vec!["/a", "/b", "/c/d"], vec![]),
        (vec![], "/a", vec!["/a", "/a?x=2"], vec!["/b"]),
        (vec!["path=/a", "query_sha256=00"], "/a?x=1", vec!["/a?x=1"], vec!["/a?x=2", "/a"]),
    ] {
        let till = Till::new();
        till.set_caveats(&caveats);
        let shop = till.open().await;
        let client = client(&till);
        assert_eq!(get(&client, shop.url(buys)).await, (200, true), "{caveats:?}");
        for path in covered {
            assert_eq!(get(&client, shop.url(path)).await, (200, false), "{caveats:?} {path}");
        }
        for path in others {
            assert_eq!(get(&client, shop.url(path)).await, (200, true), "{caveats:?} {path}");
        }
    }
}

#[tokio::test]
async fn a_token_of_one_method_is_not_shown_with_another() {
    for caveats in [vec!["path=/", "method=GET"], vec![]] {
        let till = Till::new();
        till.set_caveats(&caveats);
        let shop = till.open().await;
        let client = client(&till);
        assert_eq!(get(&client, shop.url("/")).await, (200, true));
        let posted = client.post(shop.url("/")).send().await.unwrap();
        assert!(Receipt::of(&posted).is_some(), "{caveats:?}");
    }
}

#[tokio::test]
async fn a_token_that_has_expired_is_not_shown() {
    for (caveat, later) in [
        ("expires_at=1900000100", "expires_at=1900000200"),
        ("all_valid_until=1900000100", "all_valid_until=1900000200"),
    ] {
        let (till, clock) = (Till::new(), ManualClock::at(NOW));
        let shop = till.selling([caveat]).open().await;
        let client = L402Client::builder(till.clone()).clock(clock.clone()).build().unwrap();
        assert_eq!(get(&client, shop.url("/")).await, (200, true));
        clock.advance(Duration::from_secs(99));
        assert_eq!(get(&client, shop.url("/")).await, (200, false));
        clock.advance(Duration::from_secs(1));
        till.selling([later]);
        assert_eq!(get(&client, shop.url("/")).await, (200, true), "{caveat}");
        assert_eq!(shown(&shop).await, [false, true, true, false, true]);
    }
}

/// With 402 there is a new bill in the answer already, with 401 it has to be asked for.
#[tokio::test]
async fn a_token_that_is_refused_is_dropped_and_a_new_one_bought_once() {
    for (status, requests) in [(402, vec![true, true]), (401, vec![true, false, true])] {
        let till = Till::new();
        let shop = till.selling([]).refusing_with(status).open().await;
        let client = client(&till);
        assert_eq!(get(&client, shop.url("/")).await, (200, true));
        till.forget_tokens();
        assert_eq!(get(&client, shop.url("/")).await, (200, true), "{status}");
        assert_eq!(shown(&shop).await[2..], requests, "{status}");
        assert_eq!(get(&client, shop.url("/")).await, (200, false), "the new one is good");
        assert_eq!(till.paid(), [1, 1]);
    }
}

#[tokio::test]
async fn a_server_that_refuses_every_token_is_paid_once_a_call() {
    let till = Till::new();
    let shop = Shop::with({
        let till = till.clone();
        move |request| match request.headers.get("authorization") {
            Some(_) => ResponseTemplate::new(401),
            None => till.serve(request),
        }
    })
    .await;
    let client = client(&till);
    for call in 1..=2 {
        assert_eq!(
            get(&client, shop.url("/")).await,
            (401, true),
            "the answer is the caller's, and what it cost"
        );
        assert_eq!(till.payments(), call);
    }
    assert_eq!(shown(&shop).await, [false, true, true, false, true]);
}

#[tokio::test]
async fn a_401_that_has_nothing_to_do_with_the_token_is_the_callers() {
    let till = Till::new();
    let shop = Shop::with({
        let till = till.clone();
        let calls = std::sync::atomic::AtomicU32::new(0);
        move |request| match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
            0 | 1 | 4 => till.serve(request),
            _ => ResponseTemplate::new(401),
        }
    })
    .await;
    till.selling([]);
    let client = client(&till);
    assert_eq!(get(&client, shop.url("/")).await, (200, true));
    assert_eq!(get(&client, shop.url("/")).await, (401, false));
    assert_eq!(get(&client, shop.url("/")).await, (200, false), "the token was kept");
    assert_eq!(till.payments(), 1);
}

/// The server failed; what was paid is still good.
#[tokio::test]
async fn a_token_is_kept_while_the_server_fails() {
    for status in [500, 503, 404, 429] {
        let till = Till::new();
        let shop = Shop::with({
            let till = till.clone();
            let calls = std::sync::atomic::AtomicU32::new(0);
            move |request| match calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
                1 => ResponseTemplate::new(status),
                _ => till.serve(request),
            }
        })
        .await;
        let client = client(&till);
        assert_eq!(get(&client, shop.url("/")).await, (status, true));
        assert_eq!(get(&client, shop.url("/")).await, (200, false), "{status}");
        assert_eq!(till.payments(), 1);
    }
}

#[tokio::test]
async fn a_pass_for_other_services_is_kept_where_it_is_refused() {
    let till = Till::new();
    let shop = Shop::with({
        let till = till.clone();
        move |request| {
            let service = if request.url.path() == "/b" { "services=b:0" } else { "services=a:0" };
            till.selling([service]);
            till.serve_only_if(request, service)
        }
    })
    .await;
    let client = client(&till);
    for (path, paid) in [("/a", true), ("/b", true), ("/a", false), ("/b", false), ("/a", false)] {
        assert_eq!(get(&client, shop.url(path)).await, (200, paid), "{path}");
    }
    assert_eq!(till.payments(), 2);
}

#[tokio::test]
async fn tokens_are_shared_through_the_store() {
    let (till, store) = (Till::new(), MemoryStore::new());
    let shop = till.selling([]).open().await;
    let new = || {
        L402Client::builder(till.clone()).store(store.clone()).clock(ManualClock::at(NOW)).build().unwrap()
    };
    let (one, other) = (new(), new());
    assert_eq!(get(&other, shop.url("/other")).await, (200, true)); // has looked for tokens
    assert_eq!(get(&one, shop.url("/")).await, (200, true));
    assert_eq!(get(&other, shop.url("/")).await, (200, false), "found when the bill came");
    assert_eq!(get(&new(), shop.url("/")).await, (200, false), "found at the start");
    let last = shop.requests().await.len() - 1;
    assert!(shown(&shop).await[last], "without asking for a bill first");
    assert_eq!(till.payments(), 2);
}

#[tokio::test]
async fn a_token_goes_to_no_other_origin() {
    let till = Till::new();
    let (shop, other) = (till.selling(["services=all:0"]).open().await, till.open().await);
    let client = client(&till);
    assert_eq!(get(&client, shop.url("/")).await, (200, true));
    assert_eq!(get(&client, other.url("/")).await, (200, true));
    assert_eq!(get(&client, shop.url("/").replace("127.0.0.1", "localhost")).await, (200, true));
    assert_eq!(shown(&other).await, [false, true]);
}

#[tokio::test]
async fn the_credential_can_be_had_for_other_senders() {
    let till = Till::new();
    let shop = till.selling(["path=/"]).open().await;
    let client = client(&till);
    let url = shop.url("/").parse().unwrap();
    assert_eq!(client.credential(&Method::GET, &url), None);
    get(&client, shop.url("/")).await;
    let credential = client.credential(&Method::GET, &url).unwrap();
    assert!(credential.is_sensitive());
    assert_eq!(client.credential(&Method::GET, &shop.url("/b").parse().unwrap()), None);
    let plain = reqwest::Client::new().get(url).header("authorization", credential).send().await.unwrap();
    assert_eq!(plain.status(), 200);
}

/// A stream cannot be sent again: neither to pay, nor to ask for a bill.
#[tokio::test]
async fn a_stream_goes_out_with_a_token_at_hand_and_no_more() {
    let till = Till::new();
    let shop = till.selling([]).refusing_with(401).open().await;
    let client = client(&till);
    let stream = || reqwest::Body::wrap(reqwest::Body::from("streamed"));
    client.post(shop.url("/")).body("whole").send().await.unwrap();
    let streamed = client.post(shop.url("/")).body(stream()).send().await.unwrap();
    assert_eq!((streamed.status().as_u16(), till.payments()), (200, 1));
    till.forget_tokens();
    let refused = client.post(shop.url("/")).body(stream()).send().await.unwrap();
    assert_eq!((refused.status().as_u16(), till.payments()), (401, 1));
    let error = client.post(shop.url("/")).body(stream()).send().await.unwrap_err();
    assert_eq!(error.code(), "body_not_replayable", "the token was dropped");
}

#[tokio::test]
async fn a_call_that_is_cancelled_gives_its_use_back() {
    let till = Till::new();
    let shop = Shop::with({
        let till = till.clone();
        move |request| match request.headers.get("authorization") {
            Some(_) => ResponseTemplate::new(200), // does not count
            None => till.serve(request),
        }
    })
    .await;
    till.selling(["uses=2"]);
    let client = client(&till);
    assert_eq!(get(&client, shop.url("/")).await, (200, true));
    for _ in 0..3 {
        let mut call = Box::pin(client.get(shop.url("/")).send());
        let is_pending = poll_fn(|context| Poll::Ready(call.as_mut().poll(context).is_pending())).await;
        assert!(is_pending);
    }
    assert_eq!(get(&client, shop.url("/")).await, (200, false));
    assert_eq!(get(&client, shop.url("/")).await, (200, true), "both are used up");
}

/// It may be good for one call only, and that one is on its way.
#[tokio::test]
async fn a_token_is_its_buyers_until_it_was_answered() {
    let till = Till::new();
    till.selling([]);
    let bills = [till.raw_bill(), till.raw_bill()].map(|bill| raw_402(&bill));
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let (held, is_held) = mpsc::channel();
    // The first that was paid for is answered after the second.
    let server = std::thread::spawn(move || {
        let next = || accept(&listener, b"\r\n\r\n");
        next().write_all(bills[0].as_bytes()).unwrap();
        let mut first = next();
        held.send(()).unwrap();
        next().write_all(bills[1].as_bytes()).unwrap();
        next().write_all(RAW_GOODS).unwrap();
        first.write_all(RAW_GOODS).unwrap();
        next().write_all(RAW_GOODS).unwrap();
    });
    let client = client(&till);
    let first = tokio::spawn({
        let (client, url) = (client.clone(), url.clone());
        async move { get(&client, url).await }
    });
    while is_held.try_recv().is_err() {
        tokio::task::yield_now().await;
    }
    assert_eq!(get(&client, url.clone()).await, (200, true));
    assert_eq!(first.await.unwrap(), (200, true));
    assert_eq!(get(&client, url).await, (200, false));
    assert_eq!(till.paid(), [1, 1]);
    server.join().unwrap();
}
