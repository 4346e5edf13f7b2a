//! The verifier suite: verifiers without a flaw pass, and every flaw is found.
#![cfg(feature = "verifier")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use l402_conformance::verifier::{self, Throughput, Verifier};
use l402_conformance::{Evidence, Level, Outcome, Report, Settings, Verdict};
use tokio::task::JoinSet;

fn path(of: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(of).to_str().unwrap().to_owned()
}

fn python() -> String {
    format!("python3 '{}'", path("shims/python/l402_shim.py"))
}

fn node() -> String {
    format!("node '{}'", path("shims/node/l402-shim.mjs"))
}

/// The example that wraps `l402-core`, which `cargo test` builds beside the tests.
fn core() -> String {
    let mut directory = std::env::current_exe().unwrap();
    directory.pop();
    directory.pop();
    let shim: PathBuf = directory.join("examples/core_shim");
    assert!(shim.exists(), "{} is missing; cargo build --example core_shim", shim.display());
    format!("'{}'", shim.display())
}

fn flawed(defect: &str) -> String {
    format!("python3 '{}' {defect}", path("tests/support/flawed_shim.py"))
}

/// The ids of the cases that did not pass, with how they ended.
fn not_passed(report: &Report) -> Vec<(&'static str, &'static str)> {
    let not_passed = report.cases.iter().filter(|case| case.outcome != Outcome::Pass);
    not_passed.map(|case| (case.case.id, case.word())).collect()
}

const WITHOUT_V1_WRITER: &[(&str, &str)] =
    &[("verifier/mint/v1", "unsupported"), ("verifier/attenuate/v1", "unsupported")];

#[tokio::test]
async fn verifiers_without_a_flaw_are_conformant() {
    for (command, not) in [(core(), WITHOUT_V1_WRITER), (node(), WITHOUT_V1_WRITER), (python(), &[])] {
        let report = verifier::check(&command).await;
        assert_eq!(not_passed(&report), not, "{}", report.to_human(false));
        assert_eq!(report.verdict(), Verdict::Conformant);
        let name = report.facts.iter().find(|(name, _)| name == "name").unwrap();
        assert!(!name.1.is_empty());
    }
}

/// Finds out about all of them, two at a time.
async fn reports(defects: Vec<String>, settings: Settings) -> Vec<(String, Report)> {
    let mut running = JoinSet::new();
    let mut waiting = defects.into_iter();
    let mut found = Vec::new();
    loop {
        while running.len() < 2 {
            let Some(defect) = waiting.next() else { break };
            let settings = settings.clone();
            running.spawn(async move {
                let verifier = Verifier::command(flawed(&defect)).with_timeout(Duration::from_secs(3));
                (defect, verifier::run(&verifier, &settings, &mut |_| {}).await)
            });
        }
        match running.join_next().await {
            Some(done) => found.push(done.unwrap()),
            None => return found,
        }
    }
}

/// Cases that take their time, and the flaws that they are tried with.
const SLOW: &[(&str, &[&str])] = &[
    ("verifier/survives/*", &["ends-with-long-lines", "recursion", "json-that-is-too-deep"]),
    ("verifier/generated/macaroons", &["what-is-cut-is-filled-up"]),
    ("verifier/generated/attenuated", &["appended-caveats-are-not-signed"]),
    ("verifier/generated/tokens", &["only-the-first-caveat-is-judged", "packets-and-json-are-believed"]),
    ("verifier/generated/tampered", &["half-of-the-signature-is-checked"]),
    ("verifier/generated/credentials", &["lower-case-hex-only", "credentials-are-only-read"]),
];

