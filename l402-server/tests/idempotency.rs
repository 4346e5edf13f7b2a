//! `Idempotency-Key`: asking again for an answer that was paid for.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::secrecy::other_master_key;
use common::{Ask, NOW, Shop, Token, admission, answer, master_key};
use l402_server::keys::{RevocationList, RotatingKeys};
use l402_server::{Admission, BodyWanted, Decision, Idempotency, PriceTable, Quote, Reply, RequestParts};

fn shop(settings: Idempotency) -> Shop {
    let quote = Quote::new(common::PRICE).uses(3);
    Shop::open_with(|gate| gate.price(quote).idempotency(settings))
}

/// A request with keys and a body, as an adapter hands it over.
#[derive(Clone, Copy)]
struct Order<'a> {
    keys: &'a [&'a [u8]],
    method: &'a str,
    path: &'a str,
    query: Option<&'a str>,
    body: &'a [u8],
}

const ORDER: Order<'_> =
    Order { keys: &[b"order-1"], method: "GET", path: "/report", query: None, body: b"two copies" };

async fn send(shop: &Shop, token: &Token, order: Order<'_>) -> Decision {
    match decide(shop, token, order).await {
        Decision::ReadBody(wanted) => wanted.decide(order.body).await,
        other => other,
    }
}

/// What the gate says before it has seen the body.
async fn decide(shop: &Shop, token: &Token, order: Order<'_>) -> Decision {
    let header = token.header();
    let mut headers = vec![("authorization", header.as_bytes())];
    headers.extend(order.keys.iter().map(|key| ("idempotency-key", *key)));
    let headers = headers.as_slice();
    let parts = RequestParts::new(order.method, order.path, &headers).with_query(order.query);
    shop.gate.decide(&parts.with_route(Some(order.path))).await
}

/// Answers as an adapter does.
async fn deliver(mut admission: Admission, status: u16, body: &[u8]) -> Result<(), Reply> {
    let headers: &[(&str, &[u8])] =
        &[("content-type", b"text/plain"), ("date", b"today"), ("x-own", b"1"), ("x-own", b"2")];
    if admission.answer_limit(status).is_some_and(|limit| body.len() <= limit) {
        admission.keep_answer(status, &headers, body);
    }
    admission.finish(status).await
}

async fn first(shop: &Shop, token: &Token, order: Order<'_>, body: &[u8]) {
    deliver(admission(send(shop, token, order).await), 200, body).await.unwrap();
}

#[tokio::test]
async fn who_asks_again_gets_the_same_answer_and_pays_once() {
    let shop = shop(Idempotency::default());
    let token = shop.buy("/report").await;
    first(&shop, &token, ORDER, b"the report").await;
    for _ in 0..5 {
        let again = answer(send(&shop, &token, ORDER).await);
        assert_eq!((again.status, again.body.as_slice()), (200, &b"the report"[..]));
        let fields: Vec<_> = again.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        assert_eq!(fields, [("content-type", "text/plain"), ("x-own", "1"), ("x-own", "2")]);
    }
    // Two uses are left, with keys of their own or without.
    let other = Order { keys: &[b"order-2"], ..ORDER };
    first(&shop, &token, other, b"another").await;
    first(&shop, &token, Order { keys: &[], ..ORDER }, b"a third").await;
    assert_eq!(
        answer(send(&shop, &token, Order { keys: &[b"order-3"], ..ORDER }).await).code(),
        "token_used"
    );
    assert_eq!(answer(send(&shop, &token, ORDER).await).status, 200, "and the answers are still there");
    assert_eq!(answer(send(&shop, &token, other).await).body, b"another");
}

#[tokio::test]
async fn a_key_belongs_to_one_request_of_one_payment() {
    let shop = shop(Idempotency::default());
    let (token, stranger) = (shop.buy("/report").await, shop.buy("/report").await);
    first(&shop, &token, ORDER, b"secret").await;
    for changed in [
        Order { body: b"three copies", ..ORDER },
        Order { query: Some(""), ..ORDER },
        Order { query: Some("a"), ..ORDER },
        // The same bytes, cut elsewhere.
        Order { query: Some("two"), body: b" copies", ..ORDER },
        Order { query: Some("two copies"), body: b"", ..ORDER },
    ] {
        let reply = answer(send(&shop, &token, changed).await);
        assert_eq!((reply.status, reply.code()), (409, "idempotency_key_mismatch"));
    }
    first(&shop, &stranger, ORDER, b"their own").await;
    let forged = Token { macaroon: token.macaroon.clone(), preimage: stranger.preimage.clone() };
    assert_eq!(answer(send(&shop, &forged, ORDER).await).code(), "wrong_preimage");
}

