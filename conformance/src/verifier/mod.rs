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

use std::path::{Path, PathBuf};
use std::time::Duration;

use context::Context;
use harness::VerifierHarness;
pub use throughput::{Throughput, ThroughputError, floor};

use crate::case::{Case, Suite};
use crate::check::Check;
use crate::generate::Replay;
use crate::report::Report;
use crate::runner::{self, Watch};
use crate::settings::Settings;

const SUITE: Suite = Suite::Verifier;

/// A verifier under test: the command of its shim.
#[derive(Clone, Debug)]
pub struct Verifier {
    pub(crate) command: String,
    pub(crate) timeout: Duration,
    pub(crate) generated: u32,
    pub(crate) save: Option<PathBuf>,
    pub(crate) replay: Option<Replay>,
}

impl Verifier {
    /// Runs `command` with `sh -c`.
    #[must_use]
    pub fn command(command: impl Into<String>) -> Self {
        let timeout = Duration::from_secs(10);
        Self { command: command.into(), timeout, generated: 256, save: None, replay: None }
    }

    /// How long one answer may take. Default: 10 seconds.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many tokens each of the cases that generate some tries. Default: 256.
    #[must_use]
    pub const fn with_generated(mut self, cases: u32) -> Self {
        self.generated = cases;
        self
    }

    /// Where a generated token that was judged wrongly is kept, as small as it can be made. Default: nowhere.
    #[must_use]
    pub fn with_save(mut self, directory: impl Into<PathBuf>) -> Self {
        self.save = Some(directory.into());
        self
    }

    /// Tries the token of this file again instead of generated ones. [`Verifier::replayed_case`] is the case to run.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn with_replay(mut self, file: &Path) -> Result<Self, String> {
        self.replay = Some(Replay::read(file)?);
        Ok(self)
    }

    /// The case that the file of [`Verifier::with_replay`] is about.
    #[must_use]
    pub fn replayed_case(&self) -> Option<&str> {
        self.replay.as_ref().map(|replay| replay.case.as_str())
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
