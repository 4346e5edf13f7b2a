//! Whatever breaks: the buyer got an answer, or still holds a token that works; never two.

use std::fmt::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use l402_core::ports::ReplayStore;
use l402_server::stores::MemoryReplayStore;

use crate::ask::{Ask, get};
use crate::backend::{Backend, Kind, NOT_FOR_LONG};
use crate::instance::Instance;
use crate::lab::{Lab, StoreFault};
use crate::readme;
use crate::shop::Shop;
use crate::site::{Framework, Work};
use crate::token::Token;
use crate::wire::PATIENCE;

const FAULTS: [(Fault, &str); 9] = [
    (Fault::Status500, "the handler answers 500"),
    (Fault::Panic, "the handler panics"),
    (Fault::TimeOut, "a timeout strikes"),
    (Fault::Disconnect, "the client leaves before the answer"),
    (Fault::LeftUnheard, "the client leaves while the use is charged"),
    (Fault::Killed, "the instance is killed while the handler runs"),
    (Fault::StoreDown, "the store is down before the request"),
    (Fault::StoreLost, "the store goes down while the handler runs"),
    (Fault::StoreSilent, "the store falls silent while the handler runs, and comes back"),
];

const KINDS: [(Kind, &str); 3] = [(Kind::Memory, "memory"), (Kind::Sqlite, "SQLite"), (Kind::Redis, "Redis")];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Status500,
    Panic,
    TimeOut,
    Disconnect,
    LeftUnheard,
    Killed,
    StoreDown,
    StoreLost,
    StoreSilent,
}

/// More requests than a store needs to learn that a use was given back.
const TRIES: usize = 300;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_buyer_has_an_answer_or_a_token_whatever_breaks() {
    let mut table = String::from("| what breaks | memory | SQLite | Redis |\n|---|---|---|---|\n");
    for (fault, name) in FAULTS {
        write!(table, "| {name} |").unwrap();
        for (kind, _) in KINDS {
            let (axum, actix) =
                tokio::join!(cell(Framework::Axum, kind, fault), cell(Framework::Actix, kind, fault));
            assert_eq!(axum, actix, "{fault:?} with {kind:?}: axum and actix differ");
            write!(table, " {axum} |").unwrap();
        }
        table.push('\n');
    }
    readme::compare("faults", &table);
}

/// Breaks one thing in one place, and says what the buyer has then.
async fn cell(framework: Framework, kind: Kind, fault: Fault) -> String {
    let work = get("/work");
    if kind == Kind::Memory && matches!(fault, Fault::LeftUnheard | Fault::StoreLost | Fault::StoreSilent) {
        return "cannot happen".to_owned();
    }
    if kind == Kind::Memory && fault == Fault::StoreDown {
        return full(framework, &work).await;
    }
    let mut backend = Backend::start(kind);
    let patience = if fault == Fault::StoreSilent { NOT_FOR_LONG } else { PATIENCE };
    let lab = Lab::over(backend.store(patience).await);
    let mut shop = Shop::open(framework, &lab);
    let mut token = shop.buy(&work).await;
    let saw = match fault {
        Fault::Status500 => {
            shop.scene.set_work(Work::Fail);
            status(&shop, &work, &token).await
        }
        Fault::Panic => {
            shop.scene.set_work(Work::Panic);
            status(&shop, &work, &token).await
        }
        Fault::TimeOut => {
            shop.scene.set_work(Work::Wait);
            let mut waiting = shop.begin(&work, Some(&token)).await;
            shop.scene.entered().await;
            shop.scene.time_is_up();
            waiting.answer("GET").await.unwrap().status.to_string()
        }
        Fault::Disconnect => {
            shop.scene.set_work(Work::Wait);
            let waiting = shop.begin(&work, Some(&token)).await;
            shop.scene.entered().await;
            drop(waiting);
            shop.scene.left().await;
            "nothing".to_owned()
        }
        Fault::LeftUnheard => {
            charge_once(&shop, &work).await;
            shop.lab.store.breaks(StoreFault::CommitUnheard);
            loop {
                let mut waiting = shop.begin(&work, Some(&token)).await;
                if shop.lab.store.charged_unheard().await {
                    drop(waiting);
                    shop.lab.store.abandoned().await;
                    break;
                }
                // The store was so fast that it was heard: once more.
                assert_eq!(waiting.answer("GET").await.unwrap().status, 200);
                shop.lab.store.abandoned().await;
                token = shop.buy(&work).await;
            }
            shop.lab.store.breaks(None);
            "nothing".to_owned()
        }
        Fault::Killed if kind == Kind::Memory => {
            shop.scene.set_work(Work::Wait);
            let mut waiting = shop.begin(&work, Some(&token)).await;
            shop.scene.entered().await;
            // What comes after has neither the process nor what it remembered, but the root key and the clock.
            let lab = Lab { store: Lab::new().store, ..lab.clone() };
            shop = Shop::open(framework, &lab);
            assert_eq!(waiting.answer("GET").await, None);
            "nothing".to_owned()
        }
        Fault::Killed => {
            let mut instance = Instance::start(framework, &backend.address());
            let mut waiting = instance.begin(&work, Some(&token)).await;
            instance.entered();
            instance.kill();
            assert_eq!(waiting.answer("GET").await, None);
            "nothing".to_owned()
        }
        Fault::StoreDown => {
            let outage = backend.fail();
            let saw = status(&shop, &work, &token).await;
            assert_eq!(shop.scene.entries(), 0, "the handler ran, and nobody counted it");
            backend.recover(outage);
            saw
        }
        Fault::StoreLost => {
            shop.scene.set_work(Work::Wait);
            let mut waiting = shop.begin(&work, Some(&token)).await;
            shop.scene.entered().await;
            let outage = backend.fail();
            shop.scene.go();
            let saw = waiting.answer("GET").await.unwrap().status.to_string();
            backend.recover(outage);
            saw
        }
        Fault::StoreSilent => {
            charge_once(&shop, &work).await;
            shop.scene.set_work(Work::Wait);
            let mut waiting = shop.begin(&work, Some(&token)).await;
            shop.scene.entered().await;
            let silence = backend.fall_silent();
            shop.scene.go();
            let saw = waiting.answer("GET").await.unwrap().status.to_string();
            backend.recover(silence);
            saw
        }
    };
    shop.scene.set_work(Work::Deliver);
    let is_undone = match kind {
        Kind::Memory => false,
        Kind::Sqlite => fault == Fault::LeftUnheard,
        Kind::Redis => matches!(fault, Fault::LeftUnheard | Fault::StoreLost | Fault::StoreSilent),
    };
    let when = if is_undone { soon(&shop, &work, &token).await } else { when(&shop, &work, &token).await };
    format!("{saw}, then the token works {when}")
}

