//! Backends that fail, lie or take their time: nobody gets in for it, nobody is cheated, nothing leaks.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::future::poll_fn;
use std::io;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use common::secrecy::{listen_here, logged_here};
use common::{Ask, NOW, PRICE, Shop, Token, admission, answer, master_key, verdict};
use l402_core::ports::{
    BackendError, BackendErrorKind, Claim, Claimed, Invoice, InvoiceProvider, IssuedKey, NewInvoice,
    PortFuture, ProviderCapabilities, ReplayStore, RootKeyStore, Settlement, StoreError,
};
use l402_core::{FoundKey, ManualClock, MasterKey, Msat, Network, PaymentHash, Preimage, TokenId, UnixTime};
use l402_dev::{DevNode, DevProvider};
use l402_server::stores::MemoryReplayStore;
use l402_server::{Decision, Delivery, DeliveryError, Gate, Idempotency, RequestParts};

const SECRET: &str = "s3cr3t-api-key";

/// A provider whose invoices come out changed.
struct Liar {
    honest: DevProvider,
    network: Network,
    lie: Lie,
    twist: Twist,
}

type Lie = fn(&mut NewInvoice);
type Twist = fn(Invoice) -> Result<Invoice, BackendError>;

impl InvoiceProvider for Liar {
    fn create_invoice(&self, mut request: NewInvoice) -> PortFuture<Result<Invoice, BackendError>> {
        (self.lie)(&mut request);
        let twist = self.twist;
        self.honest.create_invoice(request).then(move |invoice| PortFuture::ready(invoice.and_then(twist)))
    }

    fn settlement(&self, lookup_id: String) -> PortFuture<Result<Settlement, BackendError>> {
        self.honest.settlement(lookup_id)
    }

    fn network(&self) -> Network {
        self.network
    }

    fn capabilities(&self) -> ProviderCapabilities {
        self.honest.capabilities()
    }
}

#[tokio::test]
async fn a_provider_that_fails_or_lies_sells_nothing_and_tells_nothing() {
    listen_here();
    let (honest, fine): (Lie, Twist) = (|_| {}, Ok);
    let regtest = Network::Regtest;
    let table: [(&str, Network, Lie, Twist); 11] = [
        ("down", regtest, honest, |_| {
            Err(BackendError::new("fake", BackendErrorKind::Unavailable).with_source(SECRET))
        }),
        ("other network", Network::Bitcoin, honest, fine),
        ("more", regtest, |request| request.amount = Msat::from_sat(1_000), fine),
        ("less", regtest, |request| request.amount = Msat::from_msat(9_999), fine),
        ("for ever", regtest, |request| request.expires_in = Duration::from_secs(30 * 86_400), fine),
        ("expired", regtest, |request| request.expires_in = Duration::ZERO, fine),
        ("other hash", regtest, honest, |mut invoice| {
            invoice.payment_hash = PaymentHash::from_bytes([1; 32]);
            Ok(invoice)
        }),
        ("control characters", regtest, honest, |mut invoice| {
            invoice.bolt11.push_str("\r\nset-cookie: pwned=1");
            Ok(invoice)
        }),
        ("html", regtest, honest, |mut invoice| {
            invoice.bolt11 = format!("<h1>bad gateway</h1>{SECRET}");
            Ok(invoice)
        }),
        ("empty", regtest, honest, |mut invoice| {
            invoice.bolt11.clear();
            Ok(invoice)
        }),
        ("tampered", regtest, honest, |mut invoice| {
            invoice.bolt11 = invoice.bolt11.replace("lnbcrt100n1", "lnbcrt10n1");
            Ok(invoice)
        }),
    ];
    for (case, network, lie, twist) in table {
        let clock = ManualClock::at(NOW);
        let node = DevNode::builder().seed([1; 32]).clock(clock.clone()).build().unwrap();
        let liar = Liar { honest: node.provider(), network, lie, twist };
        let gate = Gate::builder(liar).root_key(master_key()).price(PRICE).clock(clock).build().unwrap();
        let headers: &[(&str, &[u8])] = &[];

        let reply = answer(gate.decide(&RequestParts::new("GET", "/report", &headers)).await);
        assert_eq!(verdict(&reply), (503, "provider_unavailable".to_owned()), "{case}");
        assert!(
            reply.header("retry-after").is_some() && reply.header("www-authenticate").is_none(),
            "{case}"
        );
        let body = String::from_utf8(reply.body.clone()).unwrap();
        assert!(!body.contains(SECRET) && !body.contains("lnbcrt"), "{case}");
        let line = logged_here();
        assert!(line.contains("provider"), "{case} leaves a line in the log: {line}");
        assert!(!line.contains(SECRET) && !line.contains("set-cookie"), "{case}: {line}");
    }
}

