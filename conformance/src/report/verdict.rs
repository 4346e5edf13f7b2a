//! What all cases together say.

use std::fmt;

use super::Report;
use crate::case::Level;
use crate::outcome::Outcome;

/// How many cases ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// [`Outcome::Pass`].
    pub passed: usize,
    /// [`Outcome::Fail`], known deviations included.
    pub failed: usize,
    /// [`Outcome::Warn`], known deviations included.
    pub warned: usize,
    /// [`Outcome::Skip`].
    pub skipped: usize,
    /// [`Outcome::Unsupported`].
    pub unsupported: usize,
    /// [`Outcome::Error`].
    pub errors: usize,
    /// How many of those that failed or warned are known to.
    pub known: usize,
}

/// What all cases together say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// Every MUST was checked and is kept.
    Conformant,
    /// Every MUST was checked, and none is broken but those that were listed as known.
    KnownDeviations,
    /// No MUST is broken, but some were not checked.
    Partial,
    /// A MUST is broken; or, in a strict run, anything is not as it should be.
    Failing,
    /// No MUST is known to be broken, but the suite could not find out about all of them; or the list of known
    /// deviations is out of date.
    HarnessError,
}

impl Report {
    /// How many cases ended in which way.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for case in &self.cases {
            *match case.outcome {
                Outcome::Pass => &mut counts.passed,
                Outcome::Fail { .. } => &mut counts.failed,
                Outcome::Warn { .. } => &mut counts.warned,
                Outcome::Skip { .. } => &mut counts.skipped,
                Outcome::Unsupported { .. } => &mut counts.unsupported,
                Outcome::Error { .. } => &mut counts.errors,
            } += 1;
            let deviates = matches!(case.outcome, Outcome::Fail { .. } | Outcome::Warn { .. });
            counts.known += usize::from(deviates && case.known_deviation.is_some());
        }
        counts
    }

    /// What all cases together say. A failure outweighs an error, an error an unchecked MUST, and that a known
    /// deviation.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let unknown = |case: &&super::CaseReport| case.known_deviation.is_none();
        let fails = |outcome: &Outcome| match outcome {
            Outcome::Fail { .. } => true,
            Outcome::Warn { .. } => self.strict,
            _ => false,
        };
        if self.cases.iter().filter(unknown).any(|case| fails(&case.outcome)) {
            return Verdict::Failing;
        }
        if self.counts().errors > 0 || !self.stale.is_empty() {
            return Verdict::HarnessError;
        }
        if self.is_partial() {
            return if self.strict { Verdict::Failing } else { Verdict::Partial };
        }
        if self.counts().failed > 0 { Verdict::KnownDeviations } else { Verdict::Conformant }
    }

    /// Whether a MUST was not checked. Where none was, nothing is proved.
    fn is_partial(&self) -> bool {
        let musts = || self.cases.iter().filter(|case| case.case.level == Level::Must);
        let checked = |outcome: &Outcome| {
            matches!(outcome, Outcome::Pass | Outcome::Fail { .. } | Outcome::Warn { .. })
        };
        let skipped = musts().any(|case| matches!(case.outcome, Outcome::Skip { .. }));
        self.left_out > 0 || skipped || !musts().any(|case| checked(&case.outcome))
    }
}

impl Verdict {
    /// The exit code of the command line: 0 conformant, with or without known deviations; 1 failing; 2 harness error;
    /// 3 partial.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Conformant | Self::KnownDeviations => 0,
            Self::Failing => 1,
            Self::HarnessError => 2,
            Self::Partial => 3,
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Conformant => "conformant",
            Self::KnownDeviations => "conformant but for known deviations",
            Self::Partial => "partial",
            Self::Failing => "failing",
            Self::HarnessError => "harness error",
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, warned, skipped, unsupported, errors, known } = self;
        write!(f, "{passed} passed, {failed} failed, {warned} warnings, {skipped} skipped")?;
        write!(f, ", {unsupported} unsupported, {errors} errors")?;
        if *known > 0 { write!(f, " ({known} known deviations)") } else { Ok(()) }
    }
}