/// All goes well once, so that the next use is charged as fast as can be.
async fn charge_once(shop: &Shop, work: &Ask) {
    let token = shop.buy(work).await;
    assert_eq!(status(shop, work, &token).await, "200");
}

/// A store in memory cannot be down. It can be full.
async fn full(framework: Framework, work: &Ask) -> String {
    let store: Arc<dyn ReplayStore> = Arc::new(MemoryReplayStore::with_capacity(1));
    let shop = Shop::open(framework, &Lab::over(store));
    let other = shop.buy(work).await;
    shop.lab.clock.advance(Duration::from_secs(40 * 60));
    let token = shop.buy(work).await;
    assert_eq!(status(&shop, work, &other).await, "200");
    let verdict = shop.verdict(work, &token).await;
    assert_eq!(verdict, (503, Some("store_full".to_owned())));
    // Until the other token has expired, and clocks that go wrong cannot bring it back.
    shop.lab.clock.advance(Duration::from_secs(36 * 60));
    assert_eq!(when(&shop, work, &token).await, "at once");
    "503 when full, then the token works when another has expired".to_owned()
}

async fn status(shop: &Shop, ask: &Ask, token: &Token) -> String {
    shop.ask(ask, Some(token)).await.map_or("nothing".to_owned(), |answer| answer.status.to_string())
}

/// When the token works; and it works once.
async fn when(shop: &Shop, work: &Ask, token: &Token) -> &'static str {
    let when = if works(shop, work, token).await {
        "at once"
    } else {
        shop.lab.clock.advance(Duration::from_secs(119));
        assert_eq!(shop.verdict(work, token).await.0, 409, "before the lease ends");
        shop.lab.clock.advance(Duration::from_secs(2));
        assert!(works(shop, work, token).await, "the buyer has neither an answer nor a token");
        "when its lease ends"
    };
    works_once(shop, work, token).await;
    when
}

/// What the store could not tell the outcome of is undone in the background: until then the token may be spent.
async fn soon(shop: &Shop, work: &Ask, token: &Token) -> &'static str {
    let start = Instant::now();
    loop {
        match shop.verdict(work, token).await.0 {
            200 => break,
            402 | 409 | 429 | 503 => {
                assert!(start.elapsed() < PATIENCE, "the buyer has neither an answer nor a token")
            }
            status => panic!("{status} instead of an answer"),
        }
    }
    works_once(shop, work, token).await;
    "soon"
}

async fn works_once(shop: &Shop, work: &Ask, token: &Token) {
    let then = shop.verdict(work, token).await;
    assert_eq!(then, (402, Some("token_used".to_owned())), "it delivers twice");
}

/// Whether a token works now. A store that has just come back may need a few requests to notice.
async fn works(shop: &Shop, work: &Ask, token: &Token) -> bool {
    for _ in 0..TRIES {
        match shop.verdict(work, token).await.0 {
            200 => return true,
            409 | 503 => {}
            status => panic!("{status} instead of an answer"),
        }
    }
    false
}
