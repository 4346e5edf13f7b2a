//! Every flaw is found, by the case that is about it and by no other.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use l402_conformance::{Outcome, Payer, Report, Target, Verdict, server};
use support::flawed::{self, Flaw};

/// Flaws, and the cases that must fail.
const BROKEN_MUSTS: &[(Flaw, &[&str])] = &[
    (Flaw::ChallengeStatus401, &["challenge/status-402"]),
    (Flaw::FreeForAll, &["challenge/status-402"]),
    (Flaw::NoChallenge, &["challenge/parameters"]),
    (Flaw::NoInvoiceParameter, &["challenge/parameters"]),
    (Flaw::LsatChallengeOnly, &["challenge/parameters"]),
    (Flaw::TokenParameterOnly, &["challenge/parameters"]),
    (Flaw::SwappedParameters, &["challenge/form"]),
    (Flaw::UnquotedParameters, &["challenge/form"]),
    (Flaw::NoSpaceAfterComma, &["challenge/form"]),
    (Flaw::UnpaddedBase64, &["challenge/base64"]),
    (Flaw::OpaqueToken, &["challenge/macaroon-v2", "challenge/fresh"]),
    (Flaw::InventedInvoice, &["challenge/invoice"]),
    (Flaw::OtherHashInIdentifier, &["challenge/identifier"]),
    (Flaw::ShortIdentifier, &["challenge/identifier"]),
    (Flaw::SameChallengeTwice, &["challenge/fresh"]),
    (Flaw::SameInvoiceTwice, &["challenge/fresh"]),
    (Flaw::RefusesPaid, &["credential/accepted"]),
    (Flaw::RefusesLsat, &["credential/lsat"]),
    (Flaw::SchemeCaseSensitive, &["credential/scheme-case"]),
    (Flaw::OneSpaceOnly, &["credential/two-spaces"]),
    (Flaw::LowerCaseHexOnly, &["credential/upper-case-hex"]),
    (Flaw::AnyPreimage, &["verification/wrong-preimage", "verification/wrong-preimage-paid"]),
    (Flaw::AnyPreimageOncePaid, &["verification/wrong-preimage-paid"]),
    (Flaw::NoPreimageNeeded, &["verification/missing-preimage"]),
    (Flaw::WrongPreimageIs500, &["verification/wrong-preimage", "verification/wrong-preimage-paid"]),
    (Flaw::SignatureUnchecked, &["verification/forged", "verification/tampered"]),
    (Flaw::RootKeyOfZeros, &["verification/forged"]),
    (Flaw::KnownHashIsEnough, &["verification/tampered"]),
    (Flaw::LastSignatureByteUnchecked, &["verification/tampered"]),
    (Flaw::TabIs500, &["verification/control-characters", "verification/control-characters-paid"]),
    (Flaw::TabsAreStripped, &["verification/control-characters-paid"]),
    (Flaw::ReplayKeyIsTheText, &["verification/used-again-respelled"]),
];

/// Flaws, and the cases that must warn.
const UNWISE: &[(Flaw, &[&str])] = &[
    (Flaw::Cacheable, &["challenge/no-store"]),
    (Flaw::HeadMints, &["challenge/head"]),
    (Flaw::OptionsMints, &["challenge/options"]),
    (Flaw::Reusable, &["verification/used-again"]),
    (Flaw::AnyPath, &["verification/other-url"]),
    (
        Flaw::RefusesWith400,
        &[
            "verification/wrong-preimage",
            "verification/wrong-preimage-paid",
            "verification/missing-preimage",
            "verification/forged",
            "verification/tampered",
        ],
    ),
];

async fn check(flaw: Flaw) -> Report {
    let address = flawed::serve(flaw).await;
    let target = Target::new(&format!("http://{address}/report")).unwrap();
    let target = target.with_other_url(&format!("http://{address}/other")).unwrap();
    let payer = Payer::node(&format!("http://{address}/node")).unwrap();
    server::check(&target, Some(&payer)).await
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

#[tokio::test]
async fn the_server_without_a_flaw_is_conformant() {
    let report = check(Flaw::None).await;
    assert_eq!(support::not_passed(&report), [""; 0]);
    assert_eq!(report.verdict(), Verdict::Conformant);
}

#[tokio::test]
async fn a_broken_must_is_found_and_fails() {
    let mut missed = Vec::new();
    for (flaw, cases) in BROKEN_MUSTS {
        let report = check(*flaw).await;
        if found(&report) != (cases.to_vec(), Vec::new()) || report.verdict() != Verdict::Failing {
            missed.push((flaw, found(&report)));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[tokio::test]
async fn what_is_allowed_but_unwise_is_a_warning() {
    let mut missed = Vec::new();
    for (flaw, cases) in UNWISE {
        let report = check(*flaw).await;
        if found(&report) != (Vec::new(), cases.to_vec()) || report.verdict() != Verdict::Conformant {
            missed.push((flaw, found(&report)));
        }
    }
    assert!(missed.is_empty(), "{missed:#?}");
}

#[test]
fn every_case_finds_a_flaw() {
    let caught: Vec<&str> =
        BROKEN_MUSTS.iter().chain(UNWISE).flat_map(|(_, cases)| *cases).copied().collect();
    for case in server::cases() {
        assert!(caught.contains(&case.id), "{}", case.id);
    }
}
