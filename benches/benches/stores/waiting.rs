//! The stores that have to be waited for: tokens a second, claimed and committed, by one caller and by 64 at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use l402_core::PaymentHash;
use l402_core::ports::{Claimed, ReplayStore};
use l402_server::stores::{MemoryReplayStore, RedisReplayStore, SqliteReplayStore};
use sha2::{Digest, Sha256};

use crate::claim_of;
use crate::record::Record;
use crate::redis_server::RedisServer;
use crate::stats::median;

const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(1200);

/// The last one is what the others are compared with.
const ROWS: [&str; 5] = [
    "memory, claim and commit",
    "SQLite, claim and commit",
    "Redis, claim and commit",
    "Redis, claim",
    "Redis, `SET NX EX`",
];

pub(crate) fn run(row: Option<&str>, record: &mut Record) {
    let rows: Vec<_> = ROWS.into_iter().filter(|name| row.is_none_or(|row| row == *name)).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let redis = RedisServer::start_with(&["--save", "", "--appendonly", "no"]);
    runtime.block_on(async {
        let sqlite = SqliteReplayStore::open(directory.path().join("uses.db")).unwrap();
        let uses = RedisReplayStore::connect(&redis.url()).await.unwrap();
        let plain = redis::Client::open(redis.url()).unwrap();
        let plain = plain.get_multiplexed_async_connection().await.unwrap();

        println!("| calls at once | what | a second |\n|---|---|---|");
        for tasks in [1, 64] {
            let mut rounds = Vec::new();
            for _ in 0..=ROUNDS {
                let mut round = Vec::new();
                for name in &rows {
                    round.push(match *name {
                        "memory, claim and commit" => {
                            let memory = MemoryReplayStore::with_capacity(1 << 24); // one that fills up refuses
                            rate(tasks, Pairs(memory)).await
                        }
                        "SQLite, claim and commit" => rate(tasks, Pairs(sqlite.clone())).await,
                        "Redis, claim and commit" => rate(tasks, Pairs(uses.clone())).await,
                        "Redis, claim" => rate(tasks, Claims(uses.clone())).await,
                        _ => rate(tasks, SetNx(plain.clone())).await,
                    });
                }
                rounds.push(round);
            }
            for (place, name) in rows.iter().enumerate() {
                let (rate, _) = median(rounds[1..].iter().map(|round| round[place]));
                let (of_set, _) =
                    median(rounds[1..].iter().map(|round| round[place] / round[rows.len() - 1]));
                println!("| {tasks} | {name} | {rate:.0} |");
                let figures = [("per_s", rate), ("of_set_nx", of_set)];
                record.add(&format!("{tasks} at once"), name, &figures);
            }
        }
    });
}

/// Something that is done with one new token after another.
trait Work: Clone + Send + 'static {
    fn once(&mut self, hash: PaymentHash) -> impl Future<Output = ()> + Send;
}

/// A claim and its commit.
#[derive(Clone)]
struct Pairs<S>(S);

impl<S: ReplayStore + Clone + 'static> Work for Pairs<S> {
    async fn once(&mut self, hash: PaymentHash) {
        let claim = claim_of(hash, 0);
        assert_eq!(self.0.claim(claim).await.unwrap(), Claimed::Granted);
        assert!(self.0.commit(claim).await.unwrap());
    }
}

/// A claim alone.
#[derive(Clone)]
struct Claims<S>(S);

impl<S: ReplayStore + Clone + 'static> Work for Claims<S> {
    async fn once(&mut self, hash: PaymentHash) {
        assert_eq!(self.0.claim(claim_of(hash, 0)).await.unwrap(), Claimed::Granted);
    }
}

/// What remembers a token in Redis with the least work, and knows neither leases nor numbers of uses.
#[derive(Clone)]
struct SetNx(redis::aio::MultiplexedConnection);

impl Work for SetNx {
    async fn once(&mut self, hash: PaymentHash) {
        let mut set = redis::cmd("SET");
        set.arg(&hash.as_bytes()[..]).arg(1).arg("NX").arg("EX").arg(3600);
        let answer: Option<String> = set.query_async(&mut self.0).await.unwrap();
        assert_eq!(answer.as_deref(), Some("OK"));
    }
}

/// How often a second the work is done, by so many tasks at once.
async fn rate(tasks: usize, work: impl Work) -> f64 {
    static ROUND_NUMBER: AtomicU64 = AtomicU64::new(0);
    let round = ROUND_NUMBER.fetch_add(1, Ordering::Relaxed);
    let start = Instant::now();
    let tasks = (0..tasks).map(|task| {
        let mut work = work.clone();
        tokio::spawn(async move {
            let mut done = 0_u32;
            while start.elapsed() < ROUND {
                let hash = Sha256::digest(format!("{round} {task} {done}"));
                work.once(PaymentHash::from_bytes(hash.into())).await;
                done += 1;
            }
            done
        })
    });
    let mut done = 0;
    for task in tasks.collect::<Vec<_>>() {
        done += task.await.unwrap();
    }
    f64::from(done) / start.elapsed().as_secs_f64()
}
