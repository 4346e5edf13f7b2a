//! What the operator is told: hooks, metrics, spans, the line at the start, and shadow mode.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use common::secrecy::{listen_here, logged_here};
use common::{Ask, Shop, admission, answer, is_free, spend};
use l402_server::{FreeTier, GateBuilder, SettlementCheck};

/// A list that hooks write to.
#[derive(Clone, Default)]
struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    fn add(&self, event: impl Into<String>) {
        self.0.lock().unwrap().push(event.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn hooks(&self, gate: GateBuilder) -> GateBuilder {
        let [challenged, paid, refused, released] = [(); 4].map(|()| self.clone());
        gate.on_challenge(move |event| challenged.add(format!("challenge {} msat", event.price.as_msat())))
            .on_paid(move |grant| paid.add(format!("paid {}", grant.amount.unwrap().as_msat())))
            .on_refused(move |event| refused.add(format!("refused {} {}", event.status, event.code)))
            .on_released(move |_| released.add("released"))
    }
}

#[tokio::test]
async fn hooks_are_told_what_happens_in_order() {
    let events = Events::default();
    let shop = Shop::open_with(|gate| events.hooks(gate));
    let token = shop.buy("/report").await;
    assert_eq!(events.take(), ["challenge 10000 msat", "refused 402 payment_required"]);

    admission(shop.ask(Ask::get("/report"), Some(&token)).await).finish(500).await.unwrap();
    assert_eq!(events.take(), ["released"]);
    drop(admission(shop.ask(Ask::get("/report"), Some(&token)).await));
    assert_eq!(events.take(), ["released"]);
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Ok(()));
    assert_eq!(events.take(), ["paid 10000"]);
    answer(shop.get("/report", &[b"L402 nonsense"]).await);
    assert_eq!(events.take().len(), 1);
}

#[tokio::test]
async fn what_could_not_be_charged_is_not_told_as_paid() {
    let events = Events::default();
    let shop = Shop::open_with(|gate| events.hooks(gate));
    let token = shop.buy("/report").await;
    let slow = admission(shop.ask(Ask::get("/report"), Some(&token)).await);
    shop.clock.advance(Duration::from_secs(121)); // longer than its lease
    let other = admission(shop.ask(Ask::get("/report"), Some(&token)).await);
    events.take();

    assert!(slow.finish(200).await.is_err());
    assert!(!events.take().iter().any(|event| event.starts_with("paid")));
    other.finish(200).await.unwrap();
    assert_eq!(events.take(), ["paid 10000"]);
}

#[tokio::test]
async fn who_only_watches_withholds_nothing_that_could_not_be_charged() {
    let shop = Shop::open_with(GateBuilder::shadow);
    let selling = Shop::open();
    let token = selling.buy("/report").await;
    let slow = admission(shop.ask(Ask::get("/report"), Some(&token)).await);
    shop.clock.advance(Duration::from_secs(121)); // longer than its lease
    let other = admission(shop.ask(Ask::get("/report"), Some(&token)).await);
    other.finish(200).await.unwrap();
    assert!(slow.finish(200).await.is_ok());
}

/// Of a token that is used up or in use, nothing was taken.
#[tokio::test]
async fn nothing_is_given_back_that_was_not_taken() {
    let events = Events::default();
    let shop = Shop::open_with(|gate| events.hooks(gate));
    let token = shop.buy("/report").await;
    events.take();

    let first = admission(shop.ask(Ask::get("/report"), Some(&token)).await);
    answer(shop.ask(Ask::get("/report"), Some(&token)).await);
    assert_eq!(events.take(), ["refused 409 token_in_use"]);
    first.finish(200).await.unwrap();
    assert_eq!(events.take(), ["paid 10000"]);
    answer(shop.ask(Ask::get("/report"), Some(&token)).await);
    assert_eq!(events.take(), ["challenge 10000 msat", "refused 402 token_used"]);
}

#[tokio::test]
async fn a_paid_request_goes_through_the_named_spans() {
    listen_here();
    let shop = Shop::open();
    let token = shop.buy("/report").await;
    drop(admission(shop.ask(Ask::get("/report"), Some(&token)).await));
    assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Ok(()));
    let log = logged_here();
    for span in ["l402.challenge", "l402.verify", "l402.claim", "l402.commit", "l402.release"] {
        assert!(log.contains(span), "{span} is missing in\n{log}");
    }
}

