//! Whatever happens in whichever order: every store agrees with a simple model of what is promised.

use std::collections::BTreeSet;
use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use l402_core::ports::{Claim, Claimed, ReplayStore};
use l402_core::{PaymentHash, UnixTime};
use l402_server::stores::{MemoryReplayStore, RedisReplayStore, SqliteReplayStore};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseResult, TestRunner};

use crate::claims::{NOW, claim};
use crate::redis_server::RedisServer;

#[derive(Clone, Debug)]
enum Step {
    Claim {
        token: usize,
        uses: u32,
        lease: u64,
        life: u64,
    },
    /// Of one of the claims so far, whatever became of it.
    Commit(prop::sample::Index),
    Release(prop::sample::Index),
    Wait(u64),
    SetBack(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let seconds = prop_oneof![Just(0_u64), 1..5_u64, 50..70_u64, 900..1100_u64];
    let claim = (0..2_usize, 1..5_u32, seconds.clone(), seconds.clone())
        .prop_map(|(token, uses, lease, life)| Step::Claim { token, uses, lease, life });
    let step = prop_oneof![
        6 => claim,
        3 => any::<prop::sample::Index>().prop_map(Step::Commit),
        2 => any::<prop::sample::Index>().prop_map(Step::Release),
        3 => seconds.clone().prop_map(Step::Wait),
        1 => seconds.prop_map(Step::SetBack),
    ];
    prop::collection::vec(step, 1..60)
}

/// What may be known of a token.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Token {
    spent: u32,
    /// Who has a use, and until when.
    leases: BTreeSet<([u8; 16], u64)>,
    forget_after: u64,
}

impl Token {
    /// What this may have become by `now`: the store need not forget, but it may.
    fn later(self, now: u64) -> Vec<Self> {
        let over = self.forget_after <= now && self.leases.iter().all(|(_, until)| *until <= now);
        if over { vec![Self::default(), self] } else { vec![self] }
    }

    /// All answers that are right, with what is known after them.
    fn claim(mut self, claim: &Claim) -> Vec<(Claimed, Self)> {
        let now = claim.now.as_secs();
        self.forget_after = self.forget_after.max(claim.forget_after.as_secs());
        let mut without_ended = self.clone();
        without_ended.leases.retain(|(_, until)| *until > now);
        // Leases that have ended may be kept until somebody needs their uses, for a late commit.
        let mut outcomes = Vec::new();
        for mut token in [self, without_ended] {
            let taken = |token: &Self| token.spent as usize + token.leases.len();
            let live = token.leases.iter().filter(|(_, until)| *until > now).count();
            let uses = claim.uses.get();
            let answer = if token.spent >= uses {
                Claimed::Exhausted
            } else if token.spent as usize + live >= uses as usize {
                Claimed::Busy
            } else if taken(&token) < uses as usize {
                token.leases.insert((*claim.lease.as_bytes(), claim.leased_until.as_secs()));
                Claimed::Granted
            } else {
                continue;
            };
            outcomes.push((answer, token));
        }
        outcomes
    }

    fn end(&mut self, claim: &Claim) -> bool {
        let before = self.leases.len();
        self.leases.retain(|(lease, _)| lease != claim.lease.as_bytes());
        self.leases.len() < before
    }
}

/// All that the store may know of each token, given its answers so far.
type Possible = [BTreeSet<Token>; 2];

async fn agrees(store: &dyn ReplayStore, steps: Vec<Step>) -> TestCaseResult {
    static CASE: AtomicU64 = AtomicU64::new(0);
    let case = CASE.fetch_add(1, Ordering::Relaxed).to_be_bytes();
    let mut possible: Possible = [BTreeSet::from([Token::default()]), BTreeSet::from([Token::default()])];
    let mut claims: Vec<(usize, Claim)> = Vec::new();
    let mut now = NOW;
    for step in steps {
        match step {
            Step::Wait(seconds) => now += seconds,
            Step::SetBack(seconds) => now -= seconds,
            Step::Claim { token, uses, lease, life } => {
                let mut hash = [u8::try_from(token).unwrap(); 32];
                hash[..8].copy_from_slice(&case);
                let mut one = claim(0, claims.len() as u64, uses, 0);
                one.payment_hash = PaymentHash::from_bytes(hash);
                one.now = UnixTime::from_secs(now);
                one.leased_until = UnixTime::from_secs(now + lease);
                one.forget_after = UnixTime::from_secs(now + life);
                claims.push((token, one));
                let answer = store.claim(one).await.unwrap();
                for tokens in &mut possible {
                    *tokens = std::mem::take(tokens).into_iter().flat_map(|token| token.later(now)).collect();
                }
                let outcomes = std::mem::take(&mut possible[token]).into_iter().flat_map(|t| t.claim(&one));
                let agreeing = outcomes.filter(|(right, _)| *right == answer).map(|(_, token)| token);
                possible[token] = agreeing.collect();
                prop_assert!(!possible[token].is_empty(), "{one:?} was answered {answer:?}");
            }
            Step::Commit(_) | Step::Release(_) if claims.is_empty() => {}
            Step::Commit(index) => {
                let (token, one) = *index.get(&claims);
                let answer = store.commit(one).await.unwrap();
                let ended = std::mem::take(&mut possible[token]).into_iter().filter_map(|mut token| {
                    let leased = token.end(&one);
                    token.spent += u32::from(leased);
                    (leased == answer).then_some(token)
                });
                possible[token] = ended.collect();
                prop_assert!(!possible[token].is_empty(), "the commit of {one:?} was answered {answer}");
            }
            Step::Release(index) => {
                let (token, one) = *index.get(&claims);
                store.release(one).await.unwrap();
                let ended = std::mem::take(&mut possible[token]).into_iter().map(|mut token| {
                    token.end(&one);
                    // Nothing is left to remember.
                    if token.spent == 0 && token.leases.is_empty() { Token::default() } else { token }
                });
                possible[token] = ended.collect();
            }
        }
    }
    Ok(())
}

fn check<S: ReplayStore>(cases: u32, open: impl Future<Output = S>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let store = runtime.block_on(open);
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new(config).run(&steps(), |steps| runtime.block_on(agrees(&store, steps))).unwrap();
}

#[test]
fn memory_agrees() {
    check(2000, async { MemoryReplayStore::default() });
}

#[test]
fn sqlite_agrees() {
    let directory = tempfile::tempdir().unwrap();
    check(100, async { SqliteReplayStore::open(directory.path().join("uses.db")).unwrap() });
}

#[test]
fn redis_agrees() {
    let server = RedisServer::start_with(&[]);
    let options = RedisReplayStore::options().response_timeout(Duration::from_secs(60));
    check(200, async { options.connect(&server.url()).await.unwrap() });
}
