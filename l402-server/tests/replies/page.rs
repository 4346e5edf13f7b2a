//! The page for browsers: complete, harmless, and of use without a script.

use base64_simd::STANDARD;
use l402_core::Msat;
use sha2::{Digest, Sha256};

use crate::common::{Shop, body, verdict};
use crate::{ask, between, open_page, text};

#[tokio::test]
async fn the_fields_of_the_page() {
    let shop = Shop::open();
    let (reply, page) = open_page(&shop).await;
    let style = hash_of(between(&page, "<style>", "</style>"));
    let script = hash_of(between(&page, "<script>", "</script>"));
    let policy = format!(
        "default-src 'none'; style-src '{style}'; script-src '{script}'; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    let macaroon = unescaped(between(
        &page,
        r#"<textarea id="macaroon" rows="4" readonly autocomplete="off">"#,
        "</textarea>",
    ));
    let invoice =
        between(&page, r#"<textarea id="invoice" rows="4" readonly autocomplete="off">"#, "</textarea>");
    let challenge =
        format!(r#"L402 macaroon="{macaroon}", invoice="{invoice}", version="0", token="{macaroon}""#);
    let fields: Vec<(&str, &str)> = reply.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
    let expected = [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("vary", "Accept"),
        ("www-authenticate", challenge.as_str()),
        ("content-security-policy", policy.as_str()),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ];
    assert_eq!((reply.status, fields.as_slice()), (402, &expected[..]));
    let facts: l402_core::bolt11::InvoiceFacts = invoice.parse().unwrap();
    assert_eq!(shop.node.invoices()[0].payment_hash, facts.payment_hash);
}

#[tokio::test]
async fn the_page_without_an_offer_runs_no_script() {
    let shop = Shop::open();
    let reply = ask(&shop, &[("accept", b"text/html"), ("authorization", b"L402 garbage")]).await;
    let page = text(&reply);
    assert_eq!(reply.status, 401);
    assert!(!page.contains("<script") && page.contains("<h1>Unauthorized</h1>"), "{page}");
    let style = hash_of(between(&page, "<style>", "</style>"));
    let rest = "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let policy = format!("default-src 'none'; style-src '{style}'; {rest}");
    assert_eq!(reply.header("content-security-policy"), Some(policy.as_str()));
}

#[tokio::test]
async fn nothing_is_loaded_from_anywhere() {
    let (_, page) = open_page(&Shop::open()).await;
    // It may have "//" in it, as any base64.
    let page = page.replace(
        between(&page, "<textarea id=\"macaroon\" rows=\"4\" readonly autocomplete=\"off\">", "<"),
        "",
    );
    for word in [
        "http:", "https:", "//", "src=", "@import", "url(", "<link", "<img", "<iframe", " style=", " onclick",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    for target in page.split("href=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(target.is_empty() || target.starts_with("lightning:lnbcrt"), "{target}");
    }
    assert!(!page.contains("{{") && !page.contains("}}\""), "everything is filled in");
}

#[tokio::test]
async fn the_page_is_small() {
    let (_, page) = open_page(&Shop::open()).await;
    // Nearly half of it is the invoice, as text and as modules, whose number varies.
    assert!(page.len() < 13 * 1024, "{} bytes", page.len());
}

#[tokio::test]
async fn the_qr_code_holds_the_invoice() {
    let shop = Shop::open();
    let (reply, page) = open_page(&shop).await;
    let invoice = between(reply.header("www-authenticate").unwrap(), "invoice=\"", "\"");
    assert_eq!(read_qr(&page), format!("LIGHTNING:{}", invoice.to_uppercase()));
}

/// Draws the SVG as a browser would, and reads what a camera would see.
fn read_qr(page: &str) -> String {
    let side: usize = between(page, r#"viewBox="0 0 "#, " ").parse().unwrap();
    let mut dark = vec![false; side * side];
    let path = between(page, r##"<path stroke="#000" d=""##, "\"");
    let (mut row, mut end) = (0, 0);
    for run in path.split_inclusive(['M', 'm']).collect::<Vec<_>>().windows(2) {
        let numbers = run[1].trim_end_matches(['M', 'm']);
        let (place, len) = numbers.split_once('h').unwrap();
        let (x, y) = place.split_once(' ').unwrap();
        let start: usize = if run[0].ends_with('M') {
            row = y.strip_suffix(".5").unwrap().parse().unwrap();
            x.parse().unwrap()
        } else {
            assert_eq!(y, "0");
            end + x.parse::<usize>().unwrap()
        };
        end = start + len.parse::<usize>().unwrap();
        assert!((4..side - 4).contains(&row) && start >= 4 && end <= side - 4, "the border stays light");
        dark[row * side + start..row * side + end].fill(true);
    }
    const SCALE: usize = 4;
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(side * SCALE, side * SCALE, |x, y| {
        if dark[y / SCALE * side + x / SCALE] { 0 } else { 255 }
    });
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1, "one code is seen");
    grids[0].decode().unwrap().1
}

const PAYLOADS: [&str; 13] = [
    "<script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "</textarea><img src=x onerror=alert(1)>",
    "\"><svg/onload=alert(1)>",
    "' onmouseover='alert(1)",
    "<!--<script>",
    "]]><script>alert(1)</script>",
    "{{script}}{{offer}}",
    "&lt;script&gt;",
    "javascript:alert(1)",
    "</title><base href=x>",
    "two\r\nlines",
    "a\0b\u{202e}c",
];

#[tokio::test]
async fn what_is_sold_is_text_whatever_it_is_called() {
    let skeleton = |page: &str| page.matches('<').count();
    let (_, plain) = open_page(&Shop::open_with(|gate| gate.description("a report"))).await;
    for payload in PAYLOADS {
        let shop = Shop::open_with(|gate| gate.description(payload));
        let (reply, page) = open_page(&shop).await;
        assert_eq!(reply.status, 402, "{payload}");
        assert_eq!(skeleton(&page), skeleton(&plain), "{payload}: no tag more, no tag less");
        let raw = between(&page, "<p><bdi>", "</bdi></p>");
        assert!(!raw.contains(['<', '>', '"', '\'', '\0']), "{raw}");
        let shown = unescaped(raw);
        assert_eq!(
            shown,
            payload.replace('\0', "\u{fffd}").replace(['\r', '\n'], " "),
            "and it is shown as it is"
        );
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.contains(&hash_of(between(&page, "<script>", "</script>"))), "{payload}");
    }
}

/// The path, method, credential and other fields of a request are never part of a page.
#[tokio::test]
async fn a_visitor_cannot_write_on_the_page() {
    let shop = Shop::open();
    for payload in PAYLOADS {
        let mark = format!("MARK{payload}");
        let credential = format!("L402 {mark}");
        for headers in [
            vec![("accept", "text/html"), ("authorization", credential.as_str())],
            vec![
                ("accept", "text/html"),
                ("origin", &mark),
                ("referer", &mark),
                ("host", &mark),
                ("user-agent", &mark),
            ],
        ] {
            let headers: Vec<(&str, &[u8])> =
                headers.into_iter().map(|(name, value)| (name, value.as_bytes())).collect();
            let path = format!("/{mark}");
            let reply = crate::common::answer(crate::send(&shop, "GET", &path, &headers).await);
            let page = text(&reply);
            assert!(page.starts_with("<!doctype html>") && !page.contains("MARK"), "{payload}");
        }
    }
}

#[tokio::test]
async fn the_script_is_told_how_long_and_whether_to_ask() {
    let (_, page) = open_page(&Shop::open()).await;
    assert!(page.contains(r#"<main id="offer" data-seconds="600" data-poll="false">"#), "{page}");
}

#[tokio::test]
async fn the_price_is_exact() {
    for (msat, expected) in
        [(1_000, "1 sat"), (2_000, "2 sats"), (1_500, "1.500 sats"), (21_000_007, "21000.007 sats")]
    {
        let shop = Shop::open_with(|gate| gate.price(Msat::from_msat(msat)));
        let (_, page) = open_page(&shop).await;
        assert_eq!(between(&page, r#"<p id="price">"#, "</p>"), expected);
        assert_eq!(between(&page, "<title>", "</title>"), format!("Payment required: {expected}"));
    }
}

#[tokio::test]
async fn a_second_offer_says_why_the_token_did_not_do() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    let header = token.header();
    crate::common::admission(shop.get("/report", &[header.as_bytes()]).await).finish(200).await.unwrap();
    let reply = ask(&shop, &[("accept", b"text/html"), ("authorization", header.as_bytes())]).await;
    assert!(text(&reply).contains("<p>the token has been used up</p>"));
    let json = ask(&shop, &[("authorization", header.as_bytes())]).await;
    assert_eq!(
        (verdict(&json).1.as_str(), body(&json)["error"].as_str()),
        ("token_used", Some("the token has been used up"))
    );
}

/// How a policy names an inline element.
fn hash_of(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode_to_string(Sha256::digest(text)))
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&amp;", "&")
}
