//! The command against the conformance suite: no deviation, with any wallet.

use std::time::Duration;

use l402_conformance::client::{self, Ability, ClientCommand, Options, WalletKind};
use l402_conformance::{Settings, Verdict};

/// Far more than the command needs to end by itself, however busy the machine is.
const PATIENCE: Duration = Duration::from_secs(60);

fn command() -> ClientCommand {
    let l402 = format!("{} --store {{dir}}/wallet.db --config /dev/null", env!("CARGO_BIN_EXE_l402"));
    let options = "--data-json @{body-file} --max-cost {max-cost-sats}sat --fail --timeout 10";
    ClientCommand::new(&format!("{l402} request {{method}} {options} {{url}}")).unwrap()
}

/// A machine without a network cannot run some cases.
fn settings() -> Settings {
    let settings = Settings::new().strict();
    if client::has_network() { settings } else { settings.without("network") }
}

fn options() -> Options {
    Ability::ALL.into_iter().fold(Options::new(), Options::can).wallet(WalletKind::Dev).timeout(PATIENCE)
}

#[tokio::test]
async fn the_command_is_conformant() {
    let report = client::run(&command(), &options(), &settings(), &mut |_| {}).await;
    assert_eq!(report.verdict(), Verdict::Conformant, "{}", report.to_human(false));
}

#[tokio::test]
#[cfg_attr(
    not(target_os = "linux"),
    ignore = "SSL_CERT_FILE is for Linux; elsewhere the system says whom to trust"
)]
async fn and_over_https() {
    let report = client::run(&command(), &options().https(), &settings(), &mut |_| {}).await;
    assert_eq!(report.verdict(), Verdict::Conformant, "{}", report.to_human(false));
    assert!(!client::has_network() || report.counts().passed == client::cases().len(), "{}", report.counts());
}

#[tokio::test]
async fn every_wallet_of_the_suite_pays() {
    for kind in WalletKind::ALL {
        let options = Options::new().can(Ability::Stdout).wallet(kind).timeout(PATIENCE);
        let options = if cfg!(target_os = "linux") { options.https() } else { options };
        let settings = Settings::new().only("client/pays").only("client/wallet/fails");
        let report = client::run(&command(), &options, &settings, &mut |_| {}).await;
        assert_eq!(report.counts().passed, 2, "{kind}: {}", report.to_human(false));
    }
}
