//! The store in memory: claims in a second of CPU time, so that others on the machine disturb as little as can be; the
//! worst wait of a request while the store grows; the bytes that a token takes.

use std::collections::HashMap;
use std::hint::black_box;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use l402_core::PaymentHash;
use l402_core::ports::{Claim, Claimed, ReplayStore};
use l402_server::stores::MemoryReplayStore;
use sha2::{Digest, Sha256};

use crate::claim_of;
use crate::record::Record;
use crate::stats::{against, median, thread_time};

const TOKENS: u32 = 1_000_000;
const ROUNDS: usize = 9;
/// The sizes to which a store grows, for the plot of cost by size.
const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// As random as payment hashes are.
fn hashes() -> Vec<PaymentHash> {
    (0..TOKENS).map(|n| PaymentHash::from_bytes(Sha256::digest(n.to_be_bytes()).into())).collect()
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

pub(crate) fn run(row: Option<&str>, record: &mut Record) {
    rates(row, record);
    if row.is_none() {
        sizes(record);
        stalls_and_bytes(record);
    }
}

/// Something to measure: the seconds of CPU time that it takes for all tokens, on so many threads.
type Work<'a> = &'a dyn Fn(usize) -> f64;

/// Millions a second, as medians of rounds in which all take turns; next to the map of the same round.
fn rates(row: Option<&str>, record: &mut Record) {
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
    let mut rows: Vec<(&str, Work<'_>)> = vec![
        ("`Mutex<HashMap>`, insert", &map),
        ("claim, new tokens", &claim_new),
        ("claim and commit, new tokens", &use_up_new),
        ("claim, used tokens", &claim_used),
    ];
    let always = rows[0].0;
    rows.retain(|(name, _)| *name == always || row.is_none_or(|row| *name == row));
    println!(
        "| of {TOKENS} | threads | millions a second | × map | quartiles | best × best map |\n|---|---|---|---|---|---|"
    );
    // CPU time of threads that share a core would tell of a machine that does not exist.
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let most = if row.is_none() { cores } else { 1 };
    for threads in [1, 2, 4].into_iter().filter(|threads| *threads <= most) {
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
            let figures = [("millions_per_s", rate), ("of_map", ratio), ("best_of_map", best)];
            record.add(&format!("memory, {threads} threads"), name, &figures);
        }
    }
    println!();
}

/// Nanoseconds that a claim of a new token takes in a store that holds so many, as medians of rounds.
fn sizes(record: &mut Record) {
    let hashes = hashes();
    println!("| tokens in the store | ns a claim |\n|---|---|");
    for size in SIZES {
        let (held, new) = (&hashes[..size - size / 10], &hashes[size - size / 10..size]);
        let rounds = (0..ROUNDS * 1_000_000 / size.max(100_000)).map(|_| {
            let store = empty();
            held.iter().for_each(|hash| use_up(&store, *hash, 0));
            let start = thread_time();
            for hash in new {
                assert!(claim(&store, &claim_of(*hash, 0), Claimed::Granted));
            }
            (thread_time() - start).as_secs_f64() * 1e9 / new.len() as f64
        });
        let (ns, _) = median(rounds);
        println!("| {size} | {ns:.0} |");
        record.add("memory by size", &size.to_string(), &[("ns", ns)]);
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
fn stalls_and_bytes(record: &mut Record) {
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
    let [growing_ms, sweeping_ms] = worst.map(|worst| worst.as_secs_f64() * 1e3);
    record.add("memory", "worst 64 claims", &[("growing_ms", growing_ms), ("sweeping_ms", sweeping_ms)]);

    let mut store = None;
    let used = allocation_counter::measure(|| {
        let new = empty();
        old.iter().for_each(|hash| use_up(&new, *hash, 0));
        store = Some(new);
    });
    let per_token = |bytes: u64| bytes / u64::from(TOKENS);
    let [now, peak] = [used.bytes_current.unsigned_abs(), used.bytes_max].map(per_token);
    println!("bytes a token, of a million: {now} ({peak} at the peak)");
    record.add("memory", "bytes a token", &[("now", now as f64), ("peak", peak as f64)]);
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