/// A token of many places does not make their answers one.
#[tokio::test]
async fn a_key_belongs_to_one_path_and_method() {
    let pass = || Quote::new(common::PRICE).pass("all").unlimited();
    let prices = PriceTable::new().any("/report", pass()).any("/repor", pass()).any("/other", pass());
    let shop = Shop::open_with(|gate| gate.prices(prices).idempotency(Idempotency::default()));
    let token = shop.buy_with(Ask::on("/report", "/report")).await;
    first(&shop, &token, ORDER, b"the report").await;
    for changed in [
        Order { method: "POST", ..ORDER },
        Order { path: "/other", ..ORDER },
        Order { path: "/repor", body: b"ttwo copies", ..ORDER },
    ] {
        let reply = answer(send(&shop, &token, changed).await);
        assert_eq!((reply.status, reply.code()), (409, "idempotency_key_mismatch"), "{}", changed.path);
    }
    assert_eq!(answer(send(&shop, &token, ORDER).await).body, b"the report");
}

/// The same for any `Authorization`.
async fn begin(shop: &Shop, authorization: &str) -> Decision {
    let headers: &[(&str, &[u8])] =
        &[("authorization", authorization.as_bytes()), ("idempotency-key", b"order-1")];
    shop.gate.decide(&RequestParts::new("GET", "/report", &headers)).await
}

