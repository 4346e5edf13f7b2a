//! Tests of L402 servers: [`check`] and [`run`].

mod challenge;
mod context;
mod credential;
mod generated;
mod harness;
mod info;
mod lifetime;
mod load;
mod neighbours;
mod robustness;
mod status;
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
const LEDGER: Need = Need::new("ledger", "a dev node as the payer, which lists its invoices");
const OTHER_URL: Need = Need::new("other-url", "another URL (--other-url)");
const OTHER_METHOD: Need = Need::new("other-method", "another method (--other-method)");
const FAILING_URL: Need = Need::new("failing-url", "a URL that fails (--failing-url)");
const EXPIRING_URL: Need =
    Need::new("expiring-url", "a URL whose tokens expire (--expiring-url with --expires-after or --expire)");
const RESTART: Need = Need::new("restart", "a way to restart the server (--restart)");

/// A case that needs a payer, and that says nothing where the plainest credential is refused.
const fn paid(case: Case) -> Case {
    case.needing(&[PAYER]).after(&["credential/accepted"])
}

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
    [
        challenge::form::CHECKS,
        challenge::invoice::CHECKS,
        challenge::token::CHECKS,
        challenge::manners::CHECKS,
        challenge::bypass::CHECKS,
        credential::spelling::CHECKS,
        credential::places::CHECKS,
        verification::preimage::CHECKS,
        verification::forgery::CHECKS,
        verification::dialects::CHECKS,
        verification::malformed::CHECKS,
        verification::reuse::CHECKS,
        verification::binding::CHECKS,
        verification::caveats::CHECKS,
        status::CHECKS,
        load::CHECKS,
        neighbours::CHECKS,
        info::CHECKS,
        lifetime::CHECKS,
        generated::CHECKS,
        // Last, since they may stop the server.
        robustness::CHECKS,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_has_its_own_id_and_depends_on_earlier_ones() {
        crate::case::assert_well_formed(&super::cases());
    }
}