/// Backends round up, or know a few durations only: a week more than asked for is the most.
#[tokio::test]
async fn an_invoice_may_be_payable_for_a_week_longer_than_asked() {
    let (a_week, more): (Lie, Lie) = (
        |request| request.expires_in += Duration::from_secs(7 * 24 * 60 * 60),
        |request| request.expires_in += Duration::from_secs(7 * 24 * 60 * 60 + 1),
    );
    for (lie, status) in [(a_week, 402), (more, 503)] {
        let clock = ManualClock::at(NOW);
        let node = DevNode::builder().seed([1; 32]).clock(clock.clone()).build().unwrap();
        let liar = Liar { honest: node.provider(), network: Network::Regtest, lie, twist: Ok };
        let gate = Gate::builder(liar).root_key(master_key()).price(PRICE).clock(clock).build().unwrap();
        let headers: &[(&str, &[u8])] = &[];
        let reply = answer(gate.decide(&RequestParts::new("GET", "/report", &headers)).await);
        assert_eq!(reply.status, status);
    }
}

#[tokio::test]
async fn a_rate_limited_provider_says_when_to_come_back() {
    let node = DevNode::new().unwrap();
    let limited = Liar {
        honest: node.provider(),
        network: Network::Regtest,
        lie: |_| {},
        twist: |_| {
            let retry_after = Some(Duration::from_secs(42));
            Err(BackendError::new("fake", BackendErrorKind::RateLimited { retry_after }))
        },
    };
    let gate = Gate::builder(limited).root_key(master_key()).price(PRICE).build().unwrap();
    let headers: &[(&str, &[u8])] = &[];
    let reply = answer(gate.decide(&RequestParts::new("GET", "/", &headers)).await);
    assert_eq!(reply.header("retry-after"), Some("42"));
}

/// Any port, with every answer given later instead of at once.
#[derive(Clone)]
struct Slow<P>(P);

async fn later<T>(answer: PortFuture<T>) -> T {
    tokio::task::yield_now().await;
    answer.await
}

impl ReplayStore for Slow<MemoryReplayStore> {
    fn claim(&self, claim: Claim) -> PortFuture<Result<Claimed, StoreError>> {
        PortFuture::new(later(self.0.claim(claim)))
    }
    fn commit(&self, claim: Claim) -> PortFuture<Result<bool, StoreError>> {
        PortFuture::new(later(self.0.commit(claim)))
    }
    fn release(&self, claim: Claim) -> PortFuture<Result<(), StoreError>> {
        let store = self.clone();
        PortFuture::new(async move {
            tokio::task::yield_now().await;
            store.0.release(claim).await
        })
    }
}

impl RootKeyStore for Slow<MasterKey> {
    fn issue(&self, entropy: [u8; 32]) -> PortFuture<Result<IssuedKey, StoreError>> {
        PortFuture::new(later(self.0.issue(entropy)))
    }
    fn root_key(&self, token: TokenId, now: UnixTime) -> PortFuture<Result<Option<FoundKey>, StoreError>> {
        PortFuture::new(later(RootKeyStore::root_key(&self.0, token, now)))
    }
}

