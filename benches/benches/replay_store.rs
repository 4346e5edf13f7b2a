//! Counting uses in memory, next to the map that everybody would write: claims a second, and what criterion
//! cannot tell, the worst wait of a request while the store grows and the bytes that a token takes. Then tokens a
//! second in SQLite, on the disk of the temporary directory, and in the Redis that `L402_REDIS_URL` names.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark may stop")]

use std::collections::HashMap;
use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use l402_core::ports::{Claim, Claimed, LeaseId, ReplayStore};
use l402_core::{PaymentHash, UnixTime};
use l402_server::stores::{MemoryReplayStore, RedisReplayStore, SqliteReplayStore};
use sha2::{Digest, Sha256};

const TOKENS: u32 = 1_000_000;
const NOW: u64 = 1_900_000_000;

/// As random as payment hashes are.
fn hashes() -> Vec<PaymentHash> {
    (0..TOKENS).map(|n| PaymentHash::from_bytes(Sha256::digest(n.to_be_bytes()).into())).collect()
}

/// A claim of the only use, `later` seconds after the others.
fn claim_of(payment_hash: PaymentHash, later: u64) -> Claim {
    let mut lease = [0; 16];
    lease.copy_from_slice(&payment_hash.as_bytes()[..16]);
    let at = |secs| UnixTime::from_secs(NOW + later + secs);
    Claim::new(payment_hash, LeaseId::from_bytes(lease), NonZeroU32::MIN, at(0), at(60), at(3600))
}

/// A store with room for all tokens that has not grown yet.
fn empty() -> MemoryReplayStore {
    MemoryReplayStore::with_capacity(2 * TOKENS as usize)
}

/// Whether the answer is `expected`. Matched in place, since unwrapping it would move it twice, which took longer
/// than the rest.
fn claim(store: &MemoryReplayStore, claim: &Claim, expected: Claimed) -> bool {
    matches!(store.claim(*claim).into_ready(), Ok(Ok(answer)) if answer == expected)
}

fn commit(store: &MemoryReplayStore, claim: &Claim) -> bool {
    matches!(store.commit(*claim).into_ready(), Ok(Ok(true)))
}

/// Times `work` on all tokens, shared out over `threads`. `new` makes what is worked on, outside the time.
fn time<T: Sync>(
    passes: u64,
    threads: usize,
    hashes: &[PaymentHash],
    new: impl Fn() -> T,
    work: impl Fn(&T, PaymentHash) + Sync,
) -> Duration {
    (0..passes)
        .map(|_| {
            let store = new();
            let start = Instant::now();
            thread::scope(|scope| {
                for part in hashes.chunks(hashes.len().div_ceil(threads)) {
                    let (store, work) = (&store, &work);
                    scope.spawn(move || part.iter().for_each(|hash| work(store, black_box(*hash))));
                }
            });
            start.elapsed()
        })
        .sum()
}

fn rates(criterion: &mut Criterion) {
    let hashes = hashes();
    let mut group = criterion.benchmark_group("replay_store");
    group.sample_size(10).throughput(Throughput::Elements(TOKENS.into()));
    for threads in [1, 2] {
        group.bench_function(BenchmarkId::new("mutex_hashmap_insert", threads), |bencher| {
            bencher.iter_custom(|passes| {
                time(passes, threads, &hashes, Mutex::<HashMap<[u8; 32], u32>>::default, |map, hash| {
                    map.lock().unwrap().entry(*hash.as_bytes()).or_insert(1_900_003_600);
                })
            });
        });
        group.bench_function(BenchmarkId::new("claim_new", threads), |bencher| {
            bencher.iter_custom(|passes| {
                time(passes, threads, &hashes, empty, |store, hash| {
                    assert!(claim(store, &claim_of(hash, 0), Claimed::Granted));
                })
            });
        });
        group.bench_function(BenchmarkId::new("claim_and_commit_new", threads), |bencher| {
            bencher.iter_custom(|passes| {
                time(passes, threads, &hashes, empty, |store, hash| use_up(store, hash, 0))
            })
        });
        let used = empty();
        hashes.iter().for_each(|hash| use_up(&used, *hash, 0));
        group.bench_function(BenchmarkId::new("claim_used", threads), |bencher| {
            bencher.iter_custom(|passes| {
                time(
                    passes,
                    threads,
                    &hashes,
                    || used.clone(),
                    |store, hash| {
                        assert!(claim(store, &claim_of(hash, 0), Claimed::Exhausted));
                    },
                )
            });
        });
    }
    group.finish();
}

