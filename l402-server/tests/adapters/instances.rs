//! Several instances over one Redis: what is bought at one is spent once, wherever.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use l402_server::{GateBuilder, Idempotency, PriceTable, Quote};

use crate::ask::get;
use crate::backend::{Backend, Kind, NOT_FOR_LONG};
use crate::instance::Instance;
use crate::lab::{Lab, PRICE};
use crate::redis_server::RedisServer;
use crate::shop::Shop;
use crate::site::Framework;
use crate::token::Token;
use crate::wire::PATIENCE;

type Settings = fn(GateBuilder) -> GateBuilder;

/// Three instances, two of `framework` and one of the other; each has a connection of its own.
async fn three(framework: Framework, backend: &Backend, settings: Settings) -> [Arc<Shop>; 3] {
    three_that_wait(PATIENCE, framework, backend, settings).await
}

/// The same, with this patience for Redis.
async fn three_that_wait(
    patience: Duration,
    framework: Framework,
    backend: &Backend,
    settings: Settings,
) -> [Arc<Shop>; 3] {
    let other = if framework == Framework::Axum { Framework::Actix } else { Framework::Axum };
    let lab = Lab::over(backend.store(patience).await);
    let mut shops = Vec::new();
    for framework in [framework, other, framework] {
        let lab = Lab { store: Lab::over(backend.store(patience).await).store, ..lab.clone() };
        shops.push(Arc::new(Shop::open_with(framework, &lab, settings)));
    }
    shops.try_into().map_err(|_| "three").unwrap()
}

/// How often each status came, of so many requests at once that are dealt out to the instances.
async fn storm(shops: &[Arc<Shop>; 3], token: &Token, requests: usize) -> BTreeMap<String, usize> {
    let tasks: Vec<_> = (0..requests)
        .map(|number| {
            let (shop, token) = (Arc::clone(&shops[number % 3]), token.clone());
            tokio::spawn(async move {
                let (status, code) = shop.verdict(&get("/report"), &token).await;
                code.unwrap_or_else(|| status.to_string())
            })
        })
        .collect();
    let mut statuses = BTreeMap::new();
    for task in tasks {
        *statuses.entry(task.await.unwrap()).or_insert(0) += 1;
    }
    statuses
}

