//! Tests of token verifiers: [`check`] and [`run`].
//!
//! A verifier in any language is driven through a *shim*, a small program that reads requests as lines of JSON and
//! answers them. `shims/PROTOCOL.md` is the page about it; `l402-conformance vectors copy` writes it next to the
//! vectors.
//!
//! ```no_run
//! use l402_conformance::{Verdict, verifier};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let report = verifier::check("python3 my_shim.py").await;
//! assert_eq!(report.verdict(), Verdict::Conformant, "{}", report.to_human(false));
//! # }
//! ```

mod cases;
mod context;
mod harness;
mod needs;
mod oracle;
mod protocol;
mod shim;
mod throughput;

use std::time::Duration;

use context::Context;
use harness::VerifierHarness;
pub use throughput::{Throughput, ThroughputError, floor};

use crate::case::{Case, Suite};
use crate::check::Check;
use crate::report::Report;
use crate::runner::{self, Watch};
use crate::settings::Settings;

const SUITE: Suite = Suite::Verifier;

/// A verifier under test: the command of its shim.
#[derive(Clone, Debug)]
pub struct Verifier {
    pub(crate) command: String,
    pub(crate) timeout: Duration,
}

impl Verifier {
    /// Runs `command` with `sh -c`.
    #[must_use]
    pub fn command(command: impl Into<String>) -> Self {
        Self { command: command.into(), timeout: Duration::from_secs(10) }
    }

    /// How long one answer may take. Default: 10 seconds.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

/// Runs every case against the shim that `command` starts, with the default [`Settings`].
///
/// Needs a tokio runtime with I/O and time.
pub async fn check(command: &str) -> Report {
    run(&Verifier::command(command), &Settings::new(), &mut |_| {}).await
}

/// Runs the cases that `settings` ask for, and tells `watch` where it is.
pub async fn run(verifier: &Verifier, settings: &Settings, watch: Watch<'_>) -> Report {
    let harness = VerifierHarness::start(verifier).await;
    let report = runner::run(harness.subject(), &cases::checks(), &harness, settings, watch).await;
    harness.stop().await;
    report
}

/// Every case, in the order they run.
#[must_use]
pub fn cases() -> Vec<Case> {
    cases::checks().iter().map(|check: &Check<Context>| check.case).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_case_has_its_own_id_and_depends_on_earlier_ones() {
        crate::case::assert_well_formed(&super::cases());
    }
}
