//! The verified-token cache: nothing gets in that would not have got in without it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use common::secrecy::other_master_key;
use common::{Ask, NOW, PRICE, Shop, Token, is_free, master_key, spend};
use l402_core::ports::{IssuedKey, PortFuture, RootKeyStore, StoreError};
use l402_core::{FoundKey, TokenId, UnixTime};
use l402_server::keys::{RevocationList, RotatingKeys};
use l402_server::{GateBuilder, PriceTable, Quote};

/// Counts how often a token is verified: each time its key is looked up.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicUsize>);

impl RootKeyStore for Counted {
    fn issue(&self, entropy: [u8; 32]) -> PortFuture<Result<IssuedKey, StoreError>> {
        master_key().issue(entropy)
    }

    fn root_key(&self, token: TokenId, now: UnixTime) -> PortFuture<Result<Option<FoundKey>, StoreError>> {
        self.0.fetch_add(1, Ordering::Relaxed);
        RootKeyStore::root_key(&master_key(), token, now)
    }

    fn is_still_live(&self, token: TokenId, now: UnixTime) -> bool {
        master_key().is_still_live(token, now)
    }
}

impl Counted {
    fn take(&self) -> usize {
        self.0.swap(0, Ordering::Relaxed)
    }
}

fn many_uses(gate: GateBuilder) -> GateBuilder {
    gate.price(Quote::new(PRICE).unlimited()).token_cache(64)
}

async fn get(shop: &Shop, token: &Token) -> Result<(), &'static str> {
    spend(shop.ask(Ask::get("/report"), Some(token)).await).await
}

#[tokio::test]
async fn the_same_request_is_verified_once() {
    let keys = Counted::default();
    let shop = Shop::open_with(|gate| many_uses(gate).root_keys(keys.clone()));
    let token = shop.buy("/report").await;
    for _ in 0..5 {
        assert_eq!(get(&shop, &token).await, Ok(()));
    }
    assert_eq!(keys.take(), 1);

    let without = Shop::open_with(|gate| many_uses(gate).root_keys(keys.clone()).token_cache(0));
    for _ in 0..5 {
        assert_eq!(get(&without, &token).await, Ok(()));
    }
    assert_eq!(keys.take(), 5);
}

#[tokio::test]
async fn what_differs_is_verified_and_refused() {
    let keys = Counted::default();
    let shop = Shop::open_with(|gate| many_uses(gate).root_keys(keys.clone()));
    let token = shop.buy("/report").await;
    assert_eq!(get(&shop, &token).await, Ok(()));
    for (ask, code) in
        [(Ask::get("/other"), "wrong_path"), (Ask { method: "POST", ..Ask::get("/report") }, "wrong_method")]
    {
        assert_eq!(spend(shop.ask(ask, Some(&token)).await).await, Err(code));
    }
    let header = token.header();
    let mut forged = header.clone().into_bytes();
    *forged.last_mut().unwrap() ^= 1;
    let refused = spend(shop.get("/report", &[&forged]).await).await;
    assert!(refused.is_err(), "one bit");
    // The same credential and another beside it.
    let other = shop.buy("/report").await;
    let other = other.header();
    let two = [header.as_bytes(), other.as_bytes()];
    assert_eq!(spend(shop.get("/report", &two).await).await, Err("ambiguous_credentials"));
}

#[tokio::test]
async fn uses_are_counted_expiry_is_looked_at_and_revocation_too() {
    let revoked = RevocationList::default();
    let shop = Shop::open_with(|gate| gate.price(Quote::new(PRICE).uses(2)).token_cache(64));
    let token = shop.buy("/report").await;
    for expected in [Ok(()), Ok(()), Err("token_used")] {
        assert_eq!(get(&shop, &token).await, expected);
    }

    let shop = Shop::open_with(|gate| many_uses(gate).revocations(revoked.clone()));
    let (token, other) = (shop.buy("/report").await, shop.buy("/report").await);
    assert_eq!((get(&shop, &token).await, get(&shop, &other).await), (Ok(()), Ok(())));
    revoked.revoke(token.preimage.payment_hash());
    assert_eq!(get(&shop, &token).await, Err("token_revoked"));
    shop.clock.advance(Duration::from_secs(600 + 3_599));
    assert_eq!(get(&shop, &other).await, Ok(()));
    shop.clock.advance(Duration::from_secs(1));
    assert_eq!(get(&shop, &other).await, Err("token_expired"));
}

