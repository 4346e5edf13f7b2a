//! How many uses there are.

use l402_core::PaymentHash;
use l402_core::ports::PortFuture;

use super::script::{Handle, Token, Verdict};
use super::{Case, Storage};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "one_use",
        promise: "A use that is claimed and committed is spent for good.",
        test: |storage| PortFuture::new(one_use(storage)),
    },
    Case {
        name: "n_uses",
        promise: "A token with n uses has n, spent or leased, and not one more or less.",
        test: |storage| PortFuture::new(n_uses(storage)),
    },
    Case {
        name: "differing_uses",
        promise: "How many uses a token has is what the claim at hand says, less what is spent.",
        test: |storage| PortFuture::new(differing_uses(storage)),
    },
    Case {
        name: "tokens_apart",
        promise: "Tokens whose payment hashes differ, in whichever byte, have nothing to do with each other.",
        test: |storage| PortFuture::new(tokens_apart(storage)),
    },
];

async fn one_use(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::once()?);
    store.use_up(&token, 0).await?;
    store.exhausted(&token, 0, "after the only use").await?;
    store.exhausted(&token, 3600, "an hour after the only use").await
}

async fn n_uses(storage: Storage) -> Verdict {
    let (store, token) = (Handle(storage.store), Token::with_uses(3)?);
    store.use_up(&token, 0).await?;
    let second = store.granted(&token, 1, "after one of three uses").await?;
    let third = store.granted(&token, 1, "with one of three uses spent and one leased").await?;
    store.busy(&token, 1, "with one of three uses spent and two leased").await?;
    store.commit(second, true, "within its lease").await?;
    store.busy(&token, 1, "with two of three uses spent and one leased").await?;
    store.commit(third, true, "within its lease").await?;
    store.exhausted(&token, 1, "after three of three uses").await
}

async fn differing_uses(storage: Storage) -> Verdict {
    let (store, two) = (Handle(storage.store), Token::with_uses(2)?);
    let (one, three) = (Token { uses: 1, ..two }, Token { uses: 3, ..two });
    store.use_up(&two, 0).await?;
    store.exhausted(&one, 0, "for one use, after one,").await?;
    let leased = store.granted(&two, 0, "for two uses, after one,").await?;
    store.exhausted(&one, 0, "for one use, after one and a lease,").await?;
    store.busy(&two, 0, "for two uses, after one and a lease,").await?;
    let last = store.granted(&three, 0, "for three uses, after one and a lease,").await?;
    store.commit(leased, true, "within its lease").await?;
    store.commit(last, true, "within its lease").await?;
    store.exhausted(&three, 0, "after three of three uses").await
}

async fn tokens_apart(storage: Storage) -> Verdict {
    let (store, first) = (Handle(storage.store), Token::once()?);
    store.use_up(&first, 0).await?;
    // As few as a small bounded store holds.
    for byte in [0, 1, 7, 8, 15, 16, 24, 31] {
        let mut hash = *first.payment_hash.as_bytes();
        hash[byte] ^= 1;
        let other = Token { payment_hash: PaymentHash::from_bytes(hash), ..first };
        let when = format!("of a token that differs in byte {byte} from one that is used up,");
        let claim = store.granted(&other, 0, &when).await?;
        store.release(claim, &when).await?;
    }
    store.exhausted(&first, 0, "after others were claimed and released").await
}
