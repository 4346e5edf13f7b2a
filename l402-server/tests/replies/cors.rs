//! Web pages of other origins.

use std::time::Duration;

use l402_core::Msat;
use l402_server::{BuildError, Cors, Gate, Reply};

use crate::common::{Shop, admission, answer, master_key, verdict};
use crate::{all, ask, send};

const APP: &str = "https://app.example";
const LOCAL: &str = "http://localhost:3000";

fn listed() -> Shop {
    Shop::open_with(|gate| gate.cors(Cors::origins([APP, LOCAL])))
}

fn public() -> Shop {
    Shop::open_with(|gate| gate.cors(Cors::any_origin()))
}

async fn preflight(shop: &Shop, origin: &[u8], method: &[u8], fields: &[u8]) -> Reply {
    let headers: &[(&str, &[u8])] = &[
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", fields),
    ];
    answer(send(shop, "OPTIONS", "/report", headers).await)
}

#[tokio::test]
async fn a_preflight_is_answered_before_money_is_asked_for() {
    for (shop, allowed) in [(public(), "*"), (listed(), LOCAL)] {
        let reply = preflight(&shop, LOCAL.as_bytes(), b"PATCH", b"authorization,x-own").await;
        assert_eq!((reply.status, reply.body.len(), shop.invoices()), (204, 0, 0));
        assert_eq!(all(&reply, "access-control-allow-origin"), [allowed]);
        assert_eq!(all(&reply, "access-control-allow-methods"), ["PATCH"]);
        assert_eq!(all(&reply, "access-control-allow-headers"), ["authorization, x-own"]);
        assert_eq!(all(&reply, "access-control-max-age"), ["600"]);
        let vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        assert_eq!(all(&reply, "vary"), [vary]);
        assert_eq!(reply.header("www-authenticate"), None);
        assert_eq!(reply.header("access-control-allow-credentials"), None);
    }
}

#[tokio::test]
async fn only_a_preflight_is_one() {
    let asks: (&str, &[u8]) = ("access-control-request-method", b"GET");
    let origin: (&str, &[u8]) = ("origin", APP.as_bytes());
    for (shop, method, headers) in [
        (public(), "OPTIONS", &[origin][..]),
        (public(), "OPTIONS", &[asks]),
        (public(), "GET", &[origin, asks]),
        (public(), "POST", &[origin, asks]),
        (Shop::open(), "OPTIONS", &[origin, asks]),
    ] {
        let reply = answer(send(&shop, method, "/report", headers).await);
        assert_eq!(verdict(&reply), (402, "payment_required".to_owned()), "{method} {headers:?}");
    }
}

#[tokio::test]
async fn settings_of_a_preflight_win_over_its_wishes() {
    let cors = Cors::any_origin()
        .with_methods(["GET", "POST"])
        .with_headers(["Authorization", "X-Own"])
        .with_max_age(Duration::from_secs(60));
    let shop = Shop::open_with(|gate| gate.cors(cors));
    let reply = preflight(&shop, APP.as_bytes(), b"DELETE", b"x-evil").await;
    assert_eq!(all(&reply, "access-control-allow-methods"), ["GET, POST"]);
    assert_eq!(all(&reply, "access-control-allow-headers"), ["Authorization, X-Own"]);
    assert_eq!(all(&reply, "access-control-max-age"), ["60"]);
}

#[tokio::test]
async fn wishes_that_are_no_names_are_not_repeated() {
    let shop = public();
    let default = "Authorization, Content-Type, Idempotency-Key";
    let (long, many) = ("x".repeat(1025), "x,".repeat(5000));
    let hostile =
        ["", ",", "a\r\nset-cookie: x=1", "a b", "a:b", "\u{e9}", "\0", "(", long.as_str(), many.as_str()];
    for fields in hostile {
        let reply = preflight(&shop, APP.as_bytes(), b"GET", fields.as_bytes()).await;
        assert_eq!(all(&reply, "access-control-allow-headers"), [default], "{fields:?}");
    }
    for method in ["", "GET\r\nx: y", "GET POST", "\u{e9}", "\0", "M".repeat(33).as_str()] {
        let reply = preflight(&shop, APP.as_bytes(), method.as_bytes(), b"authorization").await;
        assert_eq!(all(&reply, "access-control-allow-methods"), [""; 0], "{method:?}");
    }
}

