//! What a paid answer gets in addition.

use std::borrow::Cow;

use l402_server::{Cors, GateBuilder};

use crate::common::{Shop, admission};
use crate::send;

const APP: &str = "https://app.example";
const EXPOSED: &str = "WWW-Authenticate, Retry-After, L402-Payment-Hash";

type Edits = Vec<(&'static str, Cow<'static, str>)>;

/// The edits for an answer with this status and these fields, to a page at `APP`.
async fn edits(
    settings: impl FnOnce(GateBuilder) -> GateBuilder,
    status: u16,
    fields: &[(&str, &[u8])],
) -> (Edits, String) {
    let shop = Shop::open_with(settings);
    let token = shop.buy("/report").await;
    let header = token.header();
    let request: &[(&str, &[u8])] = &[("origin", APP.as_bytes()), ("authorization", header.as_bytes())];
    let admitted = admission(send(&shop, "GET", "/report", request).await);
    let mut edits = Vec::new();
    admitted.header_edits(status, &fields).for_each(|name, value| edits.push((name, value)));
    (edits, token.preimage.payment_hash().to_string())
}

fn value<'a>(edits: &'a Edits, name: &str) -> Option<&'a str> {
    let mut found = edits.iter().filter(|(field, _)| *field == name);
    let value = found.next().map(|(_, value)| &**value);
    assert!(found.next().is_none(), "{name} twice");
    value
}

#[tokio::test]
async fn a_paid_answer_is_kept_from_shared_caches_and_has_a_receipt() {
    let (edits, hash) = edits(|gate| gate, 200, &[]).await;
    let expected: Edits = vec![
        ("cache-control", "private".into()),
        ("vary", "Authorization".into()),
        ("l402-payment-hash", hash.into()),
    ];
    assert_eq!(edits, expected);
    assert!(matches!(edits[0].1, Cow::Borrowed(_)), "nothing is allocated for what is always the same");
    assert!(matches!(edits[1].1, Cow::Borrowed(_)));
}

#[tokio::test]
async fn a_handlers_stricter_word_to_caches_stands() {
    for (own, expected) in [
        (&[][..], Some("private")),
        (&["public"], Some("private")),
        (&["public, max-age=60"], Some("private, max-age=60")),
        (&["PUBLIC , S-MaxAge = 60, must-revalidate"], Some("private, must-revalidate")),
        (&["no-cache"], Some("private, no-cache")),
        (&["no-cache=\"a, b\"", "max-age=0"], Some("private, no-cache=\"a, b\", max-age=0")),
        (&["x=\"private2\""], Some("private, x=\"private2\"")),
        (&["\u{e9}, ,", "a\tb"], Some("private")),
        (&["max-age=60, Private"], None),
        (&["no-store"], None),
        (&["max-age=60", " no-store "], None),
    ] {
        let fields: Vec<(&str, &[u8])> =
            own.iter().map(|value| ("cache-control", value.as_bytes())).collect();
        let (edits, _) = edits(|gate| gate, 200, &fields).await;
        assert_eq!(value(&edits, "cache-control"), expected, "{own:?}");
    }
}

#[tokio::test]
async fn what_was_not_charged_has_no_receipt() {
    for (status, has_receipt) in
        [(200, true), (204, true), (304, true), (302, false), (404, false), (500, false)]
    {
        let (edits, _) = edits(|gate| gate, status, &[]).await;
        assert_eq!(value(&edits, "l402-payment-hash").is_some(), has_receipt, "{status}");
        assert_eq!(value(&edits, "cache-control"), Some("private"), "{status}");
    }
    let (edits, _) = edits(|gate| gate.receipts(false), 200, &[]).await;
    assert_eq!(value(&edits, "l402-payment-hash"), None);
}

#[tokio::test]
async fn lists_are_merged_and_never_repeated() {
    let cors = |gate: GateBuilder| gate.cors(Cors::origins(["https://other.example", APP]));
    for (own, expected) in [
        (&[][..], Some("Authorization, Origin")),
        (&["Accept-Encoding"], Some("Accept-Encoding, Authorization, Origin")),
        (&["Accept-Encoding", "origin"], Some("Accept-Encoding, origin, Authorization")),
        (&["authorization , ORIGIN"], None),
        (&["*"], None),
        (&["Accept, *"], None),
        (&[",, ,"], Some("Authorization, Origin")),
        (&["\u{e9}, Accept"], Some("Accept, Authorization, Origin")),
    ] {
        let fields: Vec<(&str, &[u8])> = own.iter().map(|value| ("vary", value.as_bytes())).collect();
        let (edits, _) = edits(cors, 200, &fields).await;
        assert_eq!(value(&edits, "vary"), expected, "{own:?}");
    }
    for (own, expected) in [
        (None, Some(EXPOSED.to_owned())),
        (Some("X-Own"), Some(format!("X-Own, {EXPOSED}"))),
        (
            Some("www-authenticate, X-Own"),
            Some("www-authenticate, X-Own, Retry-After, L402-Payment-Hash".to_owned()),
        ),
        (Some(EXPOSED), None),
        (Some("*"), None),
    ] {
        let fields: Vec<(&str, &[u8])> =
            own.iter().map(|value| ("access-control-expose-headers", value.as_bytes())).collect();
        let (edits, _) = edits(cors, 200, &fields).await;
        assert_eq!(value(&edits, "access-control-expose-headers"), expected.as_deref(), "{own:?}");
    }
}

#[tokio::test]
async fn a_handlers_own_word_about_origins_stands() {
    let cors = |gate: GateBuilder| gate.cors(Cors::origins([APP]));
    let (granted, _) = edits(cors, 200, &[]).await;
    assert_eq!(value(&granted, "access-control-allow-origin"), Some(APP));
    let (own, _) = edits(cors, 200, &[("access-control-allow-origin", b"https://handler.example")]).await;
    assert_eq!(value(&own, "access-control-allow-origin"), None);
    assert_eq!(value(&own, "access-control-expose-headers"), Some(EXPOSED));
    assert_eq!(value(&own, "vary"), Some("Authorization"));

    let (any, _) = edits(|gate| gate.cors(Cors::any_origin()), 200, &[]).await;
    assert_eq!(value(&any, "access-control-allow-origin"), Some("*"));
    assert_eq!(value(&any, "vary"), Some("Authorization"));

    let stranger = |gate: GateBuilder| gate.cors(Cors::origins(["https://other.example"]));
    let (refused, _) = edits(stranger, 200, &[]).await;
    assert_eq!(value(&refused, "access-control-allow-origin"), None);
    assert_eq!(value(&refused, "access-control-expose-headers"), None);
    assert_eq!(value(&refused, "vary"), Some("Authorization, Origin"));
}
