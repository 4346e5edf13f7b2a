//! Tests of L402 servers: [`check`].

mod challenge;
mod context;
mod credential;
mod runner;
mod verification;

pub(crate) use context::Context;

use crate::case::Case;
use crate::payer::Payer;
use crate::report::Report;
use crate::target::Target;

/// Runs every case against `target`, one after the other.
///
/// With a payer it buys a token for each case that uses one up, about a dozen in all; without one it skips those
/// cases, and the verdict is [`Verdict::Partial`](crate::Verdict::Partial) at best.
///
/// Needs a tokio runtime with I/O and time.
pub async fn check(target: &Target, payer: Option<&Payer>) -> Report {
    runner::run(&cases(), target, payer).await
}

/// Every case, in the order they run.
#[must_use]
pub fn cases() -> Vec<Case> {
    [challenge::CASES, credential::CASES, verification::CASES].concat()
}