fn use_up(store: &MemoryReplayStore, hash: PaymentHash, later: u64) {
    let one = claim_of(hash, later);
    assert!(claim(store, &one, Claimed::Granted) && commit(store, &one));
}

/// The worst time that 64 claims took, as the store grows to a million tokens and as these expire and are
/// replaced; and what a token takes.
fn stalls_and_bytes(_: &mut Criterion) {
    let old = hashes();
    let new: Vec<_> = old
        .iter()
        .map(|hash| {
            let mut bytes = *hash.as_bytes();
            bytes.reverse();
            PaymentHash::from_bytes(bytes)
        })
        .collect();
    let mut worst = [Duration::MAX; 2];
    for _ in 0..3 {
        let store = empty();
        let growing = worst_batch(&store, &old, 0);
        let replacing = worst_batch(&store, &new, 7200);
        worst = [worst[0].min(growing), worst[1].min(replacing)];
    }
    println!("worst 64 claims, best of 3 runs: {:?} while growing, {:?} while sweeping", worst[0], worst[1]);

    let mut store = None;
    let used = allocation_counter::measure(|| {
        let new = empty();
        old.iter().for_each(|hash| use_up(&new, *hash, 0));
        store = Some(new);
    });
    let per_token = |bytes: u64| bytes / u64::from(TOKENS);
    let [now, peak] = [used.bytes_current.unsigned_abs(), used.bytes_max].map(per_token);
    println!("bytes a token, of a million: {now} ({peak} at the peak)");
}

/// Uses up all tokens, 64 at a time, and returns the worst time.
fn worst_batch(store: &MemoryReplayStore, hashes: &[PaymentHash], later: u64) -> Duration {
    let batches = hashes.chunks(64).map(|batch| {
        let start = Instant::now();
        batch.iter().for_each(|hash| use_up(store, *hash, later));
        start.elapsed()
    });
    batches.max().unwrap_or_default()
}

/// Tokens that are claimed and committed in a second through stores that have to be waited for.
fn stores_that_wait(_: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let sqlite = SqliteReplayStore::open(directory.path().join("uses.db")).unwrap();
    runtime.block_on(print_rates("sqlite", &sqlite));
    let Ok(url) = std::env::var("L402_REDIS_URL") else {
        println!("redis: not measured; L402_REDIS_URL names no server");
        return;
    };
    runtime.block_on(async { print_rates("redis", &RedisReplayStore::connect(&url).await.unwrap()).await });
}

async fn print_rates(name: &str, store: &(impl ReplayStore + Clone + 'static)) {
    for tasks in [1, 64] {
        let mut best = 0.0_f64;
        for run in 0..3 {
            let start = Instant::now();
            let tasks = (0..tasks)
                .map(|task| tokio::spawn(use_up_some(store.clone(), format!("{tasks} {run} {task}"))));
            let mut used = 0;
            for task in tasks.collect::<Vec<_>>() {
                used += task.await.unwrap();
            }
            best = best.max(f64::from(used) / start.elapsed().as_secs_f64());
        }
        println!(
            "{name}: {best:.0} tokens a second, claimed and committed by {tasks} at once, best of 3 runs"
        );
    }
}

/// Uses up new tokens for two seconds, and returns how many.
async fn use_up_some(store: impl ReplayStore, seed: String) -> u32 {
    let start = Instant::now();
    let mut used = 0_u32;
    while start.elapsed() < Duration::from_secs(2) {
        let hash = Sha256::digest(format!("{seed} {used} {:?}", std::process::id()));
        let one = claim_of(PaymentHash::from_bytes(hash.into()), 0);
        assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
        assert!(store.commit(one).await.unwrap());
        used += 1;
    }
    used
}

criterion_group!(benches, rates, stalls_and_bytes, stores_that_wait);
criterion_main!(benches);
