//! The mutation proof: every flaw is found, by the cases that are about it and by no other, and every case that can fail
//! finds one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod support;

use futures_util::future::join_all;
use l402_conformance::{
    Expiry, Hook, Level, Outcome, Payer, Profile, Report, Settings, Target, Verdict, server,
};
use support::flawed::{self, Addresses, Flaw};

const DEFAULT: Profile = Profile::Default;
const APERTURE: Profile = Profile::Aperture;
const L402KIT: Profile = Profile::L402kit;

/// Flaws in a profile, and the cases that must fail.
const BROKEN_MUSTS: &[(Flaw, Profile, &[&str])] = &[
    (Flaw::ChallengeStatus401, DEFAULT, &["challenge/status-402"]),
    (Flaw::FreeForAll, DEFAULT, &["challenge/status-402"]),
    (Flaw::FreeForSomeFields, DEFAULT, &["challenge/no-way-around"]),
    (Flaw::SettledNeedsNoPreimage, DEFAULT, &["verification/used-again-respelled"]),
    (Flaw::XPaymentIsNotCounted, DEFAULT, &["verification/used-again-respelled"]),
    (Flaw::NoChallenge, DEFAULT, &["challenge/parameters"]),
    (Flaw::NoInvoiceParameter, DEFAULT, &["challenge/parameters"]),
    (Flaw::LsatChallengeOnly, DEFAULT, &["challenge/parameters"]),
    (Flaw::TokenParameterOnly, DEFAULT, &["challenge/parameters"]),
    (Flaw::SwappedParameters, DEFAULT, &["challenge/form"]),
    (Flaw::UnquotedParameters, DEFAULT, &["challenge/form"]),
    (Flaw::NoSpaceAfterComma, DEFAULT, &["challenge/form"]),
    (Flaw::UnpaddedBase64, DEFAULT, &["challenge/base64"]),
    (Flaw::OpaqueToken, DEFAULT, &["challenge/macaroon-v2", "challenge/fresh"]),
    (Flaw::InventedInvoice, DEFAULT, &["challenge/invoice"]),
    (Flaw::OtherHashInIdentifier, DEFAULT, &["challenge/identifier"]),
    (Flaw::ShortIdentifier, DEFAULT, &["challenge/identifier"]),
    (Flaw::SameChallengeTwice, DEFAULT, &["challenge/fresh"]),
    (Flaw::SameInvoiceTwice, DEFAULT, &["challenge/fresh"]),
    (Flaw::RefusesPaid, DEFAULT, &["credential/accepted"]),
    (Flaw::RefusesLsat, DEFAULT, &["credential/lsat"]),
    (Flaw::SchemeCaseSensitive, DEFAULT, &["credential/scheme-case"]),
    (Flaw::OneSpaceOnly, DEFAULT, &["credential/two-spaces"]),
    (Flaw::LowerCaseHexOnly, DEFAULT, &["credential/upper-case-hex"]),
    (
        Flaw::AnyPreimage,
        DEFAULT,
        &[
            "verification/wrong-preimage",
            "verification/wrong-preimage-paid",
            "verification/preimage-of-another",
        ],
    ),
    (
        Flaw::AnyPreimageOncePaid,
        DEFAULT,
        &["verification/wrong-preimage-paid", "verification/preimage-of-another"],
    ),
    (Flaw::AnySettledPreimage, DEFAULT, &["verification/preimage-of-another"]),
    (Flaw::PreimagePrefixIsEnough, DEFAULT, &["verification/malformed-preimage"]),
    (Flaw::NoPreimageNeeded, DEFAULT, &["verification/missing-preimage"]),
    (
        Flaw::WrongPreimageIs500,
        DEFAULT,
        &[
            "verification/wrong-preimage",
            "verification/wrong-preimage-paid",
            "verification/preimage-of-another",
        ],
    ),
    (
        Flaw::SignatureUnchecked,
        DEFAULT,
        &[
            "verification/forged",
            "verification/tampered",
            "verification/caveat-removed",
            "verification/forged-formats",
        ],
    ),
    (Flaw::RootKeyOfZeros, DEFAULT, &["verification/forged", "verification/forged-formats"]),
    (Flaw::KnownHashIsEnough, DEFAULT, &["verification/tampered", "verification/caveat-removed"]),
    (Flaw::LastSignatureByteUnchecked, DEFAULT, &["verification/tampered"]),
    (Flaw::SignatureOfIssueIsEnough, DEFAULT, &["verification/tampered", "verification/caveat-removed"]),
    (Flaw::UnsignedJson, DEFAULT, &["verification/forged-json"]),
    (Flaw::UnsignedJsonWithoutExpiry, DEFAULT, &["verification/forged-json"]),
    (Flaw::JsonWithEmptyKey, DEFAULT, &["verification/forged-signed-json"]),
    (
        Flaw::OldFormatsUnchecked,
        DEFAULT,
        &["verification/tampered", "verification/forged-formats", "verification/used-again-changed"],
    ),
    (Flaw::HashAnywhereIsEnough, DEFAULT, &["verification/forged-identifiers"]),
    (Flaw::GarbageIs500, DEFAULT, &["verification/missing-preimage", "verification/malformed"]),
    (Flaw::TabIs500, DEFAULT, &["verification/control-characters", "verification/control-characters-paid"]),
    (Flaw::TabsAreStripped, DEFAULT, &["verification/control-characters-paid"]),
    (Flaw::CaveatsBecomeHeaders, DEFAULT, &["verification/header-injection"]),
    (Flaw::QueryBecomesHeaders, DEFAULT, &["verification/header-injection"]),
    (
        Flaw::ReplayKeyIsTheText,
        DEFAULT,
        &["verification/used-again-respelled", "verification/used-again-changed"],
    ),
    (Flaw::ReplayKeyIsThePreimageText, DEFAULT, &["verification/used-again-respelled"]),
    (Flaw::ReplayKeyIsTheMacaroon, DEFAULT, &["verification/used-again-changed"]),
    (Flaw::ReplayKeyHasTheLocation, DEFAULT, &["verification/used-again-changed"]),
    (
        Flaw::ColonsAreIgnored,
        DEFAULT,
        &["verification/used-again-respelled", "verification/used-again-changed"],
    ),
    (Flaw::ClaimIsNotAtomic, DEFAULT, &["concurrency/one-token"]),
    (Flaw::OffersAreShared, DEFAULT, &["concurrency/challenges"]),
    (Flaw::UnknownCaveatsRefused, DEFAULT, &["caveats/unknown"]),
    (Flaw::FirstExpiryWins, DEFAULT, &["caveats/expired", "caveats/widened"]),
    (Flaw::LastExpiryWins, DEFAULT, &["caveats/widened"]),
    (Flaw::ExpiryUnchecked, DEFAULT, &["caveats/expired", "caveats/widened", "expiry/refused"]),
    (Flaw::GrpcIs402, DEFAULT, &["grpc/status-200"]),
    (Flaw::DiesOfLength, DEFAULT, &["robustness/long-credential"]),
    (Flaw::DiesOfPackets, DEFAULT, &["robustness/many-packets"]),
    (Flaw::DiesOfCaveats, DEFAULT, &["robustness/many-caveats"]),
    (Flaw::DiesOfLengths, DEFAULT, &["robustness/lying-lengths"]),
    (Flaw::DiesOfManyFields, DEFAULT, &["robustness/many-credentials"]),
    (Flaw::DiesOfOddBytes, DEFAULT, &["robustness/odd-bytes"]),
    (Flaw::NoLsatTwin, APERTURE, &["challenge/lsat-twin"]),
    (Flaw::LsatTwinLast, APERTURE, &["challenge/lsat-twin"]),
    (Flaw::NoMacaroonField, APERTURE, &["credential/macaroon-field"]),
    (Flaw::NoGrpcMetadataField, APERTURE, &["credential/grpc-metadata-field"]),
    (Flaw::InvalidIs401, APERTURE, &["status/invalid"]),
    (Flaw::UsedUpIs401, APERTURE, &["status/used-up"]),
    (Flaw::ExpiredIs401, APERTURE, &["status/expired"]),
    (Flaw::OtherUrlIs403, APERTURE, &["status/other-url"]),
    (Flaw::GrpcSaysSomethingElse, APERTURE, &["grpc/message"]),
    (Flaw::InvalidIs401, L402KIT, &["status/invalid"]),
    (Flaw::UsedUpIs402, L402KIT, &["status/used-up", "status/expired"]),
];