async fn wanted(shop: &Shop, token: &Token) -> BodyWanted {
    match decide(shop, token, ORDER).await {
        Decision::ReadBody(wanted) => wanted,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn bodies_are_read_for_those_only_who_have_paid() {
    let revoked = RevocationList::default();
    let quote = Quote::new(common::PRICE).uses(3);
    let shop = Shop::open_with(|gate| {
        gate.price(quote).idempotency(Idempotency::default()).revocations(revoked.clone())
    });
    let (token, other) = (shop.buy("/report").await, shop.buy("/report").await);
    let wrong = Token { macaroon: token.macaroon.clone(), preimage: other.preimage.clone() };
    for (authorization, status, code) in [
        (String::new(), 402, "payment_required"),
        ("L402 nonsense".to_owned(), 401, "malformed_credential"),
        (wrong.header(), 401, "wrong_preimage"),
        (token.attenuated("expires_at=1"), 402, "token_expired"),
        (token.attenuated("path=/other"), 402, "wrong_path"),
    ] {
        let reply = answer(begin(&shop, &authorization).await);
        assert_eq!((reply.status, reply.code()), (status, code), "{authorization}");
    }
    assert_eq!(wanted(&shop, &token).await.limit(), 1 << 20);

    let in_time = wanted(&shop, &token).await;
    revoked.revoke(token.preimage.payment_hash());
    assert_eq!(answer(in_time.decide(b"two copies").await).code(), "token_revoked");
}

/// When it expires, its uses are forgotten: a body that comes late must not be one more.
#[tokio::test]
async fn a_token_that_expires_while_the_body_comes_is_expired() {
    let shop = shop(Idempotency::default());
    let token = shop.buy("/report").await;
    let late = wanted(&shop, &token).await;
    for key in [b"a", b"b", b"c"] {
        first(&shop, &token, Order { keys: &[key], ..ORDER }, b"used").await;
    }
    shop.clock.advance(Duration::from_secs(365 * 86_400));
    let reply = answer(late.decide(b"two copies").await);
    assert_eq!((reply.status, reply.code()), (402, "token_expired"));
}

#[tokio::test]
async fn a_secret_that_is_retired_while_the_body_comes_is_good_no_more() {
    let keys = RotatingKeys::new(master_key());
    let shop = Shop::open_with(|gate| gate.idempotency(Idempotency::default()).root_keys(keys.clone()));
    let token = shop.buy("/report").await;
    let (early, late) = (wanted(&shop, &token).await, wanted(&shop, &token).await);
    keys.rotate(other_master_key(), NOW.saturating_add(Duration::from_secs(60))).unwrap();
    drop(admission(early.decide(b"two copies").await));
    shop.clock.advance(Duration::from_secs(60));
    assert_eq!(answer(late.decide(b"two copies").await).code(), "token_revoked");
}

#[tokio::test]
async fn a_body_that_is_too_large_is_told_like_every_refusal() {
    let told = Arc::new(Mutex::new(Vec::new()));
    let list = Arc::clone(&told);
    let shop = Shop::open_with(|gate| {
        let gate = gate.idempotency(Idempotency::default().max_request_bytes(10));
        gate.on_refused(move |refused| list.lock().unwrap().push(refused.code))
    });
    let token = shop.buy("/report").await;
    let wanted = wanted(&shop, &token).await;
    assert_eq!((wanted.limit(), wanted.too_large().status), (10, 413));
    assert_eq!(told.lock().unwrap().last(), Some(&"body_too_large"));
}

#[tokio::test]
async fn a_body_that_does_not_come_takes_no_use() {
    let shop = shop(Idempotency::default());
    let token = shop.buy("/report").await;
    let waiting = [wanted(&shop, &token).await, wanted(&shop, &token).await];
    for _ in 0..3 {
        first(&shop, &token, Order { keys: &[], ..ORDER }, b"served").await;
    }
    for wanted in waiting {
        assert_eq!(answer(wanted.decide(b"two copies").await).code(), "token_used");
    }
}

#[tokio::test]
async fn answers_are_copied_that_deliver() {
    let shop = shop(Idempotency::default());
    let token = shop.buy("/report").await;
    let admitted = admission(send(&shop, &token, ORDER).await);
    assert_eq!(admitted.answer_limit(200), Some(256 << 10));
    for status in [101, 302, 404, 500] {
        assert_eq!(admitted.answer_limit(status), None, "{status}");
    }
}

/// Its client sends no end of a body before it is let in.
#[tokio::test]
async fn who_opens_a_conversation_has_no_key() {
    let shop = Shop::open_with(|gate| {
        gate.price(Quote::new(common::PRICE).pass("all").unlimited()).idempotency(Idempotency::default())
    });
    let token = shop.buy("/report").await.header();
    for (method, field, value, has_key) in [
        ("GET", "upgrade", "websocket", false),
        ("GET", "upgrade", "h2c, WebSocket", false),
        ("CONNECT", "x", "y", false),
        ("GET", "upgrade", "h2c", true),
    ] {
        let headers: &[(&str, &[u8])] = &[
            ("authorization", token.as_bytes()),
            ("idempotency-key", b"order-1"),
            (field, value.as_bytes()),
        ];
        let decision = shop.gate.decide(&RequestParts::new(method, "/report", &headers)).await;
        assert_eq!(matches!(decision, Decision::ReadBody(_)), has_key, "{method} {value}: {decision:?}");
        assert!(has_key || admission(decision).answer_limit(200).is_none(), "{method} {value}");
    }
}

#[tokio::test]
async fn while_the_first_runs_the_second_waits() {
    let shop = shop(Idempotency::default());
    let token = shop.buy("/report").await;
    let running = admission(send(&shop, &token, ORDER).await);
    let reply = answer(send(&shop, &token, ORDER).await);
    assert_eq!(
        (reply.status, reply.code(), reply.header("retry-after")),
        (409, "idempotency_key_in_use", Some("1"))
    );
    deliver(running, 200, b"the report").await.unwrap();
    assert_eq!(answer(send(&shop, &token, ORDER).await).body, b"the report");
}

#[tokio::test]
async fn what_was_not_delivered_is_not_kept() {
    let shop = shop(Idempotency::default().max_answer_bytes(10));
    let token = shop.buy("/report").await;
    deliver(admission(send(&shop, &token, ORDER).await), 500, b"oh no").await.unwrap();
    drop(admission(send(&shop, &token, ORDER).await));
    let late = admission(send(&shop, &token, ORDER).await);
    shop.clock.advance(Duration::from_secs(121));
    // Its lease is over, and another request has the use.
    let uses: Vec<_> = [b"a", b"b", b"c"].into_iter().map(|key| [key.as_slice()]).collect();
    for key in &uses {
        first(&shop, &token, Order { keys: key, ..ORDER }, b"used").await;
    }
    assert!(deliver(late, 200, b"too late").await.is_err());
    assert_eq!(
        answer(send(&shop, &token, ORDER).await).code(),
        "token_used",
        "not the answer that was withheld"
    );

    let other = shop.buy("/report").await;
    first(&shop, &other, ORDER, b"eleven bytes").await;
    drop(admission(send(&shop, &other, ORDER).await));
}

#[tokio::test]
async fn answers_are_kept_for_a_time_and_in_a_bounded_number() {
    let shop = shop(Idempotency::default().max_answers(2).keep_for(Duration::from_secs(60)));
    let token = shop.buy("/report").await;
    let keys: Vec<_> = [b"a", b"b", b"c"].into_iter().map(|key| [key.as_slice()]).collect();
    for key in &keys {
        first(&shop, &token, Order { keys: key, ..ORDER }, b"answer").await;
    }
    let status = async |key| answer(send(&shop, &token, Order { keys: key, ..ORDER }).await).code();
    assert_eq!(status(&keys[0]).await, "token_used", "the oldest went");
    assert_eq!(status(&keys[1]).await, "idempotent_replay");
    assert_eq!(status(&keys[2]).await, "idempotent_replay");
    shop.clock.advance(Duration::from_secs(60));
    assert_eq!(status(&keys[2]).await, "token_used");
}

#[tokio::test]
async fn a_key_that_is_none_is_refused_and_costs_no_use() {
    let shop = shop(Idempotency::default());
    let token = shop.buy("/report").await;
    let long = [b'k'; 256];
    for keys in [&[&b""[..]][..], &[&long[..]][..], &[&b"a"[..], &b"b"[..]][..]] {
        let reply = answer(decide(&shop, &token, Order { keys, ..ORDER }).await);
        assert_eq!(
            (reply.status, reply.code()),
            (400, "malformed_idempotency_key"),
            "before its body is read"
        );
    }
    for _ in 0..3 {
        first(&shop, &token, Order { keys: &[], ..ORDER }, b"served").await;
    }
}

#[tokio::test]
async fn without_the_option_keys_mean_nothing() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    let header = token.header();
    let headers: &[(&str, &[u8])] = &[("authorization", header.as_bytes()), ("idempotency-key", b"order-1")];
    let parts = RequestParts::new("GET", "/report", &headers);
    admission(shop.gate.decide(&parts).await).finish(200).await.unwrap();
    assert_eq!(answer(shop.gate.decide(&parts).await).code(), "token_used");
}