#[test]
fn the_start_tells_what_happens_when_something_is_down() {
    listen_here();
    Shop::open_with(|gate| gate.ephemeral_root_key());
    Shop::open_with(|gate| gate.settlement(SettlementCheck::Always));
    let log = logged_here();
    for line in [
        "the root key is made up",
        "uses are counted in memory",
        "counted_tokens_when_the_store_is_down=\"refused with 503, and stay valid\"",
        "unlimited_tokens_when_the_store_is_down=\"work, they are not counted\"",
        "when_the_provider_is_down=\"tokens work, new offers are refused with 503\"",
        "when_the_provider_is_down=\"tokens work if their payment was seen; others and new offers are refused with 503\"",
    ] {
        assert!(log.contains(line), "{line} is missing in\n{log}");
    }
}

#[tokio::test]
async fn a_shadow_gate_tells_everything_and_stops_nobody() {
    let events = Events::default();
    let shop = Shop::open_with(|gate| events.hooks(gate));
    let token = shop.buy("/report").await;
    let shadow = Shop::open_with(|gate| events.hooks(gate).shadow());
    events.take();

    assert!(is_free(&shadow.get("/report", &[]).await));
    assert_eq!(events.take(), ["refused 402 payment_required"]);
    assert!(is_free(&shadow.get("/report", &[b"L402 nonsense"]).await));
    assert_eq!(events.take(), ["refused 401 malformed_credential"]);
    assert_eq!(shadow.invoices(), 0, "watching costs the node nothing");
    assert_eq!(spend(shadow.ask(Ask::get("/report"), Some(&token)).await).await, Ok(()));
    assert_eq!(events.take(), ["paid 10000"]);
    assert!(is_free(&shadow.ask(Ask::get("/report"), Some(&token)).await));
    assert_eq!(events.take(), ["refused 402 token_used"]);
    let late = shop.buy("/report").await;
    let running = admission(shadow.ask(Ask::get("/report"), Some(&late)).await);
    shadow.clock.advance(Duration::from_secs(121));
    let heir = admission(shadow.ask(Ask::get("/report"), Some(&late)).await);
    assert_eq!(
        (running.finish(200).await.is_ok(), heir.finish(200).await.is_ok()),
        (true, true),
        "nothing is withheld"
    );
    shadow.clock.advance(Duration::from_secs(100_000));
    assert!(is_free(&shadow.ask(Ask::get("/report"), Some(&token)).await));
}

/// Free calls are not what a paywall would refuse.
#[tokio::test]
async fn a_shadow_gate_counts_free_calls_as_such() {
    let events = Events::default();
    let tier = FreeTier::new(1, Duration::from_secs(60));
    let shadow = Shop::open_with(|gate| events.hooks(gate).free_tier(tier).shadow());
    for told in [&[][..], &["refused 402 payment_required".to_owned()]] {
        assert!(is_free(&shadow.get("/report", &[]).await));
        assert_eq!(events.take(), told);
    }
}

#[cfg(feature = "metrics")]
mod counters {
    use std::collections::BTreeMap;
    use std::time::Instant;

    use l402_core::ports::{Claim, Claimed, InvoiceProvider, PortFuture, ReplayStore, StoreError};
    use l402_dev::DevProvider;
    use l402_server::Quote;
    use l402_server::stores::MemoryReplayStore;
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    use super::*;

