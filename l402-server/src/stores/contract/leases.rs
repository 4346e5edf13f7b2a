//! Claims that are committed, released, or left to end.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use l402_core::ports::{Claimed, PortFuture, StoreError};

use super::script::{Handle, LEASE, Token, Verdict, at};
use super::{Case, Storage};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "lease_holds",
        promise: "A claimed use is nobody else's until the lease ends.",
        test: |storage| PortFuture::new(lease_holds(storage)),
    },
    Case {
        name: "lease_ends",
        promise: "A claim that is neither committed nor released ends by itself at its time, and the use is back.",
        test: |storage| PortFuture::new(lease_ends(storage)),
    },
    Case {
        name: "each_lease_its_end",
        promise: "Every claim ends at its own time, whatever the others of the same token have.",
        test: |storage| PortFuture::new(each_lease_its_end(storage)),
    },
    Case {
        name: "lost_lease",
        promise: "A claim that ended and was taken over can be neither committed nor released.",
        test: |storage| PortFuture::new(lost_lease(storage)),
    },
    Case {
        name: "late_commit",
        promise: "A commit after the end of the lease counts while nobody else has the use.",
        test: |storage| PortFuture::new(late_commit(storage)),
    },
    Case {
        name: "commit_twice",
        promise: "A claim is committed once: the second time is false and spends nothing.",
        test: |storage| PortFuture::new(commit_twice(storage)),
    },
    Case {
        name: "commit_unclaimed",
        promise: "What was never granted cannot be committed.",
        test: |storage| PortFuture::new(commit_unclaimed(storage)),
    },
    Case {
        name: "release_gives_back",
        promise: "A released use can be claimed again, by anybody, and the released claim not be committed.",
        test: |storage| PortFuture::new(release_gives_back(storage)),
    },
    Case {
        name: "release_twice",
        promise: "A claim is released once: the second time gives back nothing.",
        test: |storage| PortFuture::new(release_twice(storage)),
    },
    Case {
        name: "release_committed",
        promise: "A committed use cannot be released.",
        test: |storage| PortFuture::new(release_committed(storage)),
    },
    Case {
        name: "release_foreign",
        promise: "A release ends its own claim and no other one.",
        test: |storage| PortFuture::new(release_foreign(storage)),
    },
    Case {
        name: "clock_set_back",
        promise: "An earlier clock neither revives what is spent nor ends a lease.",
        test: |storage| PortFuture::new(clock_set_back(storage)),
    },
    Case {
        name: "abandoned_claim",
        promise: "A claim whose caller went away before the answer can be released like any other.",
        test: |storage| PortFuture::new(abandoned_claim(storage)),
    },
    Case {
        name: "abandoned_commit",
        promise: "A commit whose caller went away before the answer is undone, if it was made, and the use is back.",
        test: |storage| PortFuture::new(abandoned_commit(storage)),
    },
];

async fn lease_holds(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::once()?);
    let claim = store.granted(&token, 0, "of a new token").await?;
    store.busy(&token, 0, "in the second of another claim").await?;
    store.busy(&token, LEASE - 1, "in the last second of another claim's lease").await?;
    store.commit(claim, true, "within its lease, after others were refused,").await?;
    store.exhausted(&token, LEASE, "after the only use").await
}

async fn lease_ends(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::once()?);
    store.granted(&token, 0, "of a new token").await?;
    let heir = store.granted(&token, LEASE, "in the second in which the lease ends").await?;
    store.busy(&token, LEASE, "right after the use was taken over").await?;
    store.busy(&token, 2 * LEASE - 1, "in the last second of the new lease").await?;
    store.commit(heir, true, "within the new lease").await?;
    store.exhausted(&token, 3 * LEASE, "after the only use").await
}

async fn each_lease_its_end(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::with_uses(2)?);
    let mut long = token.claim(0)?;
    long.leased_until = at(10 * LEASE);
    store.claim(long, Claimed::Granted, "of a new token").await?;
    store.granted(&token, 0, "of the second of two uses").await?;
    store.busy(&token, LEASE - 1, "while both leases run").await?;
    store.granted(&token, LEASE, "when the shorter of two leases has ended").await?;
    store.busy(&token, LEASE, "while the longer lease and a new one run").await?;
    store.commit(long, true, "within the longer lease").await?;
    store.granted(&token, 2 * LEASE, "with one use spent and the lease of the other ended").await?;
    store.busy(&token, 2 * LEASE, "with one use spent and one leased").await
}

async fn lost_lease(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::once()?);
    let lost = store.granted(&token, 0, "of a new token").await?;
    let heir = store.granted(&token, LEASE, "after the lease ended").await?;
    store.commit(lost, false, "of a claim that was taken over").await?;
    store.release(lost, "of a claim that was taken over").await?;
    store.busy(&token, LEASE, "after the claim that was taken over was committed and released").await?;
    store.commit(heir, true, "of the claim that took over").await?;
    store.commit(lost, false, "of a claim that was taken over, after the use was spent,").await?;
    store.exhausted(&token, 3 * LEASE, "after the only use").await
}

async fn late_commit(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::once()?);
    let mut late = store.granted(&token, 0, "of a new token").await?;
    late.now = at(2 * LEASE);
    store.commit(late, true, "after the lease, with nobody else there,").await?;
    store.exhausted(&token, 2 * LEASE, "after the only use").await
}