/// Of 200 uses at once on three instances, as many get in as were bought.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a03_many_uses_at_once() {
    let settings: [(usize, Settings); 2] =
        [(1, |gate| gate.price(Quote::new(PRICE))), (50, |gate| gate.price(Quote::new(PRICE).uses(50)))];
    for framework in Framework::BOTH {
        for (uses, settings) in settings {
            // One of its own, since every lab's node sells the same payment hashes.
            let backend = Backend::start(Kind::Redis);
            let shops = three(framework, &backend, settings).await;
            let token = shops[0].buy(&get("/report")).await;
            let statuses = storm(&shops, &token, 200).await;
            assert_eq!(statuses.get("200"), Some(&uses), "{framework:?}: {statuses:?}");
            let expected = ["200", "token_in_use", "token_used"];
            assert!(statuses.keys().all(|status| expected.contains(&&**status)), "{statuses:?}");
            let later = storm(&shops, &token, 30).await;
            assert_eq!(later.into_iter().collect::<Vec<_>>(), [("token_used".to_owned(), 30)]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bought_at_one_spent_at_another_and_refused_at_the_third() {
    for framework in Framework::BOTH {
        let backend = Backend::start(Kind::Redis);
        let [a, b, c] = three(framework, &backend, |gate| gate).await;
        let token = a.buy(&get("/report")).await;
        assert_eq!(b.verdict(&get("/report"), &token).await.0, 200);
        for shop in [&c, &a, &b] {
            let replay = shop.verdict(&get("/report"), &token).await;
            assert_eq!(replay, (402, Some("token_used".to_owned())));
        }
    }
}

/// Answers are kept by the instance that gave them. Another one knows what is spent, and charges what is left.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_kept_is_given_again_by_its_own_instance() {
    let with_key = |key| get("/report").header("idempotency-key", key);
    let used_up = || (402, Some("token_used".to_owned()));
    for framework in Framework::BOTH {
        let backend = Backend::start(Kind::Redis);
        let [a, b, _] = three(framework, &backend, |gate| gate.idempotency(Idempotency::default())).await;
        let token = a.buy(&get("/report")).await;
        assert_eq!(a.verdict(&with_key("1"), &token).await.0, 200);
        assert_eq!(b.verdict(&with_key("1"), &token).await, used_up(), "one use is charged once");
        assert_eq!(a.verdict(&with_key("1"), &token).await.0, 200, "its own instance has the answer");

        let backend = Backend::start(Kind::Redis);
        let [a, b, _] = three(framework, &backend, |gate| {
            gate.price(Quote::new(PRICE).uses(2)).idempotency(Idempotency::default())
        })
        .await;
        let token = a.buy(&get("/report")).await;
        assert_eq!(a.verdict(&with_key("1"), &token).await.0, 200);
        assert_eq!(b.verdict(&with_key("1"), &token).await.0, 200, "another use, charged as such");
        for shop in [&a, &b] {
            assert_eq!(shop.verdict(&with_key("1"), &token).await.0, 200, "both have it now");
            assert_eq!(shop.verdict(&with_key("2"), &token).await, used_up(), "and no use is left");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_instance_that_is_killed_in_a_request_the_lease_ends_and_the_token_works() {
    let work = get("/work");
    for framework in Framework::BOTH {
        let backend = Backend::start(Kind::Redis);
        let [_, b, c] = three(framework, &backend, |gate| gate).await;
        let mut a = Instance::start(framework, &backend.address());
        let token = a.buy(&work).await;
        let mut waiting = a.begin(&work, Some(&token)).await;
        a.entered();
        let busy = (409, Some("token_in_use".to_owned()));
        assert_eq!(b.verdict(&work, &token).await, busy, "a is at it");
        a.kill();
        assert_eq!(waiting.answer("GET").await, None);
        assert_eq!(b.verdict(&work, &token).await, busy, "nobody can know that a is gone");
        b.lab.clock.advance(Duration::from_secs(121));
        assert_eq!(c.verdict(&work, &token).await.0, 200, "the lease has ended");
        assert_eq!(b.verdict(&work, &token).await.1.unwrap(), "token_used");
    }
}

/// Without it, counted tokens wait, and unlimited ones work.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a24_without_redis() {
    for framework in Framework::BOTH {
        let backend = Backend::start(Kind::Redis);
        let [a, b, c] = three_that_wait(NOT_FOR_LONG, framework, &backend, |gate| {
            let pass = Quote::new(PRICE).pass("all").unlimited();
            gate.prices(PriceTable::new().any("/items/{id}", pass).otherwise(PRICE))
        })
        .await;
        let (counted, unlimited) = (a.buy(&get("/report")).await, a.buy(&get("/items/1")).await);
        let mut backend = backend;
        for outage in [Outage::Silence, Outage::Death] {
            outage.begin(&mut backend);
            let ask = async |shop: &Shop| {
                let verdict = shop.verdict(&get("/report"), &counted).await;
                assert_eq!(verdict, (503, Some("store_unavailable".to_owned())), "{outage:?}");
                assert_eq!(shop.verdict(&get("/items/2"), &unlimited).await.0, 200, "{outage:?}");
                let offer = shop.ask(&get("/report"), None).await.unwrap();
                assert_eq!(offer.status, 402, "offers need no store");
            };
            tokio::join!(ask(&a), ask(&b), ask(&c));
            outage.end(&mut backend);
        }
        // Whatever was claimed in vain is given back, or ends with its lease.
        a.lab.clock.advance(Duration::from_secs(121));
        let statuses = storm(&[a, b, c], &counted, 30).await;
        assert_eq!(statuses.get("200"), Some(&1), "{statuses:?}");
    }
}

#[derive(Clone, Copy, Debug)]
enum Outage {
    /// Redis is stopped, and its connections stay.
    Silence,
    /// Redis is killed.
    Death,
}

impl Outage {
    fn begin(self, backend: &mut Backend) {
        match self {
            Self::Silence => redis(backend).pause(),
            Self::Death => redis(backend).kill(),
        }
    }

    fn end(self, backend: &mut Backend) {
        match self {
            Self::Silence => redis(backend).resume(),
            Self::Death => redis(backend).restart(),
        }
    }
}

fn redis(backend: &mut Backend) -> &mut RedisServer {
    match backend {
        Backend::Redis(server) => server,
        _ => panic!("not in Redis"),
    }
}
