//! What the gate says, and how: profiles, formats, the page, CORS, and what is added to paid answers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "../common/mod.rs"]
mod common;
mod cors;
mod edits;
mod formats;
mod header_safety;
mod page;
mod page_script;
mod profiles;

use common::{Shop, answer};
use l402_server::{Decision, Reply, RequestParts};

pub(crate) const BROWSER: &str =
    "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8";

/// A request with any header fields.
pub(crate) async fn send(shop: &Shop, method: &str, path: &str, headers: &[(&str, &[u8])]) -> Decision {
    shop.gate.decide(&RequestParts::new(method, path, &headers)).await
}

pub(crate) async fn ask(shop: &Shop, headers: &[(&str, &[u8])]) -> Reply {
    answer(send(shop, "GET", "/report", headers).await)
}

/// What a browser that opens the address sees.
pub(crate) async fn open_page(shop: &Shop) -> (Reply, String) {
    let reply = ask(shop, &[("accept", BROWSER.as_bytes())]).await;
    let page = text(&reply);
    (reply, page)
}

pub(crate) fn text(reply: &Reply) -> String {
    String::from_utf8(reply.body.clone()).unwrap()
}

/// All values of a field.
pub(crate) fn all<'a>(reply: &'a Reply, name: &str) -> Vec<&'a str> {
    reply.headers.iter().filter(|(field, _)| *field == name).map(|(_, value)| &**value).collect()
}

/// What stands between two marks, the first time.
pub(crate) fn between<'a>(text: &'a str, start: &str, end: &str) -> &'a str {
    let (_, rest) = text.split_once(start).unwrap_or_else(|| panic!("no {start}"));
    rest.split_once(end).unwrap_or_else(|| panic!("no {end}")).0
}