#[tokio::test]
async fn origins_that_are_not_listed_get_nothing() {
    let shop = listed();
    for origin in [
        "null",
        "",
        "https://app.example/",
        "https://app.example:443",
        "https://app.example.evil.example",
        "https://evil-app.example",
        "http://app.example",
        "HTTPS://APP.EXAMPLE",
        "https://app.example\r\nset-cookie: a=b",
        "https://app.example, http://localhost:3000",
        "https://app.example http://localhost:3000",
        "*",
    ] {
        let reply = preflight(&shop, origin.as_bytes(), b"GET", b"authorization").await;
        assert_eq!(reply.status, 204);
        let names: Vec<_> = reply.headers.iter().map(|(name, _)| &**name).collect();
        assert_eq!(names, ["vary", "cache-control"], "{origin:?}");
        let reply = ask(&shop, &[("origin", origin.as_bytes())]).await;
        assert_eq!(reply.header("access-control-allow-origin"), None, "{origin:?}");
        assert_eq!(reply.header("vary"), Some("Accept, Origin"), "caches must know even so");
    }
    let twice = ask(&shop, &[("origin", APP.as_bytes()), ("origin", APP.as_bytes())]).await;
    assert_eq!(twice.header("access-control-allow-origin"), None);
}

#[tokio::test]
async fn the_challenge_can_be_read_by_pages_that_may() {
    let exposed = "WWW-Authenticate, Retry-After, L402-Payment-Hash";
    for (shop, origin, allowed, vary) in [
        (public(), &b"null"[..], "*", "Accept"),
        (public(), b"https://any.example", "*", "Accept"),
        (listed(), APP.as_bytes(), APP, "Accept, Origin"),
        (listed(), LOCAL.as_bytes(), LOCAL, "Accept, Origin"),
    ] {
        for credential in [&b""[..], b"L402 garbage"] {
            let reply = ask(&shop, &[("origin", origin), ("authorization", credential)]).await;
            assert_eq!(all(&reply, "access-control-allow-origin"), [allowed]);
            assert_eq!(all(&reply, "access-control-expose-headers"), [exposed]);
            assert_eq!(all(&reply, "vary"), [vary]);
        }
    }
    let closed = ask(&Shop::open(), &[("origin", APP.as_bytes())]).await;
    assert!(
        closed.headers.iter().all(|(name, _)| !name.starts_with("access-control")),
        "off unless asked for"
    );
}

#[tokio::test]
async fn an_answer_that_cannot_be_charged_can_be_read_too() {
    let shop = listed();
    let token = shop.buy("/report").await;
    let header = token.header();
    let fields: &[(&str, &[u8])] = &[("origin", APP.as_bytes()), ("authorization", header.as_bytes())];
    let slow = admission(send(&shop, "GET", "/report", fields).await);
    shop.clock.advance(Duration::from_secs(121));
    let _heir = admission(send(&shop, "GET", "/report", fields).await);
    let reply = slow.finish(200).await.unwrap_err();
    assert_eq!((reply.status, reply.header("access-control-allow-origin")), (503, Some(APP)));
}

#[test]
fn settings_that_no_browser_could_match_are_refused_when_built() {
    let node = l402_dev::DevNode::new().unwrap();
    let build = |cors| {
        let gate = Gate::builder(node.provider()).root_key(master_key()).price(Msat::from_sat(1));
        gate.cors(cors).build().map(|_| ())
    };
    for origin in [
        "",
        "null",
        "*",
        "app.example",
        "https://",
        "://app.example",
        "https://app.example/",
        "https://app.example/path",
        "https://App.example",
        "https://app.example:443",
        "http://app.example:80",
        "https://app.example\r\nset-cookie: a=b",
        "https://app example",
        "https://user@app.example",
    ] {
        assert_eq!(build(Cors::origins([APP, origin])), Err(BuildError::InvalidCors), "{origin:?}");
    }
    for name in ["", "GET POST", "a\r\nb", "a,b", "\u{e9}"] {
        assert_eq!(build(Cors::any_origin().with_methods([name])), Err(BuildError::InvalidCors), "{name:?}");
        assert_eq!(build(Cors::any_origin().with_headers([name])), Err(BuildError::InvalidCors), "{name:?}");
    }
    for origin in [APP, LOCAL, "https://[::1]:8443", "chrome-extension://abcdef", "http://127.0.0.1:8000"] {
        assert_eq!(build(Cors::origins([origin])), Ok(()), "{origin}");
    }
}
