use super::*;
use crate::case::{Ambiguity, Need, Scoring, Source, Suite};
use crate::check::Run;
use crate::expected::Expected;
use crate::profile::Profile;
use crate::report::{Counts, Verdict};

struct Fake;

const PAYER: Need = Need::new("payer", "a payer");
const GRPC: Need = Need::new("grpc", "gRPC");

impl Harness for Fake {
    type Context = u64;

    fn lacks(&self, need: Need) -> Option<Outcome> {
        match need {
            GRPC => Some(Outcome::unsupported("gRPC")),
            need => Some(Outcome::skip(format!("needs {need}"))),
        }
    }

    fn context(&self, _: &Case, settings: &Settings) -> u64 {
        settings.seed()
    }

    fn findings(seed: u64) -> Findings {
        Findings { evidence: Vec::new(), notes: vec![format!("seed {seed}")] }
    }
}

const PASS: Run<u64> = |_| Box::pin(async { Ok(()) });
const FAIL: Run<u64> = |_| Box::pin(async { Err(Outcome::fail("this", "that")) });
const ERROR: Run<u64> = |_| Box::pin(async { Err(Outcome::error("no idea")) });

const fn case(id: &'static str, level: Level) -> Case {
    let case = Suite::Server.must(id, "", "", Source::PRACTICE);
    Case { level, ..case }
}

const fn check(id: &'static str, level: Level, run: Run<u64>) -> Check<u64> {
    Check { case: case(id, level), run }
}

const fn after(check: Check<u64>, depends_on: &'static [&'static str]) -> Check<u64> {
    Check { case: check.case.after(depends_on), ..check }
}

const fn needing(check: Check<u64>, needs: &'static [Need]) -> Check<u64> {
    Check { case: check.case.needing(needs), ..check }
}

async fn report(checks: &[Check<u64>], settings: &Settings) -> Report {
    let subject = Subject { suite: Suite::Server, target: "somewhere".to_owned(), facts: Vec::new() };
    run(subject, checks, &Fake, settings, &mut |_| {}).await
}

async fn all(checks: &[Check<u64>]) -> Report {
    report(checks, &Settings::new()).await
}

fn skipped(report: &Report, id: &str) -> String {
    match &report.case(id).unwrap().outcome {
        Outcome::Skip { reason } => reason.clone(),
        other => panic!("{other:?}"),
    }
}

fn ids(report: &Report) -> Vec<&str> {
    report.cases.iter().map(|case| case.case.id).collect()
}

#[tokio::test]
async fn a_broken_must_fails_and_anything_else_warns() {
    let checks = [
        check("must", Level::Must, PASS),
        check("should", Level::Should, FAIL),
        check("may", Level::May, FAIL),
        check("info", Level::Info, FAIL),
    ];
    let found = all(&checks).await;
    let warning = Outcome::warn("this", "that");
    assert_eq!(found.cases[1].outcome, warning);
    assert_eq!(found.cases[2].outcome, warning);
    assert_eq!(skipped(&found, "info"), "that");
    assert_eq!(found.counts(), Counts { passed: 1, warned: 2, skipped: 1, ..Counts::default() });
    assert_eq!((found.verdict(), found.verdict().exit_code()), (Verdict::Conformant, 0));

    let found = all(&[check("must", Level::Must, FAIL), check("error", Level::Must, ERROR)]).await;
    assert_eq!(found.counts(), Counts { failed: 1, errors: 1, ..Counts::default() });
    assert_eq!((found.verdict(), found.verdict().exit_code()), (Verdict::Failing, 1));
}

#[tokio::test]
async fn an_error_is_not_held_against_the_target() {
    let found = all(&[check("a", Level::Must, PASS), check("b", Level::May, ERROR)]).await;
    assert_eq!((found.verdict(), found.verdict().exit_code()), (Verdict::HarnessError, 2));
}

