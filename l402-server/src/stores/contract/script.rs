//! What cases are written in: tokens, claims of them, and the answers that are expected.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use l402_core::ports::{Claim, Claimed, LeaseId, ReplayStore};
use l402_core::{PaymentHash, UnixTime};

/// `Err` says what happened instead of what was promised.
pub(super) type Verdict = Result<(), String>;

pub(super) const MINUTE: u64 = 60;
pub(super) const DAY: u64 = 24 * 60 * MINUTE;
/// How long claims are leased unless said otherwise.
pub(super) const LEASE: u64 = MINUTE;

/// How long something may take that the store does in the background.
const BEFORE_LONG: Duration = Duration::from_secs(10);

/// A moment, in seconds after the beginning of a case.
pub(super) const fn at(seconds: u64) -> UnixTime {
    UnixTime::from_secs(1_900_000_000).saturating_add(Duration::from_secs(seconds))
}

/// A token that was bought for some uses and is valid for a day.
#[derive(Clone, Copy)]
pub(super) struct Token {
    pub(super) payment_hash: PaymentHash,
    pub(super) uses: u32,
    pub(super) forget_after: UnixTime,
}

impl Token {
    pub(super) fn with_uses(uses: u32) -> Result<Self, String> {
        Ok(Self { payment_hash: PaymentHash::from_bytes(random()?), uses, forget_after: at(DAY) })
    }

    pub(super) fn once() -> Result<Self, String> {
        Self::with_uses(1)
    }

    /// A new claim, `now` seconds after the beginning.
    pub(super) fn claim(&self, now: u64) -> Result<Claim, String> {
        let lease = LeaseId::from_bytes(random()?);
        let uses = NonZeroU32::new(self.uses).unwrap_or(NonZeroU32::MIN);
        Ok(Claim::new(self.payment_hash, lease, uses, at(now), at(now + LEASE), self.forget_after))
    }
}

/// Random, so that cases that run on one storage by mistake do not meet.
fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| format!("there are no random numbers: {error}"))?;
    Ok(bytes)
}

/// A store and what is said when it does not answer as expected.
#[derive(Clone)]
pub(super) struct Handle(pub(super) Arc<dyn ReplayStore>);

impl Handle {
    /// Claims and expects this answer.
    pub(super) async fn claim(&self, claim: Claim, expected: Claimed, when: &str) -> Verdict {
        match self.0.claim(claim).await {
            Ok(answer) if answer == expected => Ok(()),
            Ok(answer) => Err(format!("{when} a claim was answered {answer:?} instead of {expected:?}.")),
            Err(error) => Err(format!("{when} a claim failed: {}.", causes(&error))),
        }
    }

    /// Commits and expects this answer.
    pub(super) async fn commit(&self, claim: Claim, expected: bool, when: &str) -> Verdict {
        match self.0.commit(claim).await {
            Ok(answer) if answer == expected => Ok(()),
            Ok(answer) => Err(format!("{when} a commit was answered {answer} instead of {expected}.")),
            Err(error) => Err(format!("{when} a commit failed: {}.", causes(&error))),
        }
    }

    pub(super) async fn release(&self, claim: Claim, when: &str) -> Verdict {
        self.0.release(claim).await.map_err(|error| format!("{when} a release failed: {}.", causes(&error)))
    }

    /// Claims `now` seconds after the beginning, commits, and returns the claim.
    pub(super) async fn use_up(&self, token: &Token, now: u64) -> Result<Claim, String> {
        let claim = token.claim(now)?;
        self.claim(claim, Claimed::Granted, "with uses left").await?;
        self.commit(claim, true, "within its lease").await?;
        Ok(claim)
    }

    /// Claims `now` seconds after the beginning, which should be granted, and returns the claim.
    pub(super) async fn granted(&self, token: &Token, now: u64, when: &str) -> Result<Claim, String> {
        let claim = token.claim(now)?;
        self.claim(claim, Claimed::Granted, when).await?;
        Ok(claim)
    }

    /// Claims `now` seconds after the beginning, again and again until it is granted, as it should be before long.
    pub(super) async fn granted_at_last(&self, token: &Token, now: u64, when: &str) -> Verdict {
        let claim = token.claim(now)?;
        let start = Instant::now();
        while start.elapsed() < BEFORE_LONG {
            if let Ok(Claimed::Granted) = self.0.claim(claim).await {
                return Ok(());
            }
            tokio::task::yield_now().await;
        }
        self.claim(claim, Claimed::Granted, when).await
    }

    /// Claims `now` seconds after the beginning, which should be refused because of leases.
    pub(super) async fn busy(&self, token: &Token, now: u64, when: &str) -> Verdict {
        self.claim(token.claim(now)?, Claimed::Busy, when).await
    }

    /// Claims `now` seconds after the beginning, which should be refused for good.
    pub(super) async fn exhausted(&self, token: &Token, now: u64, when: &str) -> Verdict {
        self.claim(token.claim(now)?, Claimed::Exhausted, when).await
    }
}

/// An error with what lies below it, as in `the redis store is not available: connection refused`.
pub(super) fn causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |error| error.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
