//! Counting uses in memory, next to the map that everybody would write: claims in a second of CPU time, so that others
//! on the machine disturb as little as can be; the worst wait of a request while the store grows; and the bytes that a
//! token takes. Then, unless the argument is `memory`, tokens a second in SQLite, on the disk of the temporary
//! directory, and in the Redis that `L402_REDIS_URL` names.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark may stop")]

#[path = "work/stats.rs"]
mod stats;

use std::collections::HashMap;
use std::hint::black_box;
use std::num::NonZeroU32;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use l402_core::ports::{Claim, Claimed, LeaseId, ReplayStore};
use l402_core::{PaymentHash, UnixTime};
use l402_server::stores::{MemoryReplayStore, RedisReplayStore, SqliteReplayStore};
use sha2::{Digest, Sha256};
use stats::{against, median, thread_time};

const TOKENS: u32 = 1_000_000;
const ROUNDS: usize = 9;
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

fn main() {
    rates();
    stalls_and_bytes();
    if std::env::args().nth(1).as_deref() != Some("memory") {
        stores_that_wait();
    }
}

/// Something to measure: the seconds of CPU time that it takes for all tokens, on so many threads.
type Work<'a> = &'a dyn Fn(usize) -> f64;

/// Millions a second, as medians of rounds in which all take turns; next to the map of the same round.
fn rates() {
    let hashes = hashes();
    let used = empty();
    hashes.iter().for_each(|hash| use_up(&used, *hash, 0));
    let map = |threads| {
        time(threads, &hashes, Mutex::<HashMap<[u8; 32], u32>>::default, |map, hash| {
            map.lock().unwrap().entry(*hash.as_bytes()).or_insert(1_900_003_600);
        })
    };
    let claim_new = |threads| {
        time(threads, &hashes, empty, |store, hash| {
            assert!(claim(store, &claim_of(hash, 0), Claimed::Granted));
        })
    };
    let use_up_new = |threads| time(threads, &hashes, empty, |store, hash| use_up(store, hash, 0));
    let claim_used = |threads| {
        time(
            threads,
            &hashes,
            || used.clone(),
            |store, hash| assert!(claim(store, &claim_of(hash, 0), Claimed::Exhausted)),
        )
    };
    let rows: [(&str, Work<'_>); 4] = [
        ("`Mutex<HashMap>`, insert", &map),
        ("claim, new tokens", &claim_new),
        ("claim and commit, new tokens", &use_up_new),
        ("claim, used tokens", &claim_used),
    ];
    println!(
        "| of {TOKENS} | threads | millions a second | × map | quartiles | best × best map |\n|---|---|---|---|---|---|"
    );
    for threads in [1, 2] {
        let mut rounds: Vec<Vec<f64>> = Vec::new();
        for _ in 0..=ROUNDS {
            rounds.push(rows.iter().map(|(_, work)| f64::from(TOKENS) / work(threads) / 1e6).collect());
        }
        for (place, (name, _)) in rows.iter().enumerate() {
            let rounds = &rounds[1..]; // the first one only warms up
            let (rate, _) = median(rounds.iter().map(|round| round[place]));
            let (ratio, [low, high]) = median(against(rounds, place, 0).map(|(rate, map)| rate / map));
            // What others do to the machine only ever slows down.
            let best = |place: usize| rounds.iter().map(|round| round[place]).fold(0.0, f64::max);
            let best = best(place) / best(0);
            println!("| {name} | {threads} | {rate:.1} | {ratio:.2} | {low:.2} – {high:.2} | {best:.2} |");
        }
    }
    println!();
}

/// The CPU seconds of `work` on all tokens, shared out over threads: of the thread that needs most. `new` makes what is
/// worked on, outside the time.
fn time<T: Sync>(
    threads: usize,
    hashes: &[PaymentHash],
    new: impl Fn() -> T,
    work: impl Fn(&T, PaymentHash) + Sync,
) -> f64 {
    let (store, work) = (&new(), &work);
    thread::scope(|scope| {
        let parts = hashes.chunks(hashes.len().div_ceil(threads)).map(|part| {
            scope.spawn(move || {
                let start = thread_time();
                part.iter().for_each(|hash| work(store, black_box(*hash)));
                (thread_time() - start).as_secs_f64()
            })
        });
        let parts: Vec<_> = parts.collect();
        parts.into_iter().map(|part| part.join().unwrap()).fold(0.0, f64::max)
    })
}

fn use_up(store: &MemoryReplayStore, hash: PaymentHash, later: u64) {
    let one = claim_of(hash, later);
    assert!(claim(store, &one, Claimed::Granted) && commit(store, &one));
}

/// The worst time that 64 claims took, as the store grows to a million tokens and as these expire and are
/// replaced; and what a token takes.
fn stalls_and_bytes() {
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
        let start = thread_time();
        batch.iter().for_each(|hash| use_up(store, *hash, later));
        thread_time() - start
    });
    batches.max().unwrap_or_default()
}

/// Tokens that are claimed and committed in a second through stores that have to be waited for.
fn stores_that_wait() {
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
