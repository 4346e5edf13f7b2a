//! The contract finds what is wrong with a store: each of these is broken in one way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use l402_core::UnixTime;
use l402_core::ports::{Claim, Claimed, LeaseId, PortFuture, ReplayStore, StoreError};
use l402_server::stores::contract::{Storage, cases, check};

const CAPACITY: usize = 20;

/// What can be wrong, and the case that must find it.
const FLAWS: &[(Flaw, &str)] = &[
    (Flaw::ChecksBeforeItWrites, "claims_at_once"),
    (Flaw::GrantsOneMore, "one_use"),
    (Flaw::GrantsOneLess, "n_uses"),
    (Flaw::LeasesAreNotCounted, "lease_holds"),
    (Flaw::LeasesNeverEnd, "lease_ends"),
    (Flaw::LeasesEndASecondLate, "lease_ends"),
    (Flaw::LeasesEndASecondEarly, "lease_holds"),
    (Flaw::LeasesEndTogether, "each_lease_its_end"),
    (Flaw::LeasesEndWithAnEarlierClock, "clock_set_back"),
    (Flaw::EndedLeaseLosesItsUse, "late_commit"),
    (Flaw::CommitsWhatIsLost, "lost_lease"),
    (Flaw::CommitsTwice, "commit_twice"),
    (Flaw::CommitsWhatIsUnclaimed, "commit_unclaimed"),
    (Flaw::CommitDoesNotSpend, "one_use"),
    (Flaw::CommitLeavesTheLease, "n_uses"),
    (Flaw::SaysBusyForExhausted, "one_use"),
    (Flaw::SaysExhaustedForBusy, "lease_holds"),
    (Flaw::ReleaseDoesNothing, "release_gives_back"),
    (Flaw::ReleaseForgetsTheToken, "release_gives_back"),
    (Flaw::ReleaseEndsAnyLease, "release_foreign"),
    (Flaw::ReleaseGivesBackWhatIsSpent, "release_committed"),
    (Flaw::ReleaseTwiceGivesBackTwo, "release_twice"),
    (Flaw::FirstClaimFixesTheUses, "differing_uses"),
    (Flaw::KeyIsThreeQuartersOfTheHash, "tokens_apart"),
    (Flaw::ForgetsAnHourEarly, "never_early"),
    (Flaw::LastExpiryCounts, "latest_expiry"),
    (Flaw::FirstExpiryCounts, "latest_expiry"),
    (Flaw::OnlyGrantedClaimsProlong, "refused_claims_prolong"),
    (Flaw::NeverMeansACentury, "no_expiry"),
    (Flaw::ForgetsLeases, "lease_beyond_expiry"),
    (Flaw::ForgetsWhenFull, "full_refuses"),
    (Flaw::FullIsUnavailable, "full_refuses"),
    (Flaw::FullForKnownTokens, "full_refuses"),
    (Flaw::FullForever, "room_again"),
    (Flaw::ClaimsGoOnWhenAbandoned, "abandoned_claim"),
    (Flaw::CommitsStayWhenAbandoned, "abandoned_commit"),
    (Flaw::ReleaseLosesRaces, "releases_at_once"),
    (Flaw::HandlesCountApart, "two_handles"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_without_flaws_keeps_every_promise() {
    check(async || storage(Flaw::None)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flaw_is_found_by_the_case_for_it() {
    for (flaw, name) in FLAWS {
        let broken = check(async || storage(*flaw)).await.expect_err(&format!("{flaw:?} was not found"));
        let found: Vec<_> = broken.iter().map(|broken| broken.case().name()).collect();
        assert!(found.contains(name), "{flaw:?} was found by {found:?}, not by {name}");
        let promise = cases().find(|case| case.name() == *name).unwrap().promise();
        assert!(broken.to_string().contains(promise), "{broken} does not say which promise was broken");
    }
}

#[test]
fn every_case_finds_a_flaw() {
    for case in cases() {
        assert!(FLAWS.iter().any(|(_, name)| *name == case.name()), "{case:?} has never failed");
    }
}

fn storage(flaw: Flaw) -> Storage {
    let store = Flawed { flaw, tokens: Arc::default(), overtaken: Arc::default() };
    let mut second = store.clone();
    if flaw == Flaw::HandlesCountApart {
        second.tokens = Arc::default();
    }
    Storage::new(store).with_second_handle(second).with_capacity(CAPACITY)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    None,
    ChecksBeforeItWrites,
    GrantsOneMore,
    GrantsOneLess,
    LeasesAreNotCounted,
    LeasesNeverEnd,
    LeasesEndASecondLate,
    LeasesEndASecondEarly,
    LeasesEndTogether,
    LeasesEndWithAnEarlierClock,
    EndedLeaseLosesItsUse,
    CommitsWhatIsLost,
    CommitsTwice,
    CommitsWhatIsUnclaimed,
    CommitDoesNotSpend,
    CommitLeavesTheLease,
    SaysBusyForExhausted,
    SaysExhaustedForBusy,
    ReleaseDoesNothing,
    ReleaseForgetsTheToken,
    ReleaseEndsAnyLease,
    ReleaseGivesBackWhatIsSpent,
    ReleaseTwiceGivesBackTwo,
    FirstClaimFixesTheUses,
    KeyIsThreeQuartersOfTheHash,
    ForgetsAnHourEarly,
    LastExpiryCounts,
    FirstExpiryCounts,
    OnlyGrantedClaimsProlong,
    NeverMeansACentury,
    ForgetsLeases,
    ForgetsWhenFull,
    FullIsUnavailable,
    FullForKnownTokens,
    FullForever,
    ClaimsGoOnWhenAbandoned,
    CommitsStayWhenAbandoned,
    ReleaseLosesRaces,
    HandlesCountApart,
}

/// A plain store that is right, except for its flaw.
#[derive(Clone)]
struct Flawed {
    flaw: Flaw,
    tokens: Arc<Mutex<HashMap<Vec<u8>, Token>>>,
    overtaken: Arc<Mutex<Vec<Claim>>>,
}

#[derive(Clone)]
struct Token {
    spent: u32,
    uses: u32,
    forget_after: UnixTime,
    leases: Vec<Lease>,
    released: Vec<LeaseId>,
    committed: Vec<LeaseId>,
}

#[derive(Clone)]
struct Lease {
    id: LeaseId,
    until: u64,
}

impl ReplayStore for Flawed {
    fn claim(&self, claim: Claim) -> PortFuture<Result<Claimed, StoreError>> {
        let store = self.clone();
        match self.flaw {
            Flaw::ChecksBeforeItWrites => PortFuture::new(async move {
                let seen = store.tokens.lock().unwrap().get(&store.key(&claim)).cloned();
                tokio::task::yield_now().await;
                let alone = Self { flaw: Flaw::None, tokens: Arc::default(), overtaken: Arc::default() };
                alone.tokens.lock().unwrap().extend(seen.map(|token| (store.key(&claim), token)));
                let answer = alone.try_claim(&claim);
                let written = alone.tokens.lock().unwrap().remove(&store.key(&claim));
                store.tokens.lock().unwrap().extend(written.map(|token| (store.key(&claim), token)));
                answer
            }),
            Flaw::ClaimsGoOnWhenAbandoned => PortFuture::new(async move {
                let mut sent = OnItsWay { claim: Some(claim), overtaken: store.overtaken.clone() };
                tokio::task::yield_now().await;
                sent.claim = None;
                store.try_claim(&claim)
            }),
            _ => PortFuture::ready(self.try_claim(&claim)),
        }
    }

    fn commit(&self, claim: Claim) -> PortFuture<Result<bool, StoreError>> {
        let committed = self.try_commit(&claim);
        if self.flaw == Flaw::CommitsStayWhenAbandoned {
            return PortFuture::new(async move {
                tokio::task::yield_now().await;
                Ok(committed)
            });
        }
        PortFuture::ready(Ok(committed))
    }

    fn release(&self, claim: Claim) -> PortFuture<Result<(), StoreError>> {
        if self.flaw == Flaw::ReleaseLosesRaces {
            let store = self.clone();
            return PortFuture::new(async move {
                let before = store.tokens.lock().unwrap().get(&store.key(&claim)).cloned();
                tokio::task::yield_now().await;
                store.tokens.lock().unwrap().extend(before.map(|token| (store.key(&claim), token)));
                store.try_release(&claim);
                Ok(())
            });
        }
        self.try_release(&claim);
        let overtaken = std::mem::take(&mut *self.overtaken.lock().unwrap());
        overtaken.iter().for_each(|claim| drop(self.try_claim(claim)));
        PortFuture::ready(Ok(()))
    }
}

/// A claim that reaches the store after the release of it, if nobody waits for it any more.
struct OnItsWay {
    claim: Option<Claim>,
    overtaken: Arc<Mutex<Vec<Claim>>>,
}

impl Drop for OnItsWay {
    fn drop(&mut self) {
        self.overtaken.lock().unwrap().extend(self.claim);
    }
}

impl Flawed {
    fn key(&self, claim: &Claim) -> Vec<u8> {
        let hash = claim.payment_hash.as_bytes();
        let length = if self.flaw == Flaw::KeyIsThreeQuartersOfTheHash { 24 } else { 32 };
        hash[..length].to_vec()
    }

    fn try_claim(&self, claim: &Claim) -> Result<Claimed, StoreError> {
        let mut tokens = self.tokens.lock().unwrap();
        let (key, now) = (self.key(claim), claim.now.as_secs());
        if self.flaw != Flaw::FullForever {
            tokens.retain(|_, token| !self.may_forget(token, now));
        }
        if !tokens.contains_key(&key) || self.flaw == Flaw::FullForKnownTokens {
            if tokens.len() >= CAPACITY && self.flaw == Flaw::ForgetsWhenFull {
                let any = tokens.keys().next().unwrap().clone();
                tokens.remove(&any);
            }
            if tokens.len() >= CAPACITY {
                return Err(match self.flaw {
                    Flaw::FullIsUnavailable => StoreError::unavailable("flawed", "full"),
                    _ => StoreError::full("flawed"),
                });
            }
        }
        let token = tokens.entry(key).or_insert_with(|| Token {
            spent: 0,
            uses: claim.uses.get(),
            forget_after: claim.forget_after,
            leases: Vec::new(),
            released: Vec::new(),
            committed: Vec::new(),
        });
        let before = token.forget_after;
        token.forget_after = match self.flaw {
            Flaw::LastExpiryCounts => claim.forget_after,
            Flaw::FirstExpiryCounts => before,
            _ => before.max(claim.forget_after),
        };
        let answer = self.claim_token(token, claim);
        if self.flaw == Flaw::OnlyGrantedClaimsProlong && answer != Claimed::Granted {
            token.forget_after = before;
        }
        Ok(answer)
    }

    fn claim_token(&self, token: &mut Token, claim: &Claim) -> Claimed {
        let mut uses = claim.uses.get();
        match self.flaw {
            Flaw::GrantsOneMore => uses += 1,
            Flaw::GrantsOneLess if uses > 1 => uses -= 1,
            Flaw::FirstClaimFixesTheUses => uses = token.uses,
            _ => {}
        }
        if token.spent >= uses {
            return if self.flaw == Flaw::SaysBusyForExhausted { Claimed::Busy } else { Claimed::Exhausted };
        }
        let now = claim.now.as_secs();
        let any_ended = token.leases.iter().any(|lease| lease.until <= now);
        token.leases.retain(|lease| match self.flaw {
            Flaw::LeasesNeverEnd => true,
            Flaw::LeasesEndASecondLate => lease.until >= now,
            Flaw::LeasesEndASecondEarly => lease.until > now + 1,
            Flaw::LeasesEndTogether => !any_ended,
            Flaw::LeasesEndWithAnEarlierClock => lease.until > now && lease.until < now + 1800,
            _ => lease.until > now,
        });
        let leased = if self.flaw == Flaw::LeasesAreNotCounted { 0 } else { token.leases.len() };
        if leased >= (uses - token.spent) as usize {
            return if self.flaw == Flaw::SaysExhaustedForBusy { Claimed::Exhausted } else { Claimed::Busy };
        }
        token.leases.push(Lease { id: claim.lease, until: claim.leased_until.as_secs() });
        Claimed::Granted
    }

    fn try_commit(&self, claim: &Claim) -> bool {
        let mut tokens = self.tokens.lock().unwrap();
        let Some(token) = tokens.get_mut(&self.key(claim)) else {
            return self.flaw == Flaw::CommitsWhatIsUnclaimed;
        };
        let lease = token.leases.iter().position(|lease| lease.id == claim.lease);
        let ended = lease.is_some_and(|index| token.leases[index].until <= claim.now.as_secs());
        if ended && self.flaw == Flaw::EndedLeaseLosesItsUse {
            return false;
        }
        match (lease, self.flaw) {
            (Some(_), Flaw::CommitLeavesTheLease) => {}
            (Some(index), _) => drop(token.leases.remove(index)),
            (None, Flaw::CommitsWhatIsUnclaimed) if !token.committed.contains(&claim.lease) => {}
            (None, Flaw::CommitsWhatIsLost) => {}
            (None, Flaw::CommitsTwice) if token.committed.contains(&claim.lease) => {}
            _ => return false,
        }
        token.committed.push(claim.lease);
        if self.flaw != Flaw::CommitDoesNotSpend {
            token.spent += 1;
        }
        true
    }

    fn try_release(&self, claim: &Claim) {
        let mut tokens = self.tokens.lock().unwrap();
        let Some(token) = tokens.get_mut(&self.key(claim)) else { return };
        let released_before = token.released.contains(&claim.lease);
        token.released.push(claim.lease);
        match self.flaw {
            Flaw::ReleaseDoesNothing => return,
            Flaw::ReleaseEndsAnyLease => token.leases.clear(),
            Flaw::ReleaseGivesBackWhatIsSpent => token.spent = token.spent.saturating_sub(1),
            Flaw::ReleaseTwiceGivesBackTwo if released_before => drop(token.leases.pop()),
            _ => token.leases.retain(|lease| lease.id != claim.lease),
        }
        let unused = token.spent == 0 && token.leases.is_empty();
        if unused || self.flaw == Flaw::ReleaseForgetsTheToken {
            tokens.remove(&self.key(claim));
        }
    }

    fn may_forget(&self, token: &Token, now: u64) -> bool {
        let leased = token.leases.iter().any(|lease| lease.until > now);
        match self.flaw {
            Flaw::ForgetsAnHourEarly => token.forget_after.as_secs() <= now + 3600 && !leased,
            Flaw::ForgetsLeases => token.forget_after.as_secs() <= now,
            Flaw::NeverMeansACentury => {
                token.forget_after.as_secs().min(1_900_000_000 + 3_153_600_000) <= now && !leased
            }
            _ => token.forget_after.as_secs() <= now && !leased,
        }
    }
}