#[tokio::test]
async fn backends_that_take_their_time_change_nothing() {
    let store = Slow(MemoryReplayStore::default());
    let shop = Shop::open_with(|gate| gate.root_keys(Slow(master_key())).store(store.clone()));
    let token = shop.buy("/report").await;
    let header = token.header();
    let credential = [header.as_bytes()];
    let get = || shop.get("/report", &credential);

    let wrong = answer(shop.get("/other", &[header.as_bytes()]).await);
    assert_eq!(verdict(&wrong), (402, "wrong_path".to_owned()));
    let malformed = answer(shop.get("/report", &[header.as_bytes(), b"L402 x"]).await);
    assert_eq!(verdict(&malformed), (401, "malformed_credential".to_owned()));

    let first = admission(get().await);
    assert_eq!(verdict(&answer(get().await)), (409, "token_in_use".to_owned()));
    drop(first);
    for _ in 0..10 {
        tokio::task::yield_now().await; // the release runs in the background
    }
    assert!(store.0.is_empty());
    admission(get().await).finish(200).await.unwrap();
    assert_eq!(verdict(&answer(get().await)), (402, "token_used".to_owned()));
}

/// The root key is looked for again once the body is there.
#[tokio::test]
async fn a_root_key_store_that_takes_its_time_or_fails_is_asked_after_the_body_too() {
    let is_down = Arc::new(Mutex::new(false));
    let keys = Failing { keys: Slow(master_key()), is_down: Arc::clone(&is_down) };
    let shop = Shop::open_with(|gate| gate.root_keys(keys).idempotency(Idempotency::default()));
    let token = shop.buy("/report").await;
    let header = token.header();
    let fields: &[(&str, &[u8])] = &[("authorization", header.as_bytes()), ("idempotency-key", b"order-1")];
    let wanted = async || match shop.gate.decide(&RequestParts::new("GET", "/report", &fields)).await {
        Decision::ReadBody(wanted) => wanted,
        other => panic!("{other:?}"),
    };
    let late = wanted().await;
    *is_down.lock().unwrap() = true;
    let reply = answer(late.decide(b"a body").await);
    assert_eq!(verdict(&reply), (503, "store_unavailable".to_owned()));
    *is_down.lock().unwrap() = false;
    admission(wanted().await.decide(b"a body").await).finish(200).await.unwrap();
}

struct Failing<K> {
    keys: K,
    is_down: Arc<Mutex<bool>>,
}

impl<K: RootKeyStore> RootKeyStore for Failing<K> {
    fn issue(&self, entropy: [u8; 32]) -> PortFuture<Result<IssuedKey, StoreError>> {
        self.keys.issue(entropy)
    }
    fn root_key(&self, token: TokenId, now: UnixTime) -> PortFuture<Result<Option<FoundKey>, StoreError>> {
        if *self.is_down.lock().unwrap() {
            return PortFuture::ready(Err(StoreError::unavailable("fake", SECRET)));
        }
        self.keys.root_key(token, now)
    }
}

#[tokio::test]
async fn who_asks_for_an_offer_gets_one_from_a_slow_store_too() {
    let store = Slow(MemoryReplayStore::default());
    let shop = Shop::open_with(|gate| gate.only_offer_if_asked().store(store));
    for name in ["accept-authenticate", "x-accept-authenticate"] {
        let headers = [(name, "L402")];
        let ask = Ask { headers: &headers, ..Ask::get("/report") };
        let token = shop.buy_with(ask).await;
        admission(shop.ask(ask, Some(&token)).await).finish(200).await.unwrap();
        for (ask, has_offer) in [(ask, true), (Ask::get("/report"), false)] {
            let used = answer(shop.ask(ask, Some(&token)).await);
            assert_eq!(verdict(&used), (402, "token_used".to_owned()));
            assert_eq!(used.header("www-authenticate").is_some(), has_offer, "{name}");
        }
    }
}