    #[test]
    fn metrics_count_what_happens_with_bounded_labels() {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        metrics::with_local_recorder(&recorder, || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let shop = Shop::open();
                let token = shop.buy("/report").await;
                drop(admission(shop.ask(Ask::get("/report"), Some(&token)).await));
                assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Ok(()));
                for path in ["/a", "/b", "/c"] {
                    answer(shop.get(path, &[token.header().as_bytes()]).await);
                }
            });
        });
        let mut timed = Vec::new();
        let counts: BTreeMap<String, u64> = snapshotter
            .snapshot()
            .into_vec()
            .into_iter()
            .filter_map(|(key, _, _, value)| {
                let labels: Vec<_> = key.key().labels().map(|label| label.value().to_owned()).collect();
                match value {
                    DebugValue::Counter(count) => {
                        Some((format!("{} {}", key.key().name(), labels.join(" ")), count))
                    }
                    _ => {
                        timed.push(key.key().name().to_owned());
                        None
                    }
                }
            })
            .collect();
        let expected = [
            ("l402_challenges_total ", 4),
            ("l402_paid_total ", 1),
            ("l402_refused_total payment_required", 1),
            ("l402_refused_total wrong_path", 3),
            ("l402_released_total ", 1),
        ];
        assert_eq!(counts, expected.map(|(name, count)| (name.to_owned(), count)).into());
        assert_eq!(timed, ["l402_provider_seconds"]);
    }

    /// A store that is not at hand at once.
    struct Slow(MemoryReplayStore);

    impl ReplayStore for Slow {
        fn claim(&self, claim: Claim) -> PortFuture<Result<Claimed, StoreError>> {
            let claimed = self.0.claim(claim);
            PortFuture::new(async {
                tokio::task::yield_now().await;
                claimed.await
            })
        }
        fn commit(&self, claim: Claim) -> PortFuture<Result<bool, StoreError>> {
            let committed = self.0.commit(claim);
            PortFuture::new(async {
                tokio::task::yield_now().await;
                committed.await
            })
        }
        fn release(&self, claim: Claim) -> PortFuture<Result<(), StoreError>> {
            self.0.release(claim)
        }
    }

    #[test]
    fn metrics_count_who_is_let_in_for_nothing_and_how_long_a_store_takes() {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        metrics::with_local_recorder(&recorder, || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            runtime.block_on(async {
                let tier = FreeTier::new(2, Duration::from_secs(60));
                let shop =
                    Shop::open_with(|gate| gate.free_tier(tier).store(Slow(MemoryReplayStore::default())));
                for _ in 0..2 {
                    assert!(is_free(&shop.get("/report", &[]).await));
                }
                let token = shop.buy("/report").await;
                assert_eq!(spend(shop.ask(Ask::get("/report"), Some(&token)).await).await, Ok(()));
                let shadow = Shop::open_with(GateBuilder::shadow);
                assert!(is_free(&shadow.get("/report", &[]).await));
                let free = Shop::open_with(|gate| gate.price(Quote::free()));
                assert!(is_free(&free.get("/report", &[]).await));
            });
        });
        let mut seen: Vec<_> = snapshotter
            .snapshot()
            .into_vec()
            .into_iter()
            .map(|(key, _, _, value)| {
                let labels: Vec<_> = key.key().labels().map(|label| label.value().to_owned()).collect();
                let times = match value {
                    DebugValue::Counter(count) => count,
                    DebugValue::Histogram(times) => times.len() as u64,
                    DebugValue::Gauge(_) => panic!("a gauge"),
                };
                (format!("{} {}", key.key().name(), labels.join(" ")), times)
            })
            .collect();
        seen.sort();
        let expected = [
            ("l402_challenges_total ", 1),
            ("l402_paid_total ", 1),
            ("l402_provider_seconds ", 1),
            ("l402_refused_total payment_required", 2),
            ("l402_store_seconds ", 2),
            ("l402_unpaid_total free", 1),
            ("l402_unpaid_total free_tier", 2),
            ("l402_unpaid_total shadow", 1),
        ];
        assert_eq!(seen, expected.map(|(name, count)| (name.to_owned(), count)));
    }

    #[test]
    fn the_time_of_a_provider_that_answers_at_once_is_what_it_took() {
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        let took = Arc::new(Mutex::new(Duration::ZERO));
        metrics::with_local_recorder(&recorder, || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let busy = Arc::clone(&took);
            let create = move |node: &DevProvider, request| {
                let start = Instant::now();
                let made = node.create_invoice(request);
                while start.elapsed() < Duration::from_millis(2) {
                    std::hint::spin_loop();
                }
                *busy.lock().unwrap() = start.elapsed();
                made
            };
            let shop = Shop::open_making(|gate| gate, create);
            answer(runtime.block_on(shop.get("/report", &[])));
        });
        let times =
            snapshotter.snapshot().into_vec().into_iter().find_map(|(key, _, _, value)| match value {
                DebugValue::Histogram(times) if key.key().name() == "l402_provider_seconds" => Some(times),
                _ => None,
            });
        let times: Vec<f64> = times.unwrap().into_iter().map(|time| time.into_inner()).collect();
        assert!(times.len() == 1 && times[0] >= took.lock().unwrap().as_secs_f64(), "{times:?}");
    }
}