#[tokio::test]
async fn a_failure_is_reported_once_and_its_dependents_say_why_they_were_skipped() {
    let checks = [
        check("root", Level::Must, FAIL),
        after(check("child", Level::Must, PASS), &["root"]),
        after(check("grandchild", Level::Must, PASS), &["child"]),
        check("error", Level::May, ERROR),
        after(check("orphan", Level::May, PASS), &["error"]),
        check("warned", Level::Should, FAIL),
        after(check("runs", Level::Must, PASS), &["warned"]),
        needing(check("grpc", Level::Should, PASS), &[GRPC]),
        after(check("grpc-too", Level::Must, FAIL), &["grpc"]),
    ];
    let found = all(&checks).await;
    assert_eq!(skipped(&found, "child"), "depends on root, which failed");
    assert_eq!(skipped(&found, "grandchild"), "depends on child, which was skipped");
    assert_eq!(skipped(&found, "orphan"), "depends on error, which could not be run");
    assert_eq!(found.case("runs").unwrap().outcome, Outcome::Pass);
    assert_eq!(found.case("grpc-too").unwrap().outcome, Outcome::unsupported("gRPC"));
    let counts = Counts {
        passed: 1,
        failed: 1,
        warned: 1,
        skipped: 3,
        unsupported: 2,
        errors: 1,
        ..Counts::default()
    };
    assert_eq!(found.counts(), counts);
}

#[tokio::test]
async fn a_skipped_must_is_never_conformant() {
    let a = check("a", Level::Must, PASS);
    let paid = |level| [a, needing(check("paid", level, PASS), &[PAYER])];
    let found = all(&paid(Level::Must)).await;
    assert_eq!(skipped(&found, "paid"), "needs a payer");
    assert_eq!((found.verdict(), found.verdict().exit_code()), (Verdict::Partial, 3));
    assert_eq!(all(&paid(Level::Should)).await.verdict(), Verdict::Conformant);
    let strict = report(&paid(Level::Must), &Settings::new().strict()).await;
    assert_eq!(strict.verdict(), Verdict::Failing);
}

#[tokio::test]
async fn what_was_said_to_be_missing_is_unsupported() {
    let paid = needing(check("paid", Level::Must, PASS), &[PAYER]);
    let settings = Settings::new().without("payer");
    let found = report(&[check("a", Level::Must, PASS), paid], &settings).await;
    assert!(matches!(&found.cases[1].outcome, Outcome::Unsupported { what } if what.contains("a payer")));
    assert_eq!(found.verdict(), Verdict::Conformant);
    // But where no MUST was checked at all, nothing is proved.
    assert_eq!(report(&[paid], &settings).await.verdict(), Verdict::Partial);
    assert_eq!(all(&[]).await.verdict(), Verdict::Partial);
}

#[tokio::test]
async fn a_strict_run_fails_on_warnings() {
    let checks = [check("a", Level::Must, PASS), check("b", Level::Should, FAIL)];
    assert_eq!(report(&checks, &Settings::new().strict()).await.verdict(), Verdict::Failing);
    let known = Settings::new().strict().with_expected(Expected::default().with("b", "so be it"));
    assert_eq!(report(&checks, &known).await.verdict(), Verdict::Conformant);
}

#[tokio::test]
async fn the_cases_that_are_asked_for_run_and_those_that_they_depend_on() {
    let checks = [
        check("a/root", Level::Should, PASS),
        after(check("a/child", Level::Must, PASS), &["a/root"]),
        after(check("b/grandchild", Level::Must, PASS), &["a/child"]),
        check("b/other", Level::Must, PASS),
        check("c", Level::May, PASS),
    ];
    let found = report(&checks, &Settings::new().only("b/g*")).await;
    assert_eq!(ids(&found), ["a/root", "a/child", "b/grandchild"]);
    assert_eq!((found.left_out, found.verdict()), (1, Verdict::Partial));

    let found = report(&checks, &Settings::new().with_level(Level::Must)).await;
    assert_eq!(ids(&found), ["a/root", "a/child", "b/grandchild", "b/other"]);
    assert_eq!((found.left_out, found.verdict()), (0, Verdict::Conformant));

    let found = report(&checks, &Settings::new().skip("a/child")).await;
    assert_eq!(skipped(&found, "b/grandchild"), "depends on a/child, which was left out");
    assert_eq!(found.left_out, 1);
}