#[tokio::test]
async fn a_client_that_leaves_while_the_store_works_keeps_its_use() {
    let store = Slow(MemoryReplayStore::default());
    let shop = Shop::open_with(|gate| gate.store(store.clone()));
    let token = shop.buy("/report").await;
    let header = token.header();
    let credential = [header.as_bytes()];

    let mut leaving = Box::pin(shop.get("/report", &credential));
    let waiting = poll_fn(|context| Poll::Ready(leaving.as_mut().poll(context).is_pending())).await;
    assert!(waiting && store.0.len() == 1, "granted, and not told yet");
    drop(leaving);
    for _ in 0..10 {
        tokio::task::yield_now().await; // the release runs in the background
    }
    assert!(store.0.is_empty());
    drop(admission(shop.get("/report", &credential).await));
}

/// A store that answers a number of calls and is then gone.
#[derive(Clone, Default)]
struct Dying {
    calls_left: Arc<Mutex<u32>>,
    store: MemoryReplayStore,
}

impl Dying {
    fn after(calls: u32) -> Self {
        Self { calls_left: Arc::new(Mutex::new(calls)), store: MemoryReplayStore::default() }
    }

    fn alive(&self) -> Result<(), StoreError> {
        let mut left = self.calls_left.lock().unwrap();
        *left = left.checked_sub(1).ok_or_else(|| StoreError::unavailable("fake", SECRET))?;
        Ok(())
    }
}

impl ReplayStore for Dying {
    fn claim(&self, claim: Claim) -> PortFuture<Result<Claimed, StoreError>> {
        self.alive().map_or_else(|error| PortFuture::ready(Err(error)), |()| self.store.claim(claim))
    }
    fn commit(&self, claim: Claim) -> PortFuture<Result<bool, StoreError>> {
        self.alive().map_or_else(|error| PortFuture::ready(Err(error)), |()| self.store.commit(claim))
    }
    fn release(&self, claim: Claim) -> PortFuture<Result<(), StoreError>> {
        self.alive().map_or_else(|error| PortFuture::ready(Err(error)), |()| self.store.release(claim))
    }
}

#[tokio::test]
async fn a_store_that_cannot_answer_lets_nobody_in() {
    listen_here();
    let store = Dying::after(0);
    let shop = Shop::open_with(|gate| gate.store(store.clone()));
    let token = shop.buy("/report").await;

    let reply = answer(shop.get("/report", &[token.header().as_bytes()]).await);
    assert_eq!(verdict(&reply), (503, "store_unavailable".to_owned()));
    assert_eq!(reply.header("www-authenticate"), None, "the buyer has paid and is not asked again");
    let line = logged_here();
    assert!(line.contains("a store failed") && !line.contains(SECRET), "{line}");

    *store.calls_left.lock().unwrap() = 1; // the claim works, charging does not
    let admitted = admission(shop.get("/report", &[token.header().as_bytes()]).await);
    assert_eq!(verdict(&admitted.finish(200).await.unwrap_err()).0, 503, "delivered only when charged");

    *store.calls_left.lock().unwrap() = 100;
    shop.clock.advance(Duration::from_secs(121));
    admission(shop.get("/report", &[token.header().as_bytes()]).await).finish(200).await.unwrap();
}

#[tokio::test]
async fn a_stream_that_cannot_be_charged_delivers_nothing() {
    let shop = Shop::open_with(|gate| gate.store(Dying::after(1)));
    let token = shop.buy("/report").await;
    let admitted = admission(shop.get("/report", &[token.header().as_bytes()]).await);
    let mut delivery = Delivery::new(admitted, 200);
    let mut next = async || {
        poll_fn(|context| {
            delivery.poll_next(context, |_| Poll::Ready(Some(Ok::<_, io::Error>("paid content"))), |_| true)
        })
        .await
    };
    assert!(matches!(next().await, Some(Err(DeliveryError::NotCharged))));
    assert!(next().await.is_none());
}

