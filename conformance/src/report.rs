//! What a run found.

use std::fmt;

use serde::ser::{Serialize, SerializeStruct, Serializer};

use crate::case::{Case, Level, Outcome};
use crate::http::Exchange;

/// What a run found. Serializes to JSON, with the counts and the verdict.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The URL that was tested.
    pub target: String,
    /// Every case, in the order they ran.
    pub cases: Vec<CaseReport>,
}

/// How one case ended.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct CaseReport {
    /// The case.
    #[serde(flatten)]
    pub case: Case,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What was sent and answered, the last one last; empty when the case passed.
    pub exchanges: Vec<Exchange>,
}

/// How many cases ended in which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Counts {
    /// [`Outcome::Pass`].
    pub passed: usize,
    /// [`Outcome::Fail`].
    pub failed: usize,
    /// [`Outcome::Warn`].
    pub warned: usize,
    /// [`Outcome::Skip`].
    pub skipped: usize,
    /// [`Outcome::Error`].
    pub errors: usize,
}

/// What all cases together say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Verdict {
    /// Every MUST was checked and is kept.
    Conformant,
    /// No MUST is broken, but some were not checked.
    Partial,
    /// A MUST is broken.
    Failing,
    /// No MUST is known to be broken, but the suite could not find out about all of them.
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
                Outcome::Error { .. } => &mut counts.errors,
            } += 1;
        }
        counts
    }

    /// What all cases together say. A failure outweighs an error, and an error a skipped MUST.
    #[must_use]
    pub fn verdict(&self) -> Verdict {
        let counts = self.counts();
        if counts.failed > 0 {
            return Verdict::Failing;
        }
        if counts.errors > 0 {
            return Verdict::HarnessError;
        }
        let unchecked = |case: &CaseReport| {
            case.case.level == Level::Must && matches!(case.outcome, Outcome::Skip { .. })
        };
        if self.cases.is_empty() || self.cases.iter().any(unchecked) {
            return Verdict::Partial;
        }
        Verdict::Conformant
    }

    /// The report of one case, by its id.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&CaseReport> {
        self.cases.iter().find(|case| case.case.id == id)
    }
}

impl Verdict {
    /// The exit code of the command line: 0 conformant, 1 failing, 2 harness error, 3 partial.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Conformant => 0,
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
            Self::Partial => "partial",
            Self::Failing => "failing",
            Self::HarnessError => "harness error",
        })
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, warned, skipped, errors } = self;
        write!(f, "{passed} passed, {failed} failed, {warned} warnings, {skipped} skipped, {errors} errors")
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Report", 5)?;
        report.serialize_field("suite_version", env!("CARGO_PKG_VERSION"))?;
        report.serialize_field("target", &self.target)?;
        report.serialize_field("verdict", &self.verdict())?;
        report.serialize_field("counts", &self.counts())?;
        report.serialize_field("cases", &self.cases)?;
        report.end()
    }
}