#[tokio::test]
async fn a_known_deviation_is_accepted_until_it_is_gone() {
    let checks =
        [check("a", Level::Must, FAIL), check("b", Level::Should, FAIL), check("c", Level::Must, PASS)];
    let listed = |ids: &[&str]| {
        let expected = ids.iter().fold(Expected::default(), |list, id| list.with(*id, "for a reason"));
        Settings::new().with_expected(expected)
    };
    let found = report(&checks, &listed(&["a", "b"])).await;
    assert_eq!((found.verdict(), found.verdict().exit_code()), (Verdict::KnownDeviations, 0));
    assert_eq!(found.counts().known, 2);
    assert_eq!(found.case("a").unwrap().known_deviation.as_deref(), Some("for a reason"));

    let child = after(check("a/child", Level::Must, PASS), &["a"]);
    let found = report(&[checks.as_slice(), &[child]].concat(), &listed(&["a", "b"])).await;
    assert_eq!(found.verdict(), Verdict::KnownDeviations, "what depends on it is known, too");
    assert_eq!((found.counts().skipped, found.counts().unsupported), (0, 1));

    assert_eq!(report(&checks, &listed(&["b"])).await.verdict(), Verdict::Failing);
    let found = report(&checks, &listed(&["a", "c"])).await;
    assert_eq!(found.verdict(), Verdict::HarnessError);
    assert!(found.stale[0].starts_with("c is listed as a known deviation, but passes"), "{:?}", found.stale);
    let found = report(&checks, &listed(&["a", "d"])).await;
    assert_eq!(found.verdict(), Verdict::HarnessError);
    assert!(found.stale[0].contains("no case is called so"));
    let found = report(&checks, &Settings::new().without("luck")).await;
    assert!(found.stale[0].contains("no case needs luck"), "{:?}", found.stale);
    let found = report(&checks, &Settings::new().only("nothing/*")).await;
    assert!(found.stale[0].contains("no case is called nothing/*"));
}

#[tokio::test]
async fn an_ambiguous_case_is_as_binding_as_the_profile_says() {
    const AMBIGUITY: Ambiguity = Ambiguity {
        conflict: "one text says so, another says no",
        scoring: &[
            Scoring::new(Profile::Aperture, Level::Must, "that"),
            Scoring::new(Profile::L402kit, Level::Info, "nothing"),
        ],
    };
    let twin = Check { case: case("twin", Level::Should).ambiguous(AMBIGUITY), run: FAIL };
    let checks = [check("a", Level::Must, PASS), twin];
    for (profile, verdict, level) in [
        (Profile::Default, Verdict::Conformant, Level::Should),
        (Profile::Aperture, Verdict::Failing, Level::Must),
        (Profile::L402kit, Verdict::Conformant, Level::Info),
    ] {
        let found = report(&checks, &Settings::new().with_profile(profile)).await;
        assert_eq!((found.verdict(), found.cases[1].case.level), (verdict, level));
    }
}

#[tokio::test]
async fn who_watches_is_told_of_every_case() {
    let checks = [check("a", Level::Must, PASS), check("b", Level::Must, FAIL)];
    let subject = Subject { suite: Suite::Server, target: String::new(), facts: Vec::new() };
    let mut seen = Vec::new();
    let mut watch = |progress: Progress<'_>| {
        seen.push(match progress {
            Progress::Begin { at, of, case } => format!("{at}/{of} {}", case.id),
            Progress::End(report) => report.word().to_owned(),
        });
    };
    let found = run(subject, &checks, &Fake, &Settings::new().with_seed(7), &mut watch).await;
    assert_eq!(seen, ["0/2 a", "pass", "1/2 b", "fail"]);
    assert_eq!(found.cases[0].notes, ["seed 7"]);
}
