//! The unpaid path: what strangers can make the node do.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use common::{Ask, Made, NOW, PRICE, Shop, answer, body, spend};
use l402_core::UnixTime;
use l402_core::ports::{BackendError, BackendErrorKind, Invoice, InvoiceProvider, NewInvoice, PortFuture};
use l402_dev::DevProvider;
use l402_server::{GateBuilder, OfferLimits, Rate, Reply};
use tokio::sync::Semaphore;

fn limited(limits: OfferLimits) -> Shop {
    Shop::open_with(|gate| gate.offer_limits(limits))
}

const fn from(peer: &'static str) -> Ask<'static> {
    Ask { peer: Some(peer), ..Ask::get("/report") }
}

async fn offer(shop: &Shop, peer: &'static str) -> Reply {
    answer(shop.ask(from(peer), None).await)
}

#[tokio::test]
async fn a_client_gets_so_many_offers_and_others_still_get_theirs() {
    let shop = limited(OfferLimits::NONE.per_client(Rate::per_minute(6).burst(3)));
    for status in [402, 402, 402, 429, 429] {
        assert_eq!(offer(&shop, "192.0.2.1").await.status, status);
    }
    let refused = offer(&shop, "192.0.2.1").await;
    assert_eq!((refused.code(), refused.header("retry-after")), ("too_many_requests", Some("10")));
    assert_eq!(offer(&shop, "192.0.2.2").await.status, 402);
    assert_eq!(shop.invoices(), 4, "counted before the node is asked");

    shop.clock.advance(Duration::from_secs(10));
    assert_eq!(offer(&shop, "192.0.2.1").await.status, 402);
    assert_eq!(offer(&shop, "192.0.2.1").await.status, 429);
}

#[tokio::test]
async fn all_clients_together_get_so_many_offers() {
    let shop = limited(OfferLimits::NONE.overall(Rate::per_minute(60).burst(2)));
    for (peer, status) in [("192.0.2.1", 402), ("192.0.2.2", 402), ("192.0.2.3", 429)] {
        assert_eq!(offer(&shop, peer).await.status, status);
    }
    shop.clock.advance(Duration::from_secs(1));
    assert_eq!(offer(&shop, "192.0.2.3").await.status, 402);
}

/// Earlier would be in vain.
#[tokio::test]
async fn who_has_to_wait_is_told_whole_seconds_rounded_up() {
    let shop = limited(OfferLimits::NONE.per_client(Rate::per_minute(40).burst(1)));
    assert_eq!(offer(&shop, "192.0.2.1").await.status, 402);
    assert_eq!(offer(&shop, "192.0.2.1").await.header("retry-after"), Some("2"));
    shop.clock.advance(Duration::from_secs(1));
    assert_eq!(offer(&shop, "192.0.2.1").await.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn clients_without_address_are_limited_together_only() {
    let rates = OfferLimits::NONE.per_client(Rate::per_hour(1)).unpaid_invoices_per_client(1);
    let shop = limited(rates.overall(Rate::per_hour(3)));
    for status in [402, 402, 402, 429] {
        assert_eq!(answer(shop.get("/report", &[]).await).status, status);
    }
}

#[tokio::test]
async fn who_is_throttled_uses_up_nothing_of_the_others() {
    let rates = OfferLimits::NONE.per_client(Rate::per_hour(1)).overall(Rate::per_hour(2));
    let shop = limited(rates);
    for _ in 0..10 {
        offer(&shop, "192.0.2.1").await;
    }
    assert_eq!(offer(&shop, "192.0.2.2").await.status, 402);
}

#[tokio::test]
async fn unpaid_invoices_are_bounded_and_make_room_when_paid_or_expired() {
    let shop = limited(OfferLimits::NONE.unpaid_invoices(3).unpaid_invoices_per_client(2));
    let first = offer(&shop, "192.0.2.1").await;
    assert_eq!(offer(&shop, "192.0.2.1").await.status, 402);
    let refused = offer(&shop, "192.0.2.1").await;
    assert_eq!((refused.status, refused.code()), (429, "too_many_unpaid"));
    assert_eq!(offer(&shop, "192.0.2.2").await.status, 402);
    assert_eq!(offer(&shop, "192.0.2.3").await.status, 429, "three wait already");

    let token = shop.pay(&first).await;
    assert_eq!(spend(shop.ask(from("192.0.2.1"), Some(&token)).await).await, Ok(()));
    assert_eq!(offer(&shop, "192.0.2.3").await.status, 402, "one was paid");
    assert_eq!(offer(&shop, "192.0.2.3").await.status, 429);

    shop.clock.advance(Duration::from_secs(600));
    for (peer, status) in [("192.0.2.3", 402), ("192.0.2.3", 402), ("192.0.2.3", 429), ("192.0.2.4", 402)] {
        assert_eq!(offer(&shop, peer).await.status, status, "{peer}");
    }
}

#[tokio::test]
async fn a_flood_costs_the_node_what_was_configured_and_paid_requests_are_served() {
    let shop = limited(OfferLimits::default().overall(Rate::per_hour(1).burst(50)));
    let token = shop.buy_with(from("192.0.2.1")).await;
    for n in 0..20_000_u32 {
        let peer = std::net::Ipv4Addr::from(0x0a00_0000 + n).to_string();
        let ask = Ask { peer: Some(&peer), ..Ask::get("/report") };
        let reply = answer(shop.ask(ask, None).await);
        assert!(matches!(reply.status, 402 | 429));
    }
    assert_eq!(shop.invoices(), 50);
    assert_eq!(spend(shop.ask(from("192.0.2.1"), Some(&token)).await).await, Ok(()));
}

#[tokio::test]
async fn head_and_options_and_those_who_do_not_ask_cost_nothing() {
    let shop = Shop::open_with(GateBuilder::only_offer_if_asked);
    let with = async |method, accept: &str| {
        let headers = [("accept-authenticate", accept)];
        let ask = Ask { method, headers: &headers, ..Ask::get("/report") };
        answer(shop.ask(ask, None).await)
    };
    for (method, accept, has_offer) in [
        ("GET", "", false),
        ("GET", "Basic, Bearer", false),
        ("GET", "L4020", false),
        ("HEAD", "L402", false),
        ("OPTIONS", "L402", false),
        ("GET", "L402", true),
        ("GET", "Basic,lsat", true),
        ("POST", "Bearer, l402;q=1, L402", true),
    ] {
        let reply = with(method, accept).await;
        assert_eq!(
            (reply.status, reply.header("www-authenticate").is_some()),
            (402, has_offer),
            "{method} {accept}"
        );
    }
    assert_eq!(shop.invoices(), 3);
}

/// A provider that fails when told to, and counts how often it is asked.
#[derive(Clone, Default)]
struct Flaky {
    asked: Arc<AtomicUsize>,
    failure: Arc<std::sync::Mutex<Option<BackendErrorKind>>>,
    repeats: Arc<std::sync::Mutex<Option<Invoice>>>,
}

impl Flaky {
    fn create(&self, node: &DevProvider, request: NewInvoice) -> Made {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if let Some(kind) = *self.failure.lock().unwrap() {
            return PortFuture::ready(Err(BackendError::new("flaky", kind)));
        }
        if let Some(invoice) = self.repeats.lock().unwrap().clone() {
            return PortFuture::ready(Ok(invoice));
        }
        node.create_invoice(request)
    }
}

fn flaky() -> (Shop, Flaky) {
    flaky_with(OfferLimits::default())
}

fn flaky_with(limits: OfferLimits) -> (Shop, Flaky) {
    let flaky = Flaky::default();
    let provider = flaky.clone();
    let create = move |node: &DevProvider, request| provider.create(node, request);
    (Shop::open_making(|gate| gate.offer_limits(limits), create), flaky)
}

#[tokio::test]
async fn a_provider_that_is_down_is_left_alone_and_tried_again() {
    let (shop, provider) = flaky();
    let asked = || provider.asked.load(Ordering::Relaxed);
    let ask = async || offer(&shop, "192.0.2.1").await;
    *provider.failure.lock().unwrap() = Some(BackendErrorKind::Unavailable);
    for _ in 0..5 {
        assert_eq!(ask().await.status, 503);
    }
    assert_eq!(asked(), 5);
    let health = shop.gate.provider_health();
    assert_eq!((health.is_up, health.failures), (false, 5));
    assert_eq!(health.last_failure, Some(BackendErrorKind::Unavailable));

    let resting = ask().await;
    assert_eq!((resting.status, resting.header("retry-after")), (503, Some("2")));
    assert_eq!(asked(), 5, "left alone");

    for (rest, total) in [(2, 6), (4, 7), (8, 8), (16, 9), (32, 10), (60, 11), (60, 12)] {
        shop.clock.advance(Duration::from_secs(rest - 1));
        ask().await;
        assert_eq!(asked(), total - 1, "still resting");
        shop.clock.advance(Duration::from_secs(1));
        ask().await;
        ask().await;
        assert_eq!(asked(), total, "one tries after {rest} seconds");
    }

    *provider.failure.lock().unwrap() = None;
    shop.clock.advance(Duration::from_secs(60));
    for _ in 0..3 {
        assert_eq!(ask().await.status, 402);
    }
    assert!(shop.gate.provider_health().is_up);
}

/// Where a function tells the price, clients may ask for amounts that no provider makes an invoice for.
#[tokio::test]
async fn who_asks_for_too_much_does_not_close_the_shop() {
    let (shop, provider) = flaky();
    for kind in
        [BackendErrorKind::LimitExceeded, BackendErrorKind::InvalidInvoice, BackendErrorKind::Unsupported]
    {
        *provider.failure.lock().unwrap() = Some(kind);
        for _ in 0..6 {
            assert_eq!(offer(&shop, "192.0.2.1").await.status, 503);
        }
        *provider.failure.lock().unwrap() = None;
        assert_eq!(offer(&shop, "192.0.2.2").await.status, 402, "{kind}");
    }
    // Nor does one who comes when the provider is up again, and is the first to ask.
    *provider.failure.lock().unwrap() = Some(BackendErrorKind::Unavailable);
    for _ in 0..5 {
        offer(&shop, "192.0.2.1").await;
    }
    shop.clock.advance(Duration::from_secs(2));
    *provider.failure.lock().unwrap() = Some(BackendErrorKind::LimitExceeded);
    assert_eq!(offer(&shop, "192.0.2.1").await.status, 503);
    *provider.failure.lock().unwrap() = None;
    assert_eq!(offer(&shop, "192.0.2.2").await.status, 402);
}

#[tokio::test]
async fn a_clock_that_is_set_back_prolongs_no_rest() {
    let time = Arc::new(AtomicU64::new(NOW.as_secs()));
    let clock = {
        let time = Arc::clone(&time);
        move || UnixTime::from_secs(time.load(Ordering::Relaxed))
    };
    let flaky = Flaky::default();
    let provider = flaky.clone();
    let create = move |node: &DevProvider, request| provider.create(node, request);
    let shop = Shop::open_making(|gate| gate.offer_limits(OfferLimits::NONE).clock(clock), create);
    *flaky.failure.lock().unwrap() = Some(BackendErrorKind::Unavailable);
    for _ in 0..6 {
        assert_eq!(offer(&shop, "192.0.2.1").await.status, 503);
    }
    assert_eq!(flaky.asked.load(Ordering::Relaxed), 5, "left alone");
    *flaky.failure.lock().unwrap() = None;
    time.fetch_sub(3600, Ordering::Relaxed);
    assert_eq!(offer(&shop, "192.0.2.1").await.status, 402, "and not for another hour");
}

#[tokio::test]
async fn a_provider_that_says_when_is_asked_then() {
    let (shop, provider) = flaky();
    let wait = BackendErrorKind::RateLimited { retry_after: Some(Duration::from_secs(30)) };
    *provider.failure.lock().unwrap() = Some(wait);
    assert_eq!(offer(&shop, "192.0.2.1").await.header("retry-after"), Some("30"));
    *provider.failure.lock().unwrap() = None;
    shop.clock.advance(Duration::from_secs(10));
    assert_eq!(offer(&shop, "192.0.2.1").await.header("retry-after"), Some("20"));
    assert_eq!(provider.asked.load(Ordering::Relaxed), 1);
    shop.clock.advance(Duration::from_secs(20));
    assert_eq!(offer(&shop, "192.0.2.1").await.status, 402);
}

#[tokio::test]
async fn one_invoice_is_never_offered_to_two() {
    let (shop, provider) = flaky();
    let invoice =
        shop.node.provider().create_invoice(NewInvoice::new(PRICE, String::new(), Duration::from_secs(600)));
    *provider.repeats.lock().unwrap() = Some(invoice.await.unwrap());
    assert_eq!(offer(&shop, "192.0.2.1").await.status, 402);
    let second = offer(&shop, "192.0.2.2").await;
    assert_eq!((second.status, second.code()), (503, "provider_unavailable"));
    assert!(body(&second)["invoice"].is_null());
}

#[tokio::test]
async fn an_invoice_that_never_was_takes_no_room() {
    let (shop, provider) = flaky_with(OfferLimits::NONE.unpaid_invoices(1));
    *provider.failure.lock().unwrap() = Some(BackendErrorKind::Unavailable);
    for _ in 0..3 {
        assert_eq!(offer(&shop, "192.0.2.1").await.status, 503);
    }
    *provider.failure.lock().unwrap() = None;
    assert_eq!(offer(&shop, "192.0.2.1").await.status, 402);
    assert_eq!(offer(&shop, "192.0.2.1").await.status, 429);
}

/// Leaves while the invoice is made, and returns the shop, and how its provider is told to go on: by a permit for each
/// invoice that may be made, or that fails.
async fn leave_a_slow_provider(failure: Option<BackendErrorKind>) -> (Shop, Arc<Semaphore>) {
    let go = Arc::new(Semaphore::new(0));
    let permits = Arc::clone(&go);
    let create = move |node: &DevProvider, request| {
        let (node, permits) = (node.clone(), Arc::clone(&permits));
        PortFuture::new(async move {
            permits.acquire().await.unwrap().forget();
            match failure {
                Some(kind) => Err(BackendError::new("slow", kind)),
                None => node.create_invoice(request).await,
            }
        })
    };
    let limits = OfferLimits::NONE.unpaid_invoices_per_client(1);
    let shop = Shop::open_making(|gate| gate.offer_limits(limits), create);
    {
        let mut leaving = std::pin::pin!(shop.ask(from("192.0.2.1"), None));
        let polled = std::future::poll_fn(|context| Poll::Ready(leaving.as_mut().poll(context).is_pending()));
        assert!(polled.await, "the provider is at it");
    }
    // Whatever goes on in the background begins.
    tokio::task::yield_now().await;
    (shop, go)
}

/// Lets what goes on in the background go on, which needs no more than a few turns here.
async fn until(is_done: impl Fn() -> bool) {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    assert!(is_done(), "nobody goes on in the background");
}

#[tokio::test]
async fn an_invoice_counts_though_whom_it_was_for_has_left() {
    let (shop, go) = leave_a_slow_provider(None).await;
    assert_eq!(offer(&shop, "192.0.2.1").await.code(), "too_many_unpaid", "it may still be made");
    go.add_permits(1);
    until(|| shop.invoices() == 1).await;
    assert_eq!(offer(&shop, "192.0.2.1").await.code(), "too_many_unpaid", "it was made");
    go.add_permits(2);
    assert_eq!(offer(&shop, "192.0.2.2").await.status, 402, "others get theirs");
    shop.clock.advance(Duration::from_secs(601));
    assert_eq!(offer(&shop, "192.0.2.1").await.status, 402, "it has expired");
}

#[tokio::test]
async fn an_invoice_that_was_not_made_for_somebody_who_left_takes_no_room() {
    let (shop, go) = leave_a_slow_provider(Some(BackendErrorKind::Unavailable)).await;
    go.add_permits(1);
    until(|| !shop.gate.provider_health().is_up).await;
    go.add_permits(1);
    assert_eq!(offer(&shop, "192.0.2.1").await.status, 503, "and not 429");
}
