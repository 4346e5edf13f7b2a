//! The contract of [`ReplayStore`], on the store in memory.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::num::NonZeroU32;
use std::sync::Barrier;
use std::thread;

use l402_core::ports::{Claim, Claimed, LeaseId, ReplayStore};
use l402_core::{PaymentHash, UnixTime};
use l402_server::stores::MemoryReplayStore;

/// The claim number `lease` of a token with `uses`, at second `now`, leased for 10 s and valid until second 1000.
fn claim(token: u8, lease: u64, uses: u32, now: u64) -> Claim {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&lease.to_be_bytes());
    Claim::new(
        PaymentHash::from_bytes([token; 32]),
        LeaseId::from_bytes(id),
        NonZeroU32::new(uses).unwrap(),
        UnixTime::from_secs(now),
        UnixTime::from_secs(now + 10),
        UnixTime::from_secs(1000),
    )
}

#[tokio::test]
async fn uses_are_counted_and_leases_are_not_uses() {
    let store = MemoryReplayStore::default();
    let claims = [claim(1, 1, 2, 0), claim(1, 2, 2, 0)];
    for one in claims {
        assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
    }
    assert_eq!(store.claim(claim(1, 3, 2, 0)).await.unwrap(), Claimed::Busy);
    assert!(store.commit(claims[0]).await.unwrap());
    store.release(claims[1]).await.unwrap();
    let last = claim(1, 4, 2, 0);
    assert_eq!(store.claim(last).await.unwrap(), Claimed::Granted);
    assert!(store.commit(last).await.unwrap());
    assert_eq!(store.claim(claim(1, 5, 2, 0)).await.unwrap(), Claimed::Exhausted);
    assert_eq!(store.claim(claim(2, 6, 1, 0)).await.unwrap(), Claimed::Granted, "another token");
}

#[tokio::test]
async fn a_lease_ends_by_itself_and_cannot_be_committed_once_taken_over() {
    let store = MemoryReplayStore::default();
    let dead = claim(1, 1, 1, 0);
    assert_eq!(store.claim(dead).await.unwrap(), Claimed::Granted);
    assert_eq!(store.claim(claim(1, 2, 1, 9)).await.unwrap(), Claimed::Busy);
    let heir = claim(1, 3, 1, 10);
    assert_eq!(store.claim(heir).await.unwrap(), Claimed::Granted);
    assert!(!store.commit(dead).await.unwrap());
    store.release(dead).await.unwrap(); // must not free the heir's use
    assert_eq!(store.claim(claim(1, 4, 1, 11)).await.unwrap(), Claimed::Busy);
    assert!(store.commit(heir).await.unwrap());
    assert_eq!(store.claim(claim(1, 5, 1, 30)).await.unwrap(), Claimed::Exhausted);
}

#[tokio::test]
async fn committing_or_releasing_twice_does_nothing() {
    let store = MemoryReplayStore::default();
    let one = claim(1, 1, 2, 0);
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
    assert!(store.commit(one).await.unwrap());
    assert!(!store.commit(one).await.unwrap());
    store.release(one).await.unwrap();
    assert_eq!(store.claim(claim(1, 2, 1, 0)).await.unwrap(), Claimed::Exhausted, "one use is spent");
    assert_eq!(store.claim(claim(1, 3, 2, 0)).await.unwrap(), Claimed::Granted, "of two");
}

#[tokio::test]
async fn tokens_are_forgotten_when_they_have_expired_and_not_before() {
    let store = MemoryReplayStore::with_capacity(1);
    let spent = claim(1, 1, 1, 0);
    assert_eq!(store.claim(spent).await.unwrap(), Claimed::Granted);
    assert!(store.commit(spent).await.unwrap());
    assert!(store.claim(claim(65, 2, 1, 999)).await.unwrap_err().is_full());
    assert_eq!(store.claim(claim(1, 3, 1, 999)).await.unwrap(), Claimed::Exhausted);
    assert_eq!(store.claim(claim(65, 4, 1, 1000)).await.unwrap(), Claimed::Granted, "same shard, room again");
    assert_eq!(store.len(), 1);
}

#[tokio::test]
async fn a_token_in_use_is_remembered_though_it_has_expired() {
    let store = MemoryReplayStore::default();
    let mut long = claim(1, 1, 1, 0);
    (long.leased_until, long.forget_after) = (UnixTime::from_secs(200), UnixTime::from_secs(100));
    assert_eq!(store.claim(long).await.unwrap(), Claimed::Granted);
    assert_eq!(store.claim(claim(65, 2, 1, 150)).await.unwrap(), Claimed::Granted, "sweeps the same shard");
    assert_eq!(store.claim(claim(1, 3, 1, 150)).await.unwrap(), Claimed::Busy);
    assert!(store.commit(long).await.unwrap());
}

#[tokio::test]
async fn a_token_is_remembered_for_as_long_as_any_claim_of_it_asked() {
    let store = MemoryReplayStore::default();
    let (mut short, long) = (claim(1, 1, 2, 0), claim(1, 2, 2, 0));
    short.forget_after = UnixTime::from_secs(50);
    for one in [short, long] {
        assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
        assert!(store.commit(one).await.unwrap());
    }
    assert_eq!(store.claim(claim(1, 3, 2, 999)).await.unwrap(), Claimed::Exhausted);
}

#[tokio::test]
async fn a_store_full_of_expired_tokens_has_room() {
    let store = MemoryReplayStore::with_capacity(10);
    for token in 1..=10 {
        let spent = claim(token, token.into(), 1, 0);
        assert_eq!(store.claim(spent).await.unwrap(), Claimed::Granted);
        assert!(store.commit(spent).await.unwrap());
    }
    assert!(store.claim(claim(11, 11, 1, 999)).await.unwrap_err().is_full());
    assert_eq!(store.claim(claim(11, 12, 1, 1000)).await.unwrap(), Claimed::Granted, "in whichever shard");
    assert_eq!(store.len(), 1);
}

#[tokio::test]
async fn a_released_token_takes_no_room() {
    let store = MemoryReplayStore::default();
    let one = claim(1, 1, 1, 0);
    assert_eq!(store.claim(one).await.unwrap(), Claimed::Granted);
    assert_eq!(store.len(), 1);
    store.release(one).await.unwrap();
    assert!(store.is_empty());
}

#[test]
fn of_many_claims_at_once_exactly_as_many_are_granted_as_were_bought() {
    const THREADS: u64 = 8;
    const EACH: u64 = 100;
    let store = MemoryReplayStore::default();
    let start = Barrier::new(THREADS as usize);
    let granted: usize = thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (store, start) = (&store, &start);
                scope.spawn(move || {
                    start.wait();
                    (0..EACH)
                        .map(|n| claim(1, thread * EACH + n, 50, 0))
                        .filter(|one| {
                            let answer = store.claim(*one).into_ready().unwrap().unwrap();
                            answer == Claimed::Granted && store.commit(*one).into_ready().unwrap().unwrap()
                        })
                        .count()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(granted, 50);
}
