//! The mutation proof: every flaw is found, by the cases that are about it and by no other, and every case that can fail
//! finds one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

#[path = "../support/mod.rs"]
mod support;
mod table;

use futures_util::future::join_all;
use l402_conformance::{
    Expiry, Hook, Level, Outcome, Payer, Profile, Report, Settings, Target, Verdict, server,
};
use support::flawed::{self, Addresses, Flaw};
use table::{BROKEN_MUSTS, Row, UNWISE};

/// Cases about which nothing on this machine can be wrong.
const NOT_ON_LOOPBACK: &str = "transport/encrypted";

async fn check(flaw: Flaw, profile: Profile) -> Report {
    let addresses = flawed::serve(flaw, profile).await;
    let payer = Payer::node(&addresses.url("node")).unwrap();
    let settings = Settings::new().with_profile(profile).with_seed(1);
    // Nobody can pay it, so that is as far as it goes.
    let settings = match flaw {
        Flaw::AmountlessInvoice => settings.only("challenge/*"),
        _ if is_deadly(flaw) => settings.only("robustness/*"),
        // Those two wait for company, with every request.
        Flaw::ClaimIsNotAtomic | Flaw::OffersAreShared => settings.only("concurrency/*"),
        Flaw::SchemeFromAList | Flaw::SignatureBytesInAnyOrder | Flaw::OpenQuoteIs500 => settings,
        _ => settings.with_generated(8),
    };
    server::run(&target(flaw, addresses), Some(&payer), &settings, &mut |_| {}).await
}

/// Those are about long headers, which take their time.
fn is_deadly(flaw: Flaw) -> bool {
    format!("{flaw:?}").starts_with("Dies")
}

fn target(flaw: Flaw, addresses: Addresses) -> Target {
    let hook = |name: &str| Hook::url(&addresses.url(&format!("hooks/{name}"))).unwrap();
    let report = addresses.url("report");
    let target = Target::new(&report).unwrap().with_other_url(&addresses.url("other")).unwrap();
    let target =
        target.with_other_method("POST").unwrap().with_failing_url(&addresses.url("failing")).unwrap();
    let target = target.with_expiring_url(&report, Expiry::Hook(hook("expire"))).unwrap();
    let bytes = if is_deadly(flaw) { 160 * 1024 } else { 8 * 1024 };
    target.with_restart(hook("restart")).with_max_header_bytes(bytes)
}

/// The ids of the cases that failed and that warned.
fn found(report: &Report) -> (Vec<&'static str>, Vec<&'static str>) {
    let (mut failed, mut warned) = (Vec::new(), Vec::new());
    for case in &report.cases {
        match &case.outcome {
            Outcome::Fail { .. } => failed.push(case.case.id),
            Outcome::Warn { .. } => warned.push(case.case.id),
            Outcome::Error { reason } => panic!("{}: {reason}", case.case.id),
            _ => {}
        }
    }
    (failed, warned)
}

/// The flaws of a table that are not found as it says. Several at a time, since each server waits now and then.
async fn missed(table: &[Row], expect: fn(&Report, &[&str]) -> bool) -> Vec<String> {
    let mut missed = Vec::new();
    for rows in table.chunks(8) {
        let reports = join_all(rows.iter().map(|(flaw, profile, _)| check(*flaw, *profile))).await;
        for ((flaw, profile, cases), report) in rows.iter().zip(reports) {
            if !expect(&report, cases) {
                missed.push(format!("{flaw:?} in {profile}: {:?}, not {cases:?}", found(&report)));
            }
        }
    }
    missed
}

#[tokio::test]
async fn the_server_without_a_flaw_is_conformant_in_every_profile() {
    for profile in Profile::ALL {
        let report = check(Flaw::None, profile).await;
        assert_eq!(report.verdict(), Verdict::Conformant, "{}", report.to_human(false));
        assert_eq!(found(&report), (Vec::new(), Vec::new()), "{}", report.to_human(false));
        let not_applicable = support::not_passed(&report);
        let known = [
            "challenge/lsat-twin",
            "challenge/twins-agree",
            NOT_ON_LOOPBACK,
            "challenge/version",
            "cost/invalid",
        ];
        for case in &not_applicable {
            assert!(known.iter().any(|id| case.starts_with(id)), "{case}");
        }
    }
}

#[tokio::test]
async fn a_broken_must_is_found_and_fails() {
    let expect =
        |report: &Report, cases: &[&str]| found(report).0 == cases && report.verdict() == Verdict::Failing;
    let missed = missed(BROKEN_MUSTS, expect).await;
    assert!(missed.is_empty(), "{missed:#?}");
}

#[tokio::test]
async fn what_is_allowed_but_unwise_is_a_warning() {
    let expect = |report: &Report, cases: &[&str]| {
        let verdict = report.verdict();
        found(report) == (Vec::new(), cases.to_vec())
            && (verdict == Verdict::Conformant || report.left_out > 0 && verdict == Verdict::Partial)
    };
    let missed = missed(UNWISE, expect).await;
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn every_case_finds_a_flaw_and_every_must_fails_for_one() {
    let caught = |id: &str, table: &[Row]| table.iter().any(|(.., cases)| cases.contains(&id));
    for case in server::cases() {
        let is_must = Profile::ALL.into_iter().any(|profile| case.level_in(profile) == Level::Must);
        if is_must {
            assert!(caught(case.id, BROKEN_MUSTS), "{} never fails", case.id);
        } else if case.level != Level::Info && case.id != NOT_ON_LOOPBACK {
            assert!(caught(case.id, UNWISE), "{} never warns", case.id);
        }
    }
}

#[tokio::test]
async fn challenges_in_the_clear_are_a_warning_where_somebody_may_listen() {
    let addresses = flawed::serve(Flaw::None, Profile::Default).await;
    // Any address of this machine, and no loopback address as far as anybody can tell.
    let url = addresses.url("report").replace("127.0.0.1", "0.0.0.0");
    let settings = Settings::new().only(NOT_ON_LOOPBACK);
    let report = server::run(&Target::new(&url).unwrap(), None, &settings, &mut |_| {}).await;
    assert_eq!(found(&report), (Vec::new(), vec![NOT_ON_LOOPBACK]));
}
