//! Tests of L402 servers: [`check`] and [`run`].

mod challenge;
mod context;
mod credential;
mod harness;
mod verification;

use context::Context;
use harness::ServerHarness;

use crate::case::{Case, Need, Suite};
use crate::check::Check;
use crate::payer::Payer;
use crate::report::Report;
use crate::runner::{self, Watch};
use crate::settings::Settings;
use crate::target::Target;

const SUITE: Suite = Suite::Server;

const PAYER: Need = Need::new("payer", "a payer (--payer)");
const OTHER_URL: Need = Need::new("other-url", "another URL (--other-url)");

/// Runs every case against `target`, one after the other, with the default [`Settings`].
///
/// With a payer it buys a token for each case that uses one up, some dozens in all; without one it skips those cases,
/// and the verdict is [`Verdict::Partial`](crate::Verdict::Partial) at best.
///
/// Needs a tokio runtime with I/O and time.
pub async fn check(target: &Target, payer: Option<&Payer>) -> Report {
    run(target, payer, &Settings::new(), &mut |_| {}).await
}

/// Runs the cases that `settings` ask for, and tells `watch` where it is.
pub async fn run(target: &Target, payer: Option<&Payer>, settings: &Settings, watch: Watch<'_>) -> Report {
    let harness = ServerHarness::new(target, payer);
    runner::run(harness.subject(), &checks(), &harness, settings, watch).await
}

/// Every case, in the order they run.
#[must_use]
pub fn cases() -> Vec<Case> {
    checks().iter().map(|check| check.case).collect()
}

fn checks() -> Vec<Check<Context>> {
    [challenge::CHECKS, credential::CHECKS, verification::CHECKS].concat()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_has_its_own_id_and_depends_on_earlier_ones() {
        crate::case::assert_well_formed(&super::cases());
    }
}
