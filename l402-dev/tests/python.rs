//! Clients of others, in Python, buy from our paywall with our node as their wallet. `make test-python` installs them
//! and runs these.
#![cfg(all(feature = "cli", unix))]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

#[path = "support/served.rs"]
mod served;

use std::process::Command;

use served::Served;

/// Runs one of `examples/python`, and returns what it printed.
fn run(script: &str, args: &[&str]) -> String {
    let python = std::env::var_os("L402_PYTHON").expect("make test-python sets L402_PYTHON");
    let path = format!("{}/examples/python/{script}", env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(python).arg(path).args(args).env("NO_PROXY", "127.0.0.1").output().unwrap();
    assert!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
#[ignore = "needs Python packages: make test-python"]
fn pyln_client_pays_over_the_socket() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("lightning-rpc");
    let socket = socket.to_str().unwrap();
    let served = Served::start(&["--cln-socket", &format!("payer={socket}")]);
    let printed = run("buy_with_core_lightning.py", &[&served.text("premium"), socket]);
    assert!(printed.starts_with("200 The premium answer."), "{printed}");
}

#[test]
#[ignore = "needs Python packages: make test-python"]
fn l402sdk_pays_with_lnd() {
    let served = Served::start(&["--lnd-tls", "127.0.0.1:0"]);
    let macaroon = served.key("payer", "spend_key");
    let tls = served.ready["lnd_tls"]["url"].as_str().unwrap().to_owned();
    for lnd in [served.text("lnd"), tls] {
        let printed = run("buy_with_l402sdk.py", &[&served.text("premium"), &lnd, &macaroon]);
        assert!(printed.starts_with("200 The premium answer."), "{lnd}: {printed}");
    }
}

#[test]
#[ignore = "needs Python packages: make test-python"]
fn l402kit_pays_with_blink() {
    let served = Served::start(&[]);
    let (blink, key) = (served.text("blink"), served.key("payer", "spend_key"));
    let printed = run("buy_with_l402kit.py", &[&served.text("premium"), &blink, &key, "payer"]);
    assert!(printed.starts_with("200 The premium answer."), "{printed}");
}
