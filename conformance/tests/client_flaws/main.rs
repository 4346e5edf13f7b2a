//! Every case finds what it is there for, and finds nothing in a client without a flaw.
#![cfg(all(unix, feature = "client"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod bill;
mod challenge;
mod client;
mod flaw;
mod http;
mod kept;
mod tls;
mod wallet;

use std::collections::BTreeSet;
use std::time::Duration;

use client::Client;
use flaw::{FLAWS, Flaw};
use l402_conformance::client::{self as suite, Ability, ClientCommand, Options, WalletKind};
use l402_conformance::{Case, Outcome, Report, Settings, Verdict};

/// The client, in a process of its own: this test binary with further words.
#[test]
#[ignore = "it is the client of the other tests"]
fn the_client() {
    let words: Vec<String> = std::env::args().collect();
    let own = words.iter().position(|word| word == "--").map_or(words.len(), |at| at + 1);
    if own < words.len() {
        std::process::exit(Client::new(&words[own..]).run());
    }
}

fn command(flaw: Flaw) -> ClientCommand {
    let program = std::env::current_exe().unwrap();
    let own = "the_client --exact --ignored --nocapture --";
    let placeholders = "{dir} {method} {body-file} {max-cost-sats} {url}";
    ClientCommand::new(&format!("'{}' {own} {flaw:?} {placeholders}", program.display())).unwrap()
}

/// A client that ends by itself does so long before its time is over, however busy the machine is.
fn options() -> Options {
    let options = Ability::ALL.into_iter().fold(Options::new(), Options::can).wallet(WalletKind::Dev);
    options.timeout(Duration::from_secs(60))
}

/// One that does not is found when its time is over.
fn options_for(flaw: Flaw) -> Options {
    match flaw {
        Flaw::WaitsForEver
        | Flaw::BodiesOfAnyLength
        | Flaw::HeadsOfAnyLength
        | Flaw::ChallengesOfAnyLength
        | Flaw::FieldsAgainstEachOther
        | Flaw::FollowsForEver => options().timeout(Duration::from_secs(8)),
        _ => options(),
    }
}

async fn check(flaw: Flaw, settings: Settings) -> Report {
    check_with(&options(), flaw, settings).await
}

async fn check_with(options: &Options, flaw: Flaw, settings: Settings) -> Report {
    suite::run(&command(flaw), options, &settings, &mut |_| {}).await
}

/// A machine without a network cannot run some cases.
fn settings() -> Settings {
    let settings = Settings::new().strict();
    if suite::has_network() { settings } else { settings.without("network") }
}

fn needs(case: &Case, name: &str) -> bool {
    case.needs.iter().any(|need| need.name() == name)
}

#[tokio::test]
async fn a_client_without_a_flaw_is_conformant() {
    let report = check(Flaw::None, settings()).await;
    assert_eq!(report.verdict(), Verdict::Conformant, "{}", report.to_human(false));
    let unsupported = report.cases.iter().filter(|case| matches!(case.outcome, Outcome::Unsupported { .. }));
    let others = unsupported.filter(|case| !needs(&case.case, "https") && !needs(&case.case, "network"));
    assert_eq!(others.map(|case| case.case.id).collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test]
async fn nor_has_it_one_over_https() {
    let report = check_with(&options().https(), Flaw::None, settings()).await;
    assert_eq!(report.verdict(), Verdict::Conformant, "{}", report.to_human(false));
    assert!(!suite::has_network() || report.counts().passed == suite::cases().len(), "{}", report.counts());
}

#[tokio::test]
async fn every_flaw_is_found() {
    let mut missed = Vec::new();
    for (flaw, cases) in FLAWS {
        let settings = cases.iter().fold(Settings::new().with_seed(1), |settings, case| settings.only(case));
        let is_of_https = suite::cases().iter().any(|case| cases.contains(&case.id) && needs(case, "https"));
        let options = options_for(*flaw);
        let options = if is_of_https { options.https() } else { options };
        let report = check_with(&options, *flaw, settings).await;
        for id in *cases {
            let Some(found) = report.case(id) else { panic!("{id}") };
            let is_found = matches!(found.outcome, Outcome::Fail { .. } | Outcome::Warn { .. });
            let cannot_run = !suite::has_network() && needs(&found.case, "network");
            if !is_found && !cannot_run {
                missed.push(format!("{flaw:?}: {id}: {:?}", found.outcome));
            }
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[tokio::test]
async fn a_client_that_pays_without_end_is_stopped_and_judged_by_what_it_did() {
    let settings = Settings::new().only("client/paid-then-402").only("client/exit-status");
    let report = check(Flaw::PaysWithoutEnd, settings).await;
    let case = report.case("client/paid-then-402").unwrap();
    let Outcome::Fail { actual, .. } = &case.outcome else { panic!("{:?}", case.outcome) };
    assert!(actual.starts_with("the wallet was told to pay 1"), "{actual}");
    let note = "the client pays without end: it was stopped after 10 orders to the wallet";
    assert_eq!(case.notes, [note]);
    // What has no say in payments is judged as if the client had run out of time.
    let case = report.case("client/exit-status").unwrap();
    assert_eq!((&case.outcome, &case.notes[..]), (&Outcome::Pass, &[note.to_owned()][..]));
    assert!(report.to_human(false).contains(note));
}

/// It fails, fails again from the file, and passes where the flaw is mended.
#[tokio::test]
async fn what_was_generated_and_failed_is_kept_and_tried_again() {
    for (flaw, id) in [
        (Flaw::WordsInQuotesCount, "client/generated/challenges"),
        (Flaw::AmountInThirtyTwoBits, "client/generated/amounts"),
    ] {
        let directory = tempfile::tempdir().unwrap();
        let settings = Settings::new().only(id).with_seed(1).with_save(directory.path());
        let failed = check(flaw, settings).await;
        assert!(matches!(failed.case(id).unwrap().outcome, Outcome::Fail { .. }), "{:?}", failed.case(id));
        let saved: Vec<_> =
            std::fs::read_dir(directory.path()).unwrap().map(|one| one.unwrap().path()).collect();
        let [file] = &saved[..] else { panic!("{saved:?}") };

        let again = check(flaw, Settings::new().with_replay(file).unwrap()).await;
        assert!(matches!(again.case(id).unwrap().outcome, Outcome::Fail { .. }), "{:?}", again.case(id));
        let mended = check(Flaw::None, Settings::new().with_replay(file).unwrap()).await;
        assert_eq!(mended.case(id).unwrap().outcome, Outcome::Pass);
    }
}

#[test]
fn every_case_finds_a_flaw() {
    let caught: BTreeSet<&str> = FLAWS.iter().flat_map(|(_, cases)| *cases).copied().collect();
    let cases = suite::cases();
    let idle = cases.iter().filter(|case| !caught.contains(case.id));
    assert_eq!(idle.map(|case| case.id).collect::<Vec<_>>(), [""; 0]);
    assert!(FLAWS.len() >= 60, "{}", FLAWS.len());
}