/// Flaws in a profile, and the cases that must warn.
const UNWISE: &[(Flaw, Profile, &[&str])] = &[
    (Flaw::NoVersion, DEFAULT, &["challenge/version"]),
    (Flaw::TokenDiffers, DEFAULT, &["challenge/token-is-macaroon"]),
    (Flaw::OtherSchemeFirst, DEFAULT, &["challenge/first"]),
    (Flaw::TwinHasOtherInvoice, APERTURE, &["challenge/twins-agree"]),
    (Flaw::AmountlessInvoice, DEFAULT, &["challenge/invoice-amount"]),
    (Flaw::ShortLivedInvoice, DEFAULT, &["challenge/invoice-expiry"]),
    (Flaw::SameTokenId, DEFAULT, &["challenge/token-id"]),
    (Flaw::CountedTokenId, DEFAULT, &["challenge/token-id"]),
    (Flaw::Cacheable, DEFAULT, &["challenge/no-store"]),
    (Flaw::HeadMints, DEFAULT, &["challenge/head", "cost/unasked"]),
    (Flaw::OptionsMints, DEFAULT, &["challenge/options", "cost/unasked"]),
    (Flaw::HeadMintsQuietly, DEFAULT, &["cost/unasked"]),
    (Flaw::GarbageMintsQuietly, DEFAULT, &["cost/invalid"]),
    (Flaw::PriceFromQuery, DEFAULT, &["challenge/price"]),
    (Flaw::PageEchoesQuery, DEFAULT, &["challenge/html"]),
    (Flaw::FreeInUpperCase, DEFAULT, &["challenge/path-variants"]),
    (Flaw::FreeWithSlash, DEFAULT, &["challenge/path-variants"]),
    (Flaw::ChallengeHiddenFromScripts, DEFAULT, &["cors/expose"]),
    (Flaw::PreflightIs402, DEFAULT, &["cors/preflight"]),
    (Flaw::PreflightForbidsAuthorization, DEFAULT, &["cors/preflight"]),
    (Flaw::PaddingRequired, DEFAULT, &["credential/unpadded-base64"]),
    (Flaw::UrlAlphabetRefused, DEFAULT, &["credential/url-safe-base64"]),
    (Flaw::OneFieldOnly, DEFAULT, &["credential/twins"]),
    (Flaw::PreimageCaveatRefused, DEFAULT, &["credential/preimage-caveat"]),
    (Flaw::PaidAnswersArePublic, DEFAULT, &["credential/paid-answer-is-private"]),
    (Flaw::SchemeOptional, DEFAULT, &["verification/other-scheme"]),
    (Flaw::LastCredentialWins, DEFAULT, &["verification/two-credentials"]),
    (Flaw::Reusable, DEFAULT, &["verification/used-again"]),
    (Flaw::AnyPath, DEFAULT, &["verification/other-url", "caveats/of-other-url"]),
    (Flaw::AnyMethod, DEFAULT, &["verification/other-method"]),
    (Flaw::LastPathWins, DEFAULT, &["caveats/of-other-url"]),
    (
        Flaw::RefusesWith400,
        DEFAULT,
        &[
            "verification/wrong-preimage",
            "verification/wrong-preimage-paid",
            "verification/preimage-of-another",
            "verification/missing-preimage",
            "verification/malformed-preimage",
            "verification/forged",
            "verification/tampered",
            "verification/caveat-removed",
            "verification/forged-json",
            "verification/forged-signed-json",
            "verification/forged-formats",
            "verification/forged-identifiers",
            "verification/malformed",
            "status/invalid",
        ],
    ),
    (Flaw::UsedUpIs401, DEFAULT, &["status/used-up"]),
    (Flaw::ExpiredIs401, DEFAULT, &["status/expired"]),
    (Flaw::OtherUrlIs403, DEFAULT, &["status/other-url"]),
    (Flaw::ChargesFailures, DEFAULT, &["delivery/failed-answer"]),
    (Flaw::ForgetsKeys, DEFAULT, &["restart/unused-token"]),
    (Flaw::ForgetsUses, DEFAULT, &["restart/used-token"]),
    (Flaw::GrpcSaysSomethingElse, DEFAULT, &["grpc/message"]),
    (Flaw::ManifestIsHtml, DEFAULT, &["discovery/manifest"]),
];

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
        _ => settings,
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
async fn missed(table: &[(Flaw, Profile, &[&str])], expect: fn(&Report, &[&str]) -> bool) -> Vec<String> {
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
    let caught =
        |id: &str, table: &[(Flaw, Profile, &[&str])]| table.iter().any(|(.., cases)| cases.contains(&id));
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
    let addresses = flawed::serve(Flaw::None, DEFAULT).await;
    // Any address of this machine, and no loopback address as far as anybody can tell.
    let url = addresses.url("report").replace("127.0.0.1", "0.0.0.0");
    let settings = Settings::new().only(NOT_ON_LOOPBACK);
    let report = server::run(&Target::new(&url).unwrap(), None, &settings, &mut |_| {}).await;
    assert_eq!(found(&report), (Vec::new(), vec![NOT_ON_LOOPBACK]));
}