/// What comes after an error is not what was paid for.
#[tokio::test]
async fn a_stream_that_broke_before_its_first_byte_is_over_and_not_charged() {
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    let admitted = admission(shop.get("/report", &[token.header().as_bytes()]).await);
    let mut delivery = Delivery::new(admitted, 200);
    let mut items = vec![Ok("more"), Err(io::Error::other("broken"))];
    let mut next = async || {
        let mut poll = |_: &mut std::task::Context<'_>| Poll::Ready(items.pop());
        poll_fn(|context| delivery.poll_next(context, &mut poll, |_| true)).await
    };
    assert!(matches!(next().await, Some(Err(DeliveryError::Body(_)))));
    assert!(next().await.is_none());
    drop(admission(shop.get("/report", &[token.header().as_bytes()]).await));
}

/// A store that takes uses and does not get to say so.
struct Mute(MemoryReplayStore);

impl ReplayStore for Mute {
    fn claim(&self, claim: Claim) -> PortFuture<Result<Claimed, StoreError>> {
        self.0.claim(claim).then(|_| PortFuture::ready(Err(StoreError::unavailable("fake", SECRET))))
    }
    fn commit(&self, claim: Claim) -> PortFuture<Result<bool, StoreError>> {
        self.0.commit(claim)
    }
    fn release(&self, claim: Claim) -> PortFuture<Result<(), StoreError>> {
        self.0.release(claim)
    }
}

#[tokio::test]
async fn a_use_that_may_have_been_taken_is_given_back_at_once() {
    let store = MemoryReplayStore::default();
    let shop = Shop::open_with(|gate| gate.store(Mute(store.clone())));
    let token = shop.buy("/report").await;
    let reply = answer(shop.get("/report", &[token.header().as_bytes()]).await);
    assert_eq!(verdict(&reply), (503, "store_unavailable".to_owned()));
    assert!(store.is_empty(), "and not only when its lease ends");
}

#[tokio::test]
async fn a_full_store_refuses_and_forgets_nobody() {
    let shop = Shop::open_with(|gate| gate.store(MemoryReplayStore::with_capacity(1)));
    let (first, second) = (shop.buy("/report").await, shop.buy("/report").await);
    admission(shop.get("/report", &[first.header().as_bytes()]).await).finish(200).await.unwrap();

    let reply = answer(shop.get("/report", &[second.header().as_bytes()]).await);
    assert_eq!(verdict(&reply), (503, "store_full".to_owned()));
    let replay = answer(shop.get("/report", &[first.header().as_bytes()]).await);
    assert_eq!(verdict(&replay), (402, "token_used".to_owned()));
}

#[tokio::test]
async fn a_root_key_store_that_cannot_answer_lets_nobody_in() {
    struct Down;
    impl RootKeyStore for Down {
        fn issue(&self, _: [u8; 32]) -> PortFuture<Result<IssuedKey, StoreError>> {
            PortFuture::ready(Err(StoreError::unavailable("fake", SECRET)))
        }
        fn root_key(&self, _: TokenId, _: UnixTime) -> PortFuture<Result<Option<FoundKey>, StoreError>> {
            PortFuture::ready(Err(StoreError::unavailable("fake", SECRET)))
        }
    }
    let token = Shop::open().buy("/report").await;
    let shop = Shop::open_with(|gate| gate.root_keys(Down));
    for headers in [&[][..], &[token.header().as_bytes()]] {
        let reply = answer(shop.get("/report", headers).await);
        assert_eq!(verdict(&reply), (503, "store_unavailable".to_owned()));
    }
    assert_eq!(shop.invoices(), 0, "no invoice is made for a token that cannot be signed");
    let wrong = Token { preimage: Preimage::from_bytes([1; 32]), ..token };
    let reply = answer(shop.get("/report", &[wrong.header().as_bytes()]).await);
    assert_eq!(reply.status, 401, "a wrong preimage costs no lookup");
}
