//! What is sent to Redis: one atomic step for each claim, commit and release, and to undo a commit.

use std::num::NonZeroU32;
use std::time::Duration;

use l402_core::UnixTime;
use l402_core::ports::Claim;
use redis::aio::ConnectionManager;
use redis::{Cmd, RedisResult, Script, ScriptInvocation};

/// A key that nothing else needs may live so much longer, in seconds: clocks of instances that are behind the one which
/// claimed see its lease end as much later.
const CLOCKS_APART: u64 = 10 * 60;

/// Keys that are to live for longer than this, in seconds, live for ever: a century, which is far from what the server
/// could no longer count.
const LONGEST_LIFE: u64 = 3_153_600_000;

pub(super) struct Commands {
    pub(super) prefix: String,
    /// For how many seconds a commit can be undone.
    commits_remembered: u64,
    claim: Script,
    commit: Script,
    release: Script,
    withdraw: Script,
}

impl Commands {
    pub(super) fn new(prefix: String, commits_remembered: Duration) -> Self {
        Self {
            prefix,
            commits_remembered: commits_remembered.as_secs(),
            claim: Script::new(include_str!("claim.lua")),
            commit: Script::new(include_str!("commit.lua")),
            release: Script::new(include_str!("release.lua")),
            withdraw: Script::new(include_str!("withdraw.lua")),
        }
    }

    /// Returns 0 when granted, 1 when busy, 2 when exhausted.
    pub(super) async fn claim(&self, claim: &Claim, connection: &mut ConnectionManager) -> RedisResult<i64> {
        // The only use of a token is nearly always claimed for the first time, which takes no script. If not, the
        // script decides about what it finds, whatever has become of that meanwhile.
        if claim.uses == NonZeroU32::MIN && self.set_first(claim).query_async(connection).await? {
            return Ok(0);
        }
        let mut script = self.script(&self.claim, claim);
        script
            .arg(claim.uses.get())
            .arg(seconds(claim.now))
            .arg(seconds(claim.leased_until))
            .arg(seconds(claim.forget_after))
            .arg(LONGEST_LIFE)
            .arg(self.commits_remembered);
        script.invoke_async(connection).await
    }

    /// Returns 1 when the use is spent, 0 when the lease is gone, 2 when the server has read this after `deadline`,
    /// in microseconds of its own clock.
    pub(super) async fn commit(
        &self,
        claim: &Claim,
        deadline: u64,
        connection: &mut ConnectionManager,
    ) -> RedisResult<i64> {
        let mut script = self.script(&self.commit, claim);
        script
            .arg(seconds(claim.now))
            .arg(seconds(claim.forget_after))
            .arg(LONGEST_LIFE)
            .arg(deadline)
            .arg(self.commits_remembered);
        script.invoke_async(connection).await
    }

    pub(super) async fn release(&self, claim: &Claim, connection: &mut ConnectionManager) -> RedisResult<()> {
        self.script(&self.release, claim).invoke_async(connection).await
    }

    /// Undoes a commit of which nobody knows whether it was made, and gives the use back.
    pub(super) async fn withdraw(
        &self,
        claim: &Claim,
        connection: &mut ConnectionManager,
    ) -> RedisResult<()> {
        self.script(&self.withdraw, claim).invoke_async(connection).await
    }

    /// Writes the lease and its end, if nothing is known of the token.
    fn set_first(&self, claim: &Claim) -> Cmd {
        let leased_until = seconds(claim.leased_until);
        let lease = [claim.lease.as_bytes().as_slice(), leased_until.to_string().as_bytes()].concat();
        let keep_until = seconds(claim.forget_after).max(leased_until);
        let life = keep_until.saturating_sub(seconds(claim.now)) + CLOCKS_APART;
        let mut set = Cmd::with_capacity(6, 192);
        set.arg("SET").arg(self.key(claim)).arg(lease).arg("NX");
        if life <= LONGEST_LIFE {
            set.arg("EX").arg(life);
        }
        set
    }

    fn script<'s>(&self, script: &'s Script, claim: &Claim) -> ScriptInvocation<'s> {
        let key = self.key(claim);
        // In braces stands what a cluster, or a proxy that thinks it is one, places a key by: both are in the same place.
        let commits = format!("{}{{{key}}}:commits", self.prefix);
        let mut invocation = script.key(key);
        invocation.key(commits).arg(claim.lease.as_bytes());
        invocation
    }

    fn key(&self, claim: &Claim) -> String {
        format!("{}{}", self.prefix, claim.payment_hash)
    }
}

/// Lua counts in floating point, exactly up to here; what does not fit stands for "never".
fn seconds(time: UnixTime) -> u64 {
    time.as_secs().min((1 << 53) - 1)
}
