//! Runs cases and decides what their results mean.

use crate::case::{Case, CaseResult, Level, Need, Outcome};
use crate::payer::Payer;
use crate::report::{CaseReport, Report};
use crate::server::Context;
use crate::target::Target;

pub(super) async fn run(cases: &[Case], target: &Target, payer: Option<&Payer>) -> Report {
    let mut report = Report { target: target.url().to_owned(), cases: Vec::new() };
    for case in cases {
        let context = Context::new(target, payer);
        let outcome = match reason_to_skip(case, &report, target, payer) {
            Some(reason) => Outcome::skip(reason),
            None => outcome(case.level, (case.run)(&context).await),
        };
        let exchanges = if outcome == Outcome::Pass { Vec::new() } else { context.into_exchanges() };
        report.cases.push(CaseReport { case: *case, outcome, exchanges });
    }
    report
}

fn reason_to_skip(case: &Case, report: &Report, target: &Target, payer: Option<&Payer>) -> Option<String> {
    let missing = case.needs.iter().find(|need| match need {
        Need::Payer => payer.is_none(),
        Need::OtherUrl => target.other.is_none(),
    });
    if let Some(need) = missing {
        return Some(format!("needs {need}"));
    }
    case.depends_on.iter().find_map(|id| {
        let how = match report.case(id).map(|case| &case.outcome) {
            Some(Outcome::Pass | Outcome::Warn { .. }) => return None,
            Some(Outcome::Fail { .. }) => "which failed",
            Some(Outcome::Error { .. }) => "which could not be run",
            Some(Outcome::Skip { .. }) | None => "which was skipped",
        };
        Some(format!("depends on {id}, {how}"))
    })
}

/// Only a MUST can fail; what breaks anything else is a warning.
fn outcome(level: Level, result: CaseResult) -> Outcome {
    match (level, result) {
        (_, Ok(())) => Outcome::Pass,
        (Level::Should | Level::May, Err(Outcome::Fail { expected, actual })) => {
            Outcome::Warn { expected, actual }
        }
        (_, Err(outcome)) => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::{Run, Source};
    use crate::report::{Counts, Verdict};
    use crate::server;

    const PASS: Run = |_| Box::pin(async { Ok(()) });
    const FAIL: Run = |_| Box::pin(async { Err(Outcome::fail("this", "that")) });
    const ERROR: Run = |_| Box::pin(async { Err(Outcome::error("no idea")) });

    const fn case(id: &'static str, level: Level, run: Run) -> Case {
        let source = Source::PRACTICE;
        Case { id, title: "", requirement: "", level, source, needs: &[], depends_on: &[], run }
    }

    async fn report(cases: &[Case]) -> Report {
        run(cases, &Target::new("http://127.0.0.1:1/").unwrap(), None).await
    }

    fn skipped(report: &Report, id: &str) -> String {
        match &report.case(id).unwrap().outcome {
            Outcome::Skip { reason } => reason.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_broken_must_fails_and_anything_else_warns() {
        let cases = [
            case("must", Level::Must, PASS),
            case("should", Level::Should, FAIL),
            case("may", Level::May, FAIL),
        ];
        let found = report(&cases).await;
        let warning = Outcome::warn("this", "that");
        assert_eq!(found.cases[1].outcome, warning);
        assert_eq!(found.cases[2].outcome, warning);
        assert_eq!(found.counts(), Counts { passed: 1, warned: 2, ..Counts::default() });
        assert_eq!(found.verdict(), Verdict::Conformant);

        let found = report(&[case("must", Level::Must, FAIL), case("error", Level::Must, ERROR)]).await;
        assert_eq!(found.counts(), Counts { failed: 1, errors: 1, ..Counts::default() });
        assert_eq!(found.verdict(), Verdict::Failing);
    }

    #[tokio::test]
    async fn an_error_is_not_held_against_the_server() {
        let found = report(&[case("a", Level::Must, PASS), case("b", Level::May, ERROR)]).await;
        assert_eq!(found.verdict(), Verdict::HarnessError);
    }

    #[tokio::test]
    async fn a_failure_is_reported_once_and_its_dependents_say_why_they_were_skipped() {
        let cases = [
            case("root", Level::Must, FAIL),
            Case { depends_on: &["root"], ..case("child", Level::Must, PASS) },
            Case { depends_on: &["child"], ..case("grandchild", Level::Must, PASS) },
            case("error", Level::May, ERROR),
            Case { depends_on: &["error"], ..case("orphan", Level::May, PASS) },
            case("warned", Level::Should, FAIL),
            Case { depends_on: &["warned"], ..case("runs", Level::Must, PASS) },
        ];
        let found = report(&cases).await;
        assert_eq!(skipped(&found, "child"), "depends on root, which failed");
        assert_eq!(skipped(&found, "grandchild"), "depends on child, which was skipped");
        assert_eq!(skipped(&found, "orphan"), "depends on error, which could not be run");
        assert_eq!(found.case("runs").unwrap().outcome, Outcome::Pass);
        let counts = Counts { passed: 1, failed: 1, warned: 1, skipped: 3, errors: 1 };
        assert_eq!(found.counts(), counts);
    }

    #[tokio::test]
    async fn a_skipped_must_is_never_conformant() {
        let paid = |level| [Case { needs: &[Need::Payer], ..case("paid", level, PASS) }];
        let found = report(&paid(Level::Must)).await;
        assert_eq!(skipped(&found, "paid"), "needs a payer");
        assert_eq!(found.verdict(), Verdict::Partial);
        assert_eq!(report(&paid(Level::Should)).await.verdict(), Verdict::Conformant);
        assert_eq!(report(&[]).await.verdict(), Verdict::Partial);
    }

    #[test]
    fn every_case_has_its_own_id_and_depends_on_earlier_ones() {
        let cases = server::cases();
        for (at, case) in cases.iter().enumerate() {
            assert!(cases[..at].iter().all(|earlier| earlier.id != case.id), "{}", case.id);
            for id in case.depends_on {
                assert!(cases[..at].iter().any(|earlier| earlier.id == *id), "{} on {id}", case.id);
            }
        }
    }
}