#[tokio::test]
async fn a_retired_secret_ends_its_tokens_at_the_cut_off() {
    let keys = RotatingKeys::new(master_key());
    let shop = Shop::open_with(|gate| many_uses(gate).root_keys(keys.clone()));
    let token = shop.buy("/report").await;
    assert_eq!(get(&shop, &token).await, Ok(()));
    keys.rotate(other_master_key(), NOW.saturating_add(Duration::from_secs(60))).unwrap();
    assert_eq!(get(&shop, &token).await, Ok(()));
    shop.clock.advance(Duration::from_secs(60));
    assert_eq!(get(&shop, &token).await, Err("token_revoked"));
}

#[tokio::test]
async fn a_caveat_that_depends_on_more_is_judged_each_time() {
    let pass = || PriceTable::new().get("/news", Quote::new(PRICE).pass("news").unlimited());
    let shop = Shop::open_with(|gate| gate.prices(pass()).token_cache(64));
    let ask = Ask::on("/news", "/news");
    let token = shop.buy_with(ask).await;
    assert_eq!(spend(shop.ask(ask, Some(&token)).await).await, Ok(()));
    // A caveat of the service that ends before the token does.
    let until = NOW.as_secs() + 10;
    let header = token.attenuated(&format!("news_valid_until={until}"));
    let send = async || {
        let headers: &[(&str, &[u8])] = &[("authorization", header.as_bytes())];
        let parts = l402_server::RequestParts::new("GET", "/news", &headers).with_route(Some("/news"));
        spend(shop.gate.decide(&parts).await).await
    };
    assert_eq!((send().await, send().await), (Ok(()), Ok(())));
    shop.clock.advance(Duration::from_secs(10));
    assert_eq!(send().await, Err("caveat_not_met"));

    // A price that depends on the query.
    let by_query = |_| async { Ok(Quote::new(PRICE).unlimited()) };
    let shop = Shop::open_with(|gate| gate.price_fn(by_query).token_cache(64));
    let small = Ask { query: Some("size=1"), ..Ask::get("/image") };
    let token = shop.buy_with(small).await;
    assert_eq!(spend(shop.ask(small, Some(&token)).await).await, Ok(()));
    let large = Ask { query: Some("size=9"), ..small };
    assert_eq!(spend(shop.ask(large, Some(&token)).await).await, Err("caveat_not_met"));
}

#[tokio::test]
async fn a_pass_is_not_remembered_for_a_route_that_needs_another() {
    let news = Quote::new(PRICE).pass("news").unlimited();
    let table =
        PriceTable::new().get("/a", news.clone()).get("/b", Quote::new(PRICE).pass("vip").unlimited());
    let shop = Shop::open_with(|gate| gate.prices(table.any("/c", Quote::free())).token_cache(64));
    let token = shop.buy_with(Ask::on("/a", "/x")).await;
    assert_eq!(spend(shop.ask(Ask::on("/a", "/x"), Some(&token)).await).await, Ok(()));
    assert_eq!(spend(shop.ask(Ask::on("/b", "/x"), Some(&token)).await).await, Err("caveat_not_met"));
    assert!(is_free(&shop.ask(Ask::on("/c", "/x"), Some(&token)).await));
}

#[tokio::test]
async fn a_full_cache_forgets_and_never_mixes_up() {
    let keys = Counted::default();
    let shop = Shop::open_with(|gate| many_uses(gate).root_keys(keys.clone()).token_cache(16));
    let mut tokens = Vec::new();
    for _ in 0..100 {
        tokens.push(shop.buy("/report").await);
    }
    for _ in 0..3 {
        for token in &tokens {
            assert_eq!(get(&shop, token).await, Ok(()));
            assert_eq!(get(&shop, token).await, Ok(()), "just remembered");
        }
    }
    let verified = keys.take();
    assert!((100..=300).contains(&verified), "{verified}: at most once per two requests");
}

#[tokio::test]
async fn a_cache_with_room_for_four_times_as_many_remembers_nearly_all() {
    const TOKENS: usize = 400;
    let keys = Counted::default();
    let shop = Shop::open_with(|gate| many_uses(gate).root_keys(keys.clone()).token_cache(4 * TOKENS));
    let mut tokens = Vec::new();
    for _ in 0..TOKENS {
        tokens.push(shop.buy("/report").await);
    }
    for token in &tokens {
        assert_eq!(get(&shop, token).await, Ok(()));
    }
    assert_eq!(keys.take(), TOKENS);
    for token in &tokens {
        assert_eq!(get(&shop, token).await, Ok(()));
    }
    // Where a token has its eight places is drawn by lot. One time in thirty there are nine or ten tokens for some, which
    // then drive each other out; five times as many are not seen in a lifetime.
    let verified_again = keys.take();
    assert!(verified_again <= TOKENS / 8, "{verified_again}");
}
