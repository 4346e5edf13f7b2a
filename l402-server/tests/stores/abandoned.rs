//! Whoever leaves while a use is charged keeps it, at whichever moment that is.

use std::time::Instant;

use l402_core::ports::{Claimed, ReplayStore};
use l402_server::stores::{RedisReplayStore, SqliteReplayStore};
use tokio::task::yield_now;

use crate::claims::{PATIENCE, claim};
use crate::redis_server::RedisServer;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let options = SqliteReplayStore::options().busy_timeout(PATIENCE);
    whoever_leaves_keeps_the_use(&options.open(directory.path().join("uses.db")).unwrap()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_redis() {
    let server = RedisServer::start();
    let options = RedisReplayStore::options().connect_timeout(PATIENCE).response_timeout(PATIENCE);
    whoever_leaves_keeps_the_use(&options.connect(&server.url()).await.unwrap()).await;
}

/// Tokens with one and with two uses, each of which is charged once: later and later after the charge has begun, somebody
/// leaves, until nobody does before it is done.
async fn whoever_leaves_keeps_the_use(store: &impl ReplayStore) {
    let (mut patience, mut in_time) = (0_u32, 0);
    for token in 0..=u8::MAX {
        let uses = u32::from(token % 2) + 1;
        let one = claim(token, 1, uses, 0);
        assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
        let is_charged = tokio::select! {
            biased;
            () = leaving(patience) => false,
            charged = store.commit(one) => charged.unwrap(),
        };
        let left = uses - u32::from(is_charged);
        for lease in 0..left {
            claim_at_last(store, token, u64::from(lease) + 2, uses).await;
        }
        let more = store.claim(claim(token, 100, uses, 0)).await.unwrap();
        assert_eq!(more == Claimed::Exhausted, left == 0, "token {token} after {patience}: {more:?}");
        assert_ne!(more, Claimed::Granted, "token {token} after {patience}");

        in_time += u32::from(is_charged);
        if in_time == 20 {
            break;
        }
        patience += 1 + patience / 16;
    }
    assert!(in_time > 0, "nobody ever stayed for long enough");
}

async fn leaving(patience: u32) {
    for _ in 0..patience {
        yield_now().await;
    }
}

/// Claims until it is granted: what nobody has heard of is undone in the background.
async fn claim_at_last(store: &impl ReplayStore, token: u8, lease: u64, uses: u32) {
    let (one, start) = (claim(token, lease, uses, 0), Instant::now());
    loop {
        let answer = store.claim(one).await.unwrap();
        if answer == Claimed::Granted {
            return;
        }
        assert!(start.elapsed() < PATIENCE, "token {token} is {answer:?}");
        yield_now().await;
    }
}
