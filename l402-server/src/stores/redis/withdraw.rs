//! Commits that nobody hears of, and how they are undone.

use std::sync::Arc;
use std::time::Duration;

use l402_core::ports::Claim;
use tokio::runtime::Handle;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep};

use super::Shared;

/// How many are undone at once, at some hundred bytes each, while the server cannot be reached.
const AT_ONCE: usize = 4096;

/// The last attempt begins at most one pause after this.
const TRIED_FOR: Duration = Duration::from_secs(60);
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// For how long a commit has to be remembered, so that every attempt to undo it finds it: the commit and the last attempt
/// take `response_timeout` each, at most. Twice that long, for clocks that do not agree.
pub(super) fn remembered_for(response_timeout: Duration) -> Duration {
    2 * (TRIED_FOR + LONGEST_PAUSE + 2 * response_timeout)
}

/// Room for those that are on their way.
pub(super) struct Withdrawals(Arc<Semaphore>);

impl Default for Withdrawals {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }
}

/// A commit that is on its way. Unless its answer is [heard](Self::heard), it is withdrawn when this is dropped: the answer
/// got lost, came too late, or whoever waited for it has left, and so nothing is delivered.
pub(super) struct Unheard {
    store: Arc<Shared>,
    claim: Option<Claim>,
}

impl Unheard {
    pub(super) const fn new(store: Arc<Shared>, claim: Claim) -> Self {
        Self { store, claim: Some(claim) }
    }

    /// The server's answer is here, and whoever asked gets it.
    pub(super) fn heard(mut self) {
        self.claim = None;
    }
}

impl Drop for Unheard {
    fn drop(&mut self) {
        let Some(claim) = self.claim else { return };
        let room = self.store.withdrawals.0.clone().try_acquire_owned();
        let (Ok(room), Ok(runtime)) = (room, Handle::try_current()) else {
            return stays_charged("too many are under way, or there is no runtime");
        };
        drop(runtime.spawn(withdraw(self.store.clone(), claim, room)));
    }
}

async fn withdraw(store: Arc<Shared>, claim: Claim, _room: OwnedSemaphorePermit) {
    let start = Instant::now();
    let mut pause = FIRST_PAUSE;
    while store.link.run(async |connection| store.commands.withdraw(&claim, connection).await).await.is_err()
    {
        if start.elapsed() >= TRIED_FOR {
            return stays_charged("redis has not done it within a minute");
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

fn stays_charged(why: &str) {
    tracing::warn!(why, "l402: a commit without an answer was not undone in redis, its use may stay charged");
}