/// The ids of the cases that failed or warned.
fn caught(report: &Report) -> Vec<&'static str> {
    let bad = |outcome: &Outcome| matches!(outcome, Outcome::Fail { .. } | Outcome::Warn { .. });
    report.cases.iter().filter(|case| bad(&case.outcome)).map(|case| case.case.id).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flaw_is_found_and_every_case_finds_one() {
    let list = Command::new("python3").arg(path("tests/support/flawed_shim.py")).output().unwrap();
    let defects: Vec<String> = String::from_utf8(list.stdout).unwrap().lines().map(str::to_owned).collect();
    assert!(defects.len() >= 40, "{defects:?}");
    let (mut missed, mut catching) = (Vec::new(), Vec::new());
    let settings = Settings::new().skip("verifier/generated/*").skip("verifier/survives/*");
    for (defect, report) in reports(defects, settings).await {
        if caught(&report).is_empty() && !SLOW.iter().any(|(_, defects)| defects.contains(&&*defect))
            || report.counts().errors > 0
        {
            missed.push(defect);
        }
        catching.extend(caught(&report));
    }
    assert_eq!(missed, [""; 0], "these were not found");

    for (cases, defects) in SLOW {
        let defects: Vec<String> = defects.iter().map(|defect| (*defect).to_owned()).collect();
        for (defect, report) in reports(defects, Settings::new().only(cases).with_seed(1)).await {
            assert!(!caught(&report).is_empty(), "{defect} was not found by {cases}");
            catching.extend(caught(&report));
        }
    }
    let asks = |level: Level| matches!(level, Level::Must | Level::Should | Level::May);
    let idle = verifier::cases().into_iter().filter(|case| asks(case.level) && !catching.contains(&case.id));
    assert_eq!(idle.map(|case| case.id).collect::<Vec<_>>(), [""; 0], "these cases found nothing");
}

/// Far more than a shim needs that answers, and waited for only where one does not.
const PATIENCE: Duration = Duration::from_secs(5);

async fn run(command: &str, only: &str) -> Report {
    let verifier = Verifier::command(command).with_timeout(PATIENCE);
    verifier::run(&verifier, &Settings::new().only(only), &mut |_| {}).await
}

fn failure<'a>(report: &'a Report, id: &str) -> (&'a str, &'a [Evidence]) {
    let case = report.case(id).unwrap();
    match &case.outcome {
        Outcome::Fail { actual, .. } => (actual, &case.evidence),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_shim_that_ends_fails_one_case_with_what_it_said_and_is_started_anew() {
    let report = run(&flawed("ends-with-long-lines"), "verifier/survives/*").await;
    let (actual, evidence) = failure(&report, "verifier/survives/deep-packets");
    assert!(
        actual.contains("exit status: 1") && actual.contains("a line that is too long for me"),
        "{actual}"
    );
    assert!(
        matches!(evidence.last(), Some(Evidence::Transcript { text, .. }) if text.contains("\"op\":\"parse\""))
    );
    assert_eq!(report.case("verifier/token/valid").unwrap().outcome, Outcome::Pass);
}

#[tokio::test]
async fn a_shim_that_hangs_fails_one_case() {
    let report = run(&flawed("hangs-with-third-party-caveats"), "verifier/v2/*").await;
    let (actual, _) = failure(&report, "verifier/v2/third-party");
    assert_eq!(actual, "no answer within 5s");
    assert_eq!(report.case("verifier/v2/structure").unwrap().outcome, Outcome::Pass);
}

#[tokio::test]
async fn a_shim_that_cannot_be_run_is_told() {
    for (command, reason) in [
        ("false", "the shim ended (exit status: 1)"),
        ("echo no json", "no JSON"),
        ("no-such-program-at-all", "not found"),
        ("yes", "no JSON"),
        ("head -c 2000000 /dev/zero", "a line of more than 1048576 bytes"),
    ] {
        let report = run(command, "verifier/token/valid").await;
        let (actual, _) = failure(&report, "verifier/hello");
        assert!(actual.contains(reason), "{command}: {actual}");
        assert_eq!(report.verdict(), Verdict::Failing);
    }
}

#[tokio::test]
async fn what_was_generated_and_failed_is_small_saved_and_can_be_tried_again() {
    let directory = tempfile::tempdir().unwrap();
    let id = "verifier/generated/tokens";
    let settings = Settings::new().only(id).with_seed(7).with_save(directory.path());
    let flawed = flawed("valid-at-the-last-second");
    let report = verifier::run(&Verifier::command(&flawed), &settings, &mut |_| {}).await;
    let (actual, evidence) = failure(&report, id);
    assert!(actual.contains("`ok`"), "{actual}");
    let [Evidence::Transcript { text: shown, .. }] = evidence else { panic!("{evidence:?}") };

    let saved: Vec<PathBuf> =
        std::fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [file] = &saved[..] else { panic!("{saved:?}") };
    let text = std::fs::read_to_string(file).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&value["case"], &value["seed"]), (&id.into(), &7.into()));
    // The one caveat that matters: `api_valid_until=1900000000`, which is now.
    let caveats = value["value"]["token"]["caveats"].as_array().unwrap();
    let caveat = hex_simd::decode_to_vec(caveats[0].as_str().unwrap()).unwrap();
    assert_eq!((caveats.len(), caveat.as_slice()), (1, b"api_valid_until=1900000000".as_slice()), "{text}");
    let macaroon = hex_simd::encode_to_string(&caveat, hex_simd::AsciiCase::Lower);
    assert!(shown.contains(&macaroon), "what is shown is the smallest: {shown}");

    for (command, passes) in [(flawed, false), (python(), true)] {
        let settings = Settings::new().with_replay(file).unwrap();
        let report = verifier::run(&Verifier::command(command), &settings, &mut |_| {}).await;
        assert_eq!(report.case(id).unwrap().outcome == Outcome::Pass, passes);
    }
    assert!(Settings::new().with_replay(Path::new("/nowhere")).unwrap_err().contains("/nowhere"));
}

