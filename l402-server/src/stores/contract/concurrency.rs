//! Many claims at once, and several handles to one storage.

use std::sync::Arc;

use l402_core::ports::{Claim, Claimed, PortFuture, StoreError};
use tokio::sync::Barrier;
use tokio::task::{JoinSet, yield_now};

use super::script::{Handle, Token, Verdict, causes};
use super::{Case, Storage};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "claims_at_once",
        promise: "Of many claims at once exactly as many are granted as there are uses.",
        test: |storage| PortFuture::new(claims_at_once(storage)),
    },
    Case {
        name: "releases_at_once",
        promise: "However claims, commits and releases interleave, exactly as many uses are committed as there are.",
        test: |storage| PortFuture::new(releases_at_once(storage)),
    },
    Case {
        name: "two_handles",
        promise: "Two handles to one storage count the same uses, and either can end a claim of the other.",
        test: |storage| PortFuture::new(two_handles(storage)),
    },
];

const ROUNDS: usize = 4;
const TASKS: usize = 32;
const USES: u32 = 7;

async fn claims_at_once(storage: Storage) -> Verdict {
    for round in 0..ROUNDS {
        let token = Token::with_uses(if round % 2 == 0 { 1 } else { USES })?;
        let claims: Vec<_> = (0..TASKS).map(|_| token.claim(0)).collect::<Result<_, _>>()?;
        let mut granted = 0;
        for answer in
            at_once(&storage, claims, |handle: Handle, claim| async move { handle.0.claim(claim).await })
                .await?
        {
            granted += u32::from(answer == Claimed::Granted);
        }
        if granted != token.uses {
            return Err(format!(
                "of {TASKS} claims at once, of {} uses, {granted} were granted.",
                token.uses
            ));
        }
        Handle(storage.store.clone()).busy(&token, 0, "with all uses leased").await?;
    }
    Ok(())
}

async fn releases_at_once(storage: Storage) -> Verdict {
    for _ in 0..ROUNDS {
        let token = Token::with_uses(USES)?;
        // Every task releases what it is granted first, and commits what it is granted then.
        let pairs = (0..TASKS).map(|_| Ok((token.claim(0)?, token.claim(0)?)));
        let pairs = pairs.collect::<Result<Vec<_>, String>>()?;
        let committed =
            at_once(&storage, pairs, |handle: Handle, (first, second): (Claim, Claim)| async move {
                if handle.0.claim(first).await? == Claimed::Granted {
                    yield_now().await;
                    handle.0.release(first).await?;
                }
                claim_until_exhausted(&handle, second).await
            });
        let committed = committed.await?.into_iter().filter(|committed| *committed).count();
        if committed != USES as usize {
            return Err(format!("of {USES} uses that {TASKS} tasks were after, {committed} were committed."));
        }
        Handle(storage.store.clone()).exhausted(&token, 0, "after all uses").await?;
    }
    Ok(())
}

/// Claims until there is an answer that stays, and commits if it was granted.
async fn claim_until_exhausted(handle: &Handle, claim: Claim) -> Result<bool, StoreError> {
    // More often than others can be in between: each of them claims twice, and leases do not end here.
    for _ in 0..10_000 {
        match handle.0.claim(claim).await? {
            Claimed::Granted => {
                yield_now().await;
                return handle.0.commit(claim).await;
            }
            Claimed::Exhausted => return Ok(false),
            _ => yield_now().await,
        }
    }
    Ok(false)
}

async fn two_handles(storage: Storage) -> Verdict {
    let Some(second) = storage.second.clone() else { return Ok(()) };
    let (first, second) = (Handle(storage.store), Handle(second));
    let token = Token::with_uses(2)?;
    let here = first.granted(&token, 0, "by the first handle").await?;
    let there = second.granted(&token, 0, "by the second handle").await?;
    first.busy(&token, 0, "by the first handle, of uses leased by both,").await?;
    second.busy(&token, 0, "by the second handle, of uses leased by both,").await?;
    second.commit(here, true, "by the second handle, of a claim by the first,").await?;
    first.release(there, "by the first handle, of a claim by the second,").await?;
    second.use_up(&token, 0).await?;
    first.exhausted(&token, 0, "by the first handle, after two of two uses,").await?;
    second.exhausted(&token, 0, "by the second handle, after two of two uses,").await
}

/// Does `work` on each item in a task of its own, every other one through the second handle, if there is one. None
/// begins before all tasks are there, lest each is done before the next one has come.
async fn at_once<I, T, Working>(
    storage: &Storage,
    items: Vec<I>,
    work: impl Fn(Handle, I) -> Working + Clone + Send + 'static,
) -> Result<Vec<T>, String>
where
    I: Send + 'static,
    T: Send + 'static,
    Working: Future<Output = Result<T, StoreError>> + Send + 'static,
{
    let mut tasks = JoinSet::new();
    let all_there = Arc::new(Barrier::new(items.len()));
    for (number, item) in items.into_iter().enumerate() {
        let second = storage.second.as_ref().filter(|_| number % 2 == 1);
        let handle = Handle(second.unwrap_or(&storage.store).clone());
        let (work, all_there) = (work.clone(), Arc::clone(&all_there));
        tasks.spawn(async move {
            all_there.wait().await;
            work(handle, item).await
        });
    }
    let mut answers = Vec::new();
    while let Some(answer) = tasks.join_next().await {
        let answer = answer.map_err(|panic| format!("a task failed: {panic}."))?;
        answers.push(answer.map_err(|error| format!("the store failed: {}.", causes(&error)))?);
    }
    Ok(answers)
}
