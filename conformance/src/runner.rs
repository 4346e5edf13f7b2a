//! Runs the cases of any suite and decides what their results mean.

use std::time::{Duration, Instant};

use crate::case::{Case, Level};
use crate::check::{Check, Harness};
use crate::outcome::{CaseResult, Findings, Outcome};
use crate::report::{CaseReport, Report, Subject};
use crate::settings::Settings;

/// Where a run is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Progress<'a> {
    /// A case begins: the `at`th of `of`, from 0.
    Begin {
        /// How many cases ended before it.
        at: usize,
        /// How many cases there are.
        of: usize,
        /// The case.
        case: &'a Case,
    },
    /// A case ended.
    End(&'a CaseReport),
}

/// Is told where a run is.
pub type Watch<'a> = &'a mut (dyn FnMut(Progress<'_>) + Send);

pub(crate) async fn run<H: Harness>(
    subject: Subject,
    checks: &[Check<H::Context>],
    harness: &H,
    settings: &Settings,
    watch: Watch<'_>,
) -> Report {
    let started = Instant::now();
    let settings = &settings.clone().with_seed(settings.seed());
    let mut report = Report::new(subject, settings);
    let selected = selected(checks, settings);
    report.left_out = left_out(checks, &selected, settings);
    report.stale = stale_names(checks, settings);
    for (at, check) in selected.iter().enumerate() {
        let case = Case { level: check.case.level_in(settings.profile), ..check.case };
        watch(Progress::Begin { at, of: selected.len(), case: &case });
        let (outcome, findings) = match reason_not_to_run(&case, &report, harness, settings) {
            Some(outcome) => (outcome, Findings::default()),
            None => {
                let context = harness.context(&case, settings);
                let result = (check.run)(&context).await;
                (outcome(case.level, result), H::findings(context))
            }
        };
        report.add(case, outcome, findings, settings);
        if let Some(last) = report.cases.last() {
            watch(Progress::End(last));
        }
    }
    report.duration = Duration::from_millis(started.elapsed().as_millis().try_into().unwrap_or(u64::MAX));
    report
}

/// The checks that were asked for and all that they depend on, in their order.
fn selected<C>(checks: &[Check<C>], settings: &Settings) -> Vec<Check<C>> {
    let mut wanted: Vec<bool> = checks.iter().map(|check| settings.selects(&check.case)).collect();
    // A case depends on earlier ones only, so one pass from the end finds all.
    for at in (0..checks.len()).rev() {
        let depends_on = if wanted[at] { checks[at].case.depends_on } else { &[] };
        for (check, wanted) in checks[..at].iter().zip(&mut wanted) {
            *wanted |= depends_on.contains(&check.case.id) && !settings.excludes(&check.case);
        }
    }
    checks.iter().zip(wanted).filter_map(|(check, wanted)| wanted.then_some(*check)).collect()
}

/// The MUSTs that are not selected: without them nothing is conformant.
fn left_out<C>(checks: &[Check<C>], selected: &[Check<C>], settings: &Settings) -> usize {
    let is_must = |check: &&Check<C>| check.case.level_in(settings.profile) == Level::Must;
    checks.iter().filter(is_must).count() - selected.iter().filter(is_must).count()
}

/// What was named on the command line or in the list of known deviations and does not exist.
fn stale_names<C>(checks: &[Check<C>], settings: &Settings) -> Vec<String> {
    let cases: Vec<Case> = checks.iter().map(|check| check.case).collect();
    let unknown = settings.expected.ids().filter(|id| !cases.iter().any(|case| case.id == *id));
    let mut stale: Vec<String> =
        unknown.map(|id| format!("{id} is listed as a known deviation, but no case is called so")).collect();
    let patterns = settings.unknown_patterns(&cases);
    stale.extend(patterns.map(|pattern| format!("no case is called {pattern}")));
    let needs = settings.unknown_needs(&cases);
    stale.extend(needs.map(|name| format!("no case needs {name}, which it was said to be without")));
    stale
}

fn reason_not_to_run<H: Harness>(
    case: &Case,
    report: &Report,
    harness: &H,
    settings: &Settings,
) -> Option<Outcome> {
    for need in case.needs {
        if settings.lacks(need.name()) {
            return Some(Outcome::unsupported(format!("{need}, which it was said not to have")));
        }
        if let Some(outcome) = harness.lacks(*need) {
            return Some(outcome);
        }
    }
    case.depends_on.iter().find_map(|id| {
        let earlier = report.case(id);
        // Whoever knows of the deviation knows that this goes with it.
        let is_known = earlier.is_some_and(|case| case.known_deviation.is_some());
        let how = match earlier.map(|case| &case.outcome) {
            Some(Outcome::Fail { .. }) if is_known => {
                return Some(Outcome::unsupported(format!("what {id} asks for, a known deviation")));
            }
            Some(Outcome::Pass | Outcome::Warn { .. }) => return None,
            Some(Outcome::Unsupported { what }) => return Some(Outcome::unsupported(what.clone())),
            Some(Outcome::Fail { .. }) => "which failed",
            Some(Outcome::Error { .. }) => "which could not be run",
            Some(Outcome::Skip { .. }) => "which was skipped",
            None => "which was left out",
        };
        Some(Outcome::skip(format!("depends on {id}, {how}")))
    })
}

/// Only a MUST can fail; what breaks a SHOULD or a MAY is a warning, and nothing breaks an INFO.
fn outcome(level: Level, result: CaseResult) -> Outcome {
    match (level, result) {
        (_, Ok(())) => Outcome::Pass,
        (Level::Should | Level::May, Err(Outcome::Fail { expected, actual })) => {
            Outcome::Warn { expected, actual }
        }
        (Level::Info, Err(Outcome::Fail { actual, .. } | Outcome::Warn { actual, .. })) => {
            Outcome::skip(actual)
        }
        (_, Err(outcome)) => outcome,
    }
}

#[cfg(test)]
#[path = "runner_tests.rs"]
mod tests;
