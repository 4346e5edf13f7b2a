//! The command against the conformance suite: no deviation, with any wallet.

use l402_conformance::client::{self, Ability, ClientCommand, Options, WalletKind};
use l402_conformance::{Outcome, Report, Settings, Verdict};

fn command() -> ClientCommand {
    let l402 = format!("{} --store {{dir}}/wallet.db --config /dev/null", env!("CARGO_BIN_EXE_l402"));
    let options = "--data-json @{body-file} --max-cost {max-cost-sats}sat --fail --timeout 5";
    ClientCommand::new(&format!("{l402} request {{method}} {options} {{url}}")).unwrap()
}

/// A machine without a network has no address for some cases.
fn needs_network(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Skip { reason } if reason.contains("not loopback"))
}

fn not_passed(report: &Report) -> Vec<String> {
    let cases =
        report.cases.iter().filter(|case| case.outcome != Outcome::Pass && !needs_network(&case.outcome));
    cases.map(|case| format!("{}: {:?}", case.case.id, case.outcome)).collect()
}

#[tokio::test]
async fn the_command_is_conformant() {
    let options = Ability::ALL.into_iter().fold(Options::new(), Options::can).wallet(WalletKind::Dev);
    let report = client::check(&command(), &options).await;
    assert_eq!(not_passed(&report), [""; 0]);
    let complete = !report.cases.iter().any(|case| needs_network(&case.outcome));
    assert_eq!(report.verdict(), if complete { Verdict::Conformant } else { Verdict::Partial });
}

#[tokio::test]
async fn every_wallet_of_the_suite_pays() {
    for kind in WalletKind::ALL {
        let options = Options::new().can(Ability::Stdout).wallet(kind);
        let settings = Settings::new().only("client/pays").only("client/wallet/fails");
        let report = client::run(&command(), &options, &settings, &mut |_| {}).await;
        assert_eq!(not_passed(&report), [""; 0], "{kind}");
        assert_eq!(report.counts().passed, 2);
    }
}