async fn commit_twice(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::with_uses(2)?);
    let claim = store.use_up(&token, 0).await?;
    store.commit(claim, false, "for the second time").await?;
    store.use_up(&token, 0).await?;
    store.exhausted(&token, 0, "after two of two uses").await
}

async fn commit_unclaimed(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::once()?);
    store.commit(token.claim(0)?, false, "of a token that was never claimed").await?;
    let claim = store.granted(&token, 0, "of a new token").await?;
    let refused = token.claim(0)?;
    store.claim(refused, Claimed::Busy, "with the only use leased").await?;
    store.commit(refused, false, "of a claim that was refused").await?;
    store.commit(claim, true, "within its lease").await
}

async fn release_gives_back(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::with_uses(2)?);
    store.use_up(&token, 0).await?;
    let released = store.granted(&token, 0, "of the second of two uses").await?;
    store.release(released, "within its lease").await?;
    store.commit(released, false, "of a released claim").await?;
    let again = store.granted(&token, 0, "after the release").await?;
    store.busy(&token, 0, "after the released use was claimed again").await?;
    store.commit(again, true, "of the released and newly claimed use").await?;
    store.exhausted(&token, 0, "after two of two uses, one of them released before,").await
}

async fn release_twice(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::with_uses(2)?);
    let first = store.granted(&token, 0, "of a new token").await?;
    store.granted(&token, 0, "of the second of two uses").await?;
    store.release(first, "within its lease").await?;
    store.release(first, "for the second time").await?;
    store.granted(&token, 0, "after the release").await?;
    store.busy(&token, 0, "after one claim was released twice and one use claimed again").await
}

async fn release_committed(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::once()?);
    let claim = store.use_up(&token, 0).await?;
    store.release(claim, "after the commit").await?;
    store.exhausted(&token, 0, "after the only use was committed, then released,").await
}

async fn release_foreign(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::once()?);
    store.release(token.claim(0)?, "of a token that was never claimed").await?;
    let claim = store.granted(&token, 0, "of a new token").await?;
    store.release(token.claim(0)?, "of a claim that was never made").await?;
    store.busy(&token, 0, "after a claim that was never made was released").await?;
    store.commit(claim, true, "within its lease").await
}

async fn clock_set_back(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::with_uses(2)?);
    let hour = 3600;
    store.use_up(&token, hour).await?;
    let claim = store.granted(&token, hour, "of the second of two uses").await?;
    store.busy(&token, 0, "by a clock that is an hour behind").await?;
    store.busy(&token, hour, "after a claim by a clock that is an hour behind").await?;
    store.commit(claim, true, "after a claim by a clock that is an hour behind").await?;
    store.exhausted(&token, 0, "by a clock that is an hour behind").await?;
    store.exhausted(&token, hour, "after two of two uses").await
}

async fn abandoned_claim(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::once()?);
    let abandoned = token.claim(0)?;
    let _ = begun(pin!(store.0.claim(abandoned))).await;
    store.release(abandoned, "of an abandoned claim").await?;
    store.use_up(&token, 0).await?;
    store.exhausted(&token, 0, "after the only use").await
}

async fn abandoned_commit(storage: Storage) -> Verdict {
    let store = Handle(storage.store);
    for left in [Left::BeforeItBegan, Left::OnceItBegan, Left::BeforeItWasHeard] {
        for uses in [1, 2] {
            let token = Token::with_uses(uses)?;
            for _ in 1..uses {
                store.use_up(&token, 0).await?;
            }
            let abandoned = store.granted(&token, 0, "of the last use").await?;
            // What is answered at once, nobody can have gone away from.
            let mut commit = match store.0.commit(abandoned).into_ready() {
                Ok(answer) => {
                    committed(&answer)?;
                    continue;
                }
                Err(waiting) => waiting,
            };
            if left != Left::BeforeItBegan
                && let Poll::Ready(answer) = begun(Pin::new(&mut commit)).await
            {
                committed(&answer)?;
                continue;
            }
            if left == Left::BeforeItWasHeard {
                // Whatever answers one request after the other has answered the commit as well then, to nobody.
                store.use_up(&Token::once()?, 0).await?;
            }
            drop(commit);
            store.granted_at_last(&token, LEASE, "after a commit was abandoned").await?;
            store.busy(&token, LEASE, "after the use of an abandoned commit was claimed again").await?;
            store.commit(abandoned, false, "for the second time, after it was abandoned and undone,").await?;
            store.busy(&token, LEASE, "after the use of an abandoned commit was claimed again").await?;
        }
    }
    Ok(())
}

fn committed(answer: &Result<bool, StoreError>) -> Verdict {
    match answer {
        Ok(true) => Ok(()),
        answer => Err(format!("within its lease a commit was answered {answer:?}.")),
    }
}

/// When somebody leaves who had asked for a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Left {
    BeforeItBegan,
    OnceItBegan,
    BeforeItWasHeard,
}

/// Goes as far with something as that goes at once.
async fn begun<T>(mut answer: Pin<&mut PortFuture<T>>) -> Poll<T> {
    poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await
}