#[tokio::test]
async fn the_same_seed_asks_the_same() {
    let transcript = async |seed| {
        let file = tempfile::NamedTempFile::new().unwrap();
        // Not `tee`, which may be ended before it has written what was answered.
        let keep = format!("printf '%s\\n' \"$line\" >>'{}'", file.path().display());
        let command =
            format!("while IFS= read -r line; do {keep}; printf '%s\\n' \"$line\"; done | {}", python());
        let settings = Settings::new().only("verifier/generated/tampered").with_seed(seed).with_generated(20);
        assert_eq!(
            verifier::run(&Verifier::command(command), &settings, &mut |_| {}).await.counts().failed,
            0
        );
        std::fs::read_to_string(file.path()).unwrap()
    };
    let first = transcript(3).await;
    assert!(first.lines().count() > 20);
    assert_eq!(transcript(3).await, first);
    assert_ne!(transcript(4).await, first);
}

#[tokio::test]
async fn a_verifier_that_looks_at_less_is_partial() {
    let page = std::fs::read_to_string(path("shims/PROTOCOL.md")).unwrap();
    let program = page.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(program.lines().count() <= 40, "{}", program.lines().count());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), program).unwrap();
    let command = format!("python3 '{}'", file.path().display());

    // The short program of the page does what it says: it verifies, and judges no caveat.
    let verifier = Verifier::command(&command);
    let report = verifier::run(&verifier, &Settings::new(), &mut |_| {}).await;
    for passed in [
        "verifier/token/valid",
        "verifier/token/forged",
        "verifier/token/caveats",
        "verifier/token/key-derivation",
    ] {
        assert_eq!(report.case(passed).unwrap().outcome, Outcome::Pass, "{passed}");
    }
    for skipped in ["verifier/caveats/services", "verifier/token/identifier-version"] {
        assert!(matches!(report.case(skipped).unwrap().outcome, Outcome::Skip { .. }), "{skipped}");
    }
    for lacking in ["verifier/mint/bytes", "verifier/v2/read", "verifier/challenge/standard"] {
        assert!(matches!(report.case(lacking).unwrap().outcome, Outcome::Unsupported { .. }), "{lacking}");
    }
}

#[tokio::test]
async fn the_throughput_of_a_shim_can_be_measured() {
    let mut shim = Throughput::start(&python()).await.unwrap();
    assert_eq!(shim.name(), "l402_shim.py 1");
    // The shortest of some: any one may have been interrupted.
    let floor = (0..10).map(|_| verifier::floor(1)).min().unwrap();
    assert!(shim.verify(200).await.unwrap() > floor);
    for (command, reason) in [
        ("false".to_owned(), "ended"),
        (
            flawed("no-key-derivation"),
            "not \
        accepted",
        ),
    ] {
        let error = Throughput::start(&command).await.unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}
