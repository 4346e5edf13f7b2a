//! What may be forgotten, and when.

use std::time::Duration;

use l402_core::UnixTime;
use l402_core::ports::{Claimed, PortFuture};

use super::script::{DAY, Handle, LEASE, Token, Verdict, at, causes};
use super::{Case, Storage};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "never_early",
        promise: "No use is forgotten before the token may be.",
        test: |storage| PortFuture::new(never_early(storage)),
    },
    Case {
        name: "latest_expiry",
        promise: "A token is remembered for as long as any claim of it asks, in whichever order they come.",
        test: |storage| PortFuture::new(latest_expiry(storage)),
    },
    Case {
        name: "refused_claims_prolong",
        promise: "A claim that is refused says as well as any other how long to remember the token.",
        test: |storage| PortFuture::new(refused_claims_prolong(storage)),
    },
    Case {
        name: "no_expiry",
        promise: "A token that never expires is never forgotten.",
        test: |storage| PortFuture::new(no_expiry(storage)),
    },
    Case {
        name: "lease_beyond_expiry",
        promise: "A token in use is remembered until its lease ends, though it has expired.",
        test: |storage| PortFuture::new(lease_beyond_expiry(storage)),
    },
    Case {
        name: "full_refuses",
        promise: "A full store refuses new tokens, says that it is full, and keeps counting the ones it knows.",
        test: |storage| PortFuture::new(full_refuses(storage)),
    },
    Case {
        name: "room_again",
        promise: "A full store takes new tokens when old ones were given back or have expired.",
        test: |storage| PortFuture::new(room_again(storage)),
    },
];

async fn never_early(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::with_uses(2)?);
    store.use_up(&token, 0).await?;
    store.use_up(&token, 0).await?;
    // What a store may take as an occasion to sweep.
    for hour in 1..24 {
        let passer_by = Token { forget_after: at(2 * DAY), ..Token::once()? };
        let claim = store.granted(&passer_by, hour * 3600, "of a new token").await?;
        store.exhausted(&token, hour * 3600, &format!("{hour} hours after both uses")).await?;
        store.release(claim, "within its lease").await?;
    }
    store.exhausted(&token, DAY - 1, "in the token's last second").await
}

async fn latest_expiry(storage: Storage) -> Verdict {
    let store = Handle(storage.store);
    for long_comes_first in [true, false] {
        let short = Token::with_uses(2)?;
        let long = Token { forget_after: at(2 * DAY), ..short };
        let [first, second] = if long_comes_first { [long, short] } else { [short, long] };
        store.use_up(&first, 0).await?;
        store.use_up(&second, 0).await?;
        pass_by(&store, DAY + 1).await?;
        store.exhausted(&long, DAY + 1, "after the earlier of two expiries").await?;
    }
    Ok(())
}

async fn refused_claims_prolong(storage: Storage) -> Verdict {
    let store = Handle(storage.store);
    let short = Token::once()?;
    let (longer, longest) =
        (Token { forget_after: at(2 * DAY), ..short }, Token { forget_after: at(3 * DAY), ..short });
    let claim = store.granted(&short, 0, "of a new token").await?;
    store.busy(&longer, 0, "with the only use leased").await?;
    store.commit(claim, true, "within its lease").await?;
    pass_by(&store, DAY + 1).await?;
    store
        .exhausted(&longest, DAY + 1, "after the first expiry, within that of a claim answered Busy,")
        .await?;
    pass_by(&store, 2 * DAY + 1).await?;
    store.exhausted(&longest, 2 * DAY + 1, "within the expiry of a claim answered Exhausted").await
}

async fn no_expiry(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token { forget_after: UnixTime::MAX, ..Token::once()? });
    store.use_up(&token, 0).await?;
    for years in [1, 100, 10_000] {
        pass_by(&store, years * 365 * DAY).await?;
        store.exhausted(&token, years * 365 * DAY, &format!("{years} years after the only use")).await?;
    }
    Ok(())
}

async fn lease_beyond_expiry(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::once()?);
    let mut claim = token.claim(DAY - 1)?;
    claim.leased_until = at(2 * DAY);
    store.claim(claim, Claimed::Granted, "of a new token").await?;
    pass_by(&store, DAY + LEASE).await?;
    store.busy(&token, DAY + LEASE, "after the expiry, within the lease,").await?;
    store.commit(claim, true, "after the expiry, within the lease,").await?;

    let reused = Token { forget_after: at(3 * DAY), ..Token::with_uses(2)? };
    store.use_up(&reused, 2 * DAY).await?;
    let mut second = reused.claim(3 * DAY - 1)?;
    second.leased_until = at(4 * DAY);
    store.claim(second, Claimed::Granted, "of a token that was used before").await?;
    pass_by(&store, 3 * DAY + LEASE).await?;
    store.commit(second, true, "of a second use, after the expiry, within the lease,").await
}

async fn full_refuses(storage: Storage) -> Verdict {
    let Some(capacity) = storage.capacity else { return Ok(()) };
    let store = Handle(storage.store);
    let (spent, reusable) = (Token::once()?, Token::with_uses(3)?);
    store.use_up(&spent, 0).await?;
    let leased = store.granted(&reusable, 0, "of a new token").await?;
    for _ in 2..capacity {
        store.use_up(&Token::once()?, 0).await?;
    }
    let stranger = Token::once()?;
    for now in [0, 1, 3600, DAY - 1] {
        is_full(&store, &stranger, now).await?;
        store.exhausted(&spent, now, "of a used-up token in a full store").await?;
    }
    store.commit(leased, true, "in a full store").await?;
    let again = store.granted(&reusable, 1, "of a known token in a full store").await?;
    store.release(again, "in a full store").await?;
    is_full(&store, &stranger, 1).await
}

async fn room_again(storage: Storage) -> Verdict {
    let Some(capacity) = storage.capacity else { return Ok(()) };
    let store = Handle(storage.store);
    let unused = store.granted(&Token::once()?, 0, "of a new token").await?;
    for _ in 1..capacity {
        store.use_up(&Token::once()?, 0).await?;
    }
    is_full(&store, &Token::once()?, 0).await?;
    store.release(unused, "in a full store").await?;
    store.use_up(&Token::once()?, 0).await?;
    is_full(&store, &Token::once()?, 0).await?;
    for _ in 0..capacity {
        let tomorrow = Token { forget_after: at(2 * DAY), ..Token::once()? };
        store.granted(&tomorrow, DAY + 1, "when all tokens of a full store have expired").await?;
    }
    is_full(&store, &Token { forget_after: at(2 * DAY), ..Token::once()? }, DAY + 1).await
}

/// Another token comes and goes, which a store may take as an occasion to sweep.
async fn pass_by(store: &Handle, now: u64) -> Verdict {
    let forget_after = at(now).saturating_add(Duration::from_secs(DAY));
    for _ in 0..3 {
        let token = Token { forget_after, ..Token::once()? };
        let claim = store.granted(&token, now, "of a new token").await?;
        store.release(claim, "within its lease").await?;
    }
    Ok(())
}

async fn is_full(store: &Handle, token: &Token, now: u64) -> Verdict {
    match store.0.claim(token.claim(now)?).await {
        Err(error) if error.is_full() => Ok(()),
        Err(error) => Err(format!("in a full store the claim of a new token failed: {}.", causes(&error))),
        Ok(answer) => Err(format!("in a full store the claim of a new token was answered {answer:?}.")),
    }
}
