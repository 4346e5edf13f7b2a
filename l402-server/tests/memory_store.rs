//! The store in memory at the sizes that it is for. What every store promises is tested in `stores`.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::num::NonZeroU32;
use std::sync::Barrier;
use std::thread;

use l402_core::ports::{Claim, Claimed, LeaseId, ReplayStore};
use l402_core::{PaymentHash, Preimage, UnixTime};
use l402_server::stores::MemoryReplayStore;

const LEASE: u64 = 10;

/// The only claim of token number `token`, which has one use.
fn claim(token: u64, now: u64, forget_after: u64) -> Claim {
    let (mut preimage, mut lease) = ([0; 32], [0; 16]);
    preimage[..8].copy_from_slice(&token.to_be_bytes());
    lease[..8].copy_from_slice(&token.to_be_bytes());
    Claim::new(
        Preimage::from_bytes(preimage).payment_hash(),
        LeaseId::from_bytes(lease),
        NonZeroU32::MIN,
        UnixTime::from_secs(now),
        UnixTime::from_secs(now + LEASE),
        UnixTime::from_secs(forget_after),
    )
}

fn ask(store: &MemoryReplayStore, claim: Claim) -> Claimed {
    store.claim(claim).into_ready().unwrap().unwrap()
}

fn commit(store: &MemoryReplayStore, claim: Claim) -> bool {
    store.commit(claim).into_ready().unwrap().unwrap()
}

fn is_full(store: &MemoryReplayStore, claim: Claim) -> bool {
    store.claim(claim).into_ready().unwrap().is_err_and(|error| error.is_full())
}

/// A third of the tokens is given back, a third expires, and the last third must be there afterwards, wherever it
/// was moved.
#[test]
fn tokens_that_stay_are_found_however_many_others_come_and_go() {
    const TOKENS: u64 = 30_000;
    let store = MemoryReplayStore::default();
    let claims = |kind: u64| (0..TOKENS).filter(move |token| token % 3 == kind);
    let expiry = |token: u64| if token.is_multiple_of(3) { 1000 } else { 100_000 };
    for token in 0..TOKENS {
        let one = claim(token, 0, expiry(token));
        assert_eq!(ask(&store, one), Claimed::Granted);
        assert!(token % 3 == 1 || commit(&store, one));
    }
    assert_eq!(store.len(), TOKENS as usize);
    for token in claims(1) {
        store.release(claim(token, 0, expiry(token))).into_ready().unwrap().unwrap();
    }
    assert_eq!(store.len(), 2 * TOKENS as usize / 3);
    for token in TOKENS..2 * TOKENS {
        assert_eq!(ask(&store, claim(token, 1000, 100_000)), Claimed::Granted);
        assert_eq!(ask(&store, claim(token, 1000, 100_000)), Claimed::Busy);
    }
    for token in claims(2) {
        assert_eq!(ask(&store, claim(token, 1000, 0)), Claimed::Exhausted, "{token}");
    }
    let known = TOKENS as usize + TOKENS as usize / 3;
    assert_eq!(store.len(), known, "claims of new tokens have swept what had expired");
}

/// Every claim sweeps a little, and a claim that finds the store full sweeps a lot.
#[test]
fn a_full_store_has_room_as_soon_as_something_has_expired() {
    const CAPACITY: u64 = 10_000;
    let store = MemoryReplayStore::with_capacity(CAPACITY as usize);
    for token in 0..CAPACITY {
        let expiry = if token == 1234 { 500 } else { 1000 };
        assert!(ask(&store, claim(token, 0, expiry)) == Claimed::Granted);
    }
    assert!(is_full(&store, claim(CAPACITY, 499, 2000)));
    assert_eq!(ask(&store, claim(CAPACITY, 500, 2000)), Claimed::Granted, "one of ten thousand has expired");
    assert!(is_full(&store, claim(CAPACITY + 1, 500, 2000)));
    for token in CAPACITY + 1..2 * CAPACITY {
        assert_eq!(ask(&store, claim(token, 1000, 2000)), Claimed::Granted, "{token}");
    }
    assert!(is_full(&store, claim(2 * CAPACITY, 1000, 2000)));
    assert_eq!(store.len(), CAPACITY as usize);
}

/// Those that expire take the places of those that would have stayed for ever.
#[test]
fn tokens_that_were_moved_expire_as_well() {
    const HALF: u64 = 5000;
    let store = MemoryReplayStore::with_capacity(2 * HALF as usize);
    for token in 0..2 * HALF {
        let expiry = if token < HALF { u64::MAX } else { 1000 };
        assert_eq!(ask(&store, claim(token, 0, expiry)), Claimed::Granted);
    }
    for token in 0..HALF {
        store.release(claim(token, 0, u64::MAX)).into_ready().unwrap().unwrap();
    }
    for token in 2 * HALF..4 * HALF {
        assert_eq!(ask(&store, claim(token, 1000, 2000)), Claimed::Granted, "{token}");
    }
}

#[test]
fn a_store_of_any_size_holds_exactly_as_many() {
    for capacity in [0, 1, 63, 64, 65, 1000, 5000] {
        let store = MemoryReplayStore::with_capacity(capacity);
        let granted = (0..).take_while(|token| !is_full(&store, claim(*token, 0, 1000))).count();
        assert_eq!(granted, capacity);
        assert_eq!(store.len(), capacity);
    }
}

#[test]
fn threads_that_fill_a_store_find_room_for_exactly_as_many() {
    const CAPACITY: usize = 3000;
    const THREADS: u64 = 8;
    let store = MemoryReplayStore::with_capacity(CAPACITY);
    let start = Barrier::new(THREADS as usize);
    let granted: usize = thread::scope(|scope| {
        let workers: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (store, start) = (&store, &start);
                scope.spawn(move || {
                    start.wait();
                    let tokens = (0..1000).map(|token| 1000 * thread + token);
                    tokens.filter(|token| !is_full(store, claim(*token, 0, 1000))).count()
                })
            })
            .collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum()
    });
    assert_eq!(granted, CAPACITY);
}

#[test]
fn a_token_given_back_takes_no_room() {
    let store = MemoryReplayStore::with_capacity(1);
    let one = claim(1, 0, 1000);
    assert_eq!(ask(&store, one), Claimed::Granted);
    assert!(!store.is_empty());
    store.release(one).into_ready().unwrap().unwrap();
    assert!(store.is_empty());
    let mut other = claim(2, 0, 1000);
    other.payment_hash = PaymentHash::from_bytes([7; 32]);
    assert_eq!(ask(&store, other), Claimed::Granted);
}
