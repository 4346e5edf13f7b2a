//! What a run found, and the forms in which it can be shown.

mod html;
mod human;
mod junit;
mod markdown;
#[cfg(test)]
mod tests;
mod verdict;

use std::time::Duration;

use serde::ser::{Serialize, SerializeStruct, Serializer};

pub use verdict::{Counts, Verdict};

use crate::case::{Case, Suite};
use crate::outcome::{Evidence, Findings, Outcome};
use crate::profile::Profile;
use crate::settings::Settings;

/// What a run found. The same for all suites.
///
/// # Security
/// It holds the credentials that were bought.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// The suite that ran.
    pub suite: Suite,
    /// What was tested: a URL, or a command.
    pub target: String,
    /// What is known about it, such as its version: names and values.
    pub facts: Vec<(String, String)>,
    /// Whose reading counted where texts contradict each other.
    pub profile: Profile,
    /// Whether warnings and unchecked cases count as failures.
    pub strict: bool,
    /// What chance was drawn from; with the same seed the run sends the same.
    pub seed: u64,
    /// How long it took, in whole milliseconds.
    pub duration: Duration,
    /// Every case that was asked for, in the order they ran.
    pub cases: Vec<CaseReport>,
    /// How many MUSTs were not asked for.
    pub left_out: usize,
    /// What is wrong with the names that were given: known deviations that pass or do not exist, unknown cases.
    pub stale: Vec<String>,
}

/// How one case ended.
#[derive(Clone, Debug, serde::Serialize)]
#[non_exhaustive]
pub struct CaseReport {
    /// The case, with the level it has in the report's profile.
    #[serde(flatten)]
    pub case: Case,
    /// How it ended.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// Why it may fail, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub known_deviation: Option<String>,
    /// What it saw, in sentences.
    pub notes: Vec<String>,
    /// What was sent and answered, the last one last; empty when the case passed.
    pub evidence: Vec<Evidence>,
}

impl CaseReport {
    /// The outcome in a word, as in the JSON.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self.outcome {
            Outcome::Pass => "pass",
            Outcome::Fail { .. } => "fail",
            Outcome::Warn { .. } => "warn",
            Outcome::Skip { .. } => "skip",
            Outcome::Unsupported { .. } => "unsupported",
            Outcome::Error { .. } => "error",
        }
    }

    /// What would have passed and what was found, if it did not pass.
    pub(crate) fn difference(&self) -> Option<(&str, &str)> {
        match &self.outcome {
            Outcome::Fail { expected, actual } | Outcome::Warn { expected, actual } => {
                Some((expected, actual))
            }
            _ => None,
        }
    }

    /// Why there is nothing to compare, if it was not run to its end.
    pub(crate) fn reason(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Skip { reason } | Outcome::Error { reason } => Some(reason),
            Outcome::Unsupported { what } => Some(what),
            _ => None,
        }
    }
}

/// What is tested.
#[derive(Clone, Debug)]
pub(crate) struct Subject {
    pub(crate) suite: Suite,
    pub(crate) target: String,
    pub(crate) facts: Vec<(String, String)>,
}

impl Report {
    pub(crate) fn new(subject: Subject, settings: &Settings) -> Self {
        let Subject { suite, target, facts } = subject;
        Self {
            suite,
            target,
            facts,
            profile: settings.profile,
            strict: settings.strict,
            seed: settings.seed(),
            duration: Duration::ZERO,
            cases: Vec::new(),
            left_out: 0,
            stale: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, case: Case, outcome: Outcome, findings: Findings, settings: &Settings) {
        let known_deviation = settings.expected.reason(case.id).map(str::to_owned);
        let passed = outcome == Outcome::Pass;
        if passed && known_deviation.is_some() {
            let reason = "is listed as a known deviation, but passes; take it off the list";
            self.stale.push(format!("{} {reason}", case.id));
        }
        let Findings { evidence, notes } = findings;
        let evidence = if passed { Vec::new() } else { evidence };
        self.cases.push(CaseReport { case, outcome, known_deviation, notes, evidence });
    }

    /// The report of one case, by its id.
    #[must_use]
    pub fn case(&self, id: &str) -> Option<&CaseReport> {
        self.cases.iter().find(|case| case.case.id == id)
    }

    /// For people, as the command line prints it; with colours for a terminal if asked for.
    #[must_use]
    pub fn to_human(&self, colors: bool) -> String {
        human::render(self, colors)
    }

    /// For programs, as indented JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // A report has nothing that JSON does not: no maps with other keys than text, no numbers without an end.
        serde_json::to_string_pretty(self).unwrap_or_default()
    }

    /// For continuous integration, as JUnit XML. Warnings are passes with their text in `system-out`.
    #[must_use]
    pub fn to_junit(&self) -> String {
        junit::render(self)
    }

    /// For a pull request, as Markdown.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        markdown::render(self)
    }

    /// For the browser, as one HTML file that needs nothing else and runs no script.
    #[must_use]
    pub fn to_html(&self) -> String {
        html::render(self)
    }
}

impl Serialize for Report {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut report = serializer.serialize_struct("Report", 13)?;
        report.serialize_field("suite", &self.suite)?;
        report.serialize_field("suite_version", env!("CARGO_PKG_VERSION"))?;
        report.serialize_field("target", &self.target)?;
        report.serialize_field("facts", &Facts(&self.facts))?;
        report.serialize_field("profile", &self.profile)?;
        report.serialize_field("strict", &self.strict)?;
        report.serialize_field("seed", &self.seed)?;
        report.serialize_field("duration_ms", &self.duration.as_millis())?;
        report.serialize_field("verdict", &self.verdict())?;
        report.serialize_field("counts", &self.counts())?;
        report.serialize_field("left_out", &self.left_out)?;
        report.serialize_field("stale", &self.stale)?;
        report.serialize_field("cases", &self.cases)?;
        report.end()
    }
}

struct Facts<'a>(&'a [(String, String)]);

impl Serialize for Facts<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
