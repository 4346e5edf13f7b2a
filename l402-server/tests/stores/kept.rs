//! The stores of this crate keep every promise.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use l402_core::ports::ReplayStore;
use l402_server::stores::contract::{Storage, check};
use l402_server::stores::{MemoryReplayStore, RedisReplayStore, SqliteReplayStore};

use crate::claims::PATIENCE;
use crate::redis_server::RedisServer;

const CAPACITY: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_memory() {
    check(async || {
        let store = MemoryReplayStore::with_capacity(CAPACITY);
        Storage::new(store.clone()).with_second_handle(store).with_capacity(CAPACITY)
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_a_pointer() {
    check(async || {
        let store: Arc<dyn ReplayStore> = Arc::new(MemoryReplayStore::default());
        let boxed: Box<dyn ReplayStore> = Box::new(store.clone());
        Storage::new(store).with_second_handle(boxed)
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let files = AtomicUsize::new(0);
    check(async || {
        let number = files.fetch_add(1, Ordering::Relaxed);
        let path = directory.path().join(format!("{number}.db"));
        let options = SqliteReplayStore::options().max_tokens(CAPACITY as u64).busy_timeout(PATIENCE);
        let [store, second] = [(); 2].map(|()| options.clone().open(&path).unwrap());
        Storage::new(store).with_second_handle(second).with_capacity(CAPACITY)
    })
    .await
    .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_redis() {
    let server = RedisServer::start();
    let prefixes = AtomicUsize::new(0);
    check(async || {
        let prefix = format!("{}:", prefixes.fetch_add(1, Ordering::Relaxed));
        let options = RedisReplayStore::options().prefix(prefix).response_timeout(PATIENCE);
        let store = options.clone().connect(&server.url()).await.unwrap();
        let second = options.connect(&server.url()).await.unwrap();
        Storage::new(store).with_second_handle(second)
    })
    .await
    .unwrap();
}
