//! The `l402-dev` command as a newcomer runs it.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

const BIN: &str = env!("CARGO_BIN_EXE_l402-dev");

fn l402_dev(args: &[&str]) -> Output {
    Command::new(BIN).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn the_json_of_the_demo_has_everything_that_happened() {
    let output = l402_dev(&["demo", "--json"]);
    assert!(output.status.success());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();

    let challenge = &report["challenge"];
    assert_eq!((&challenge["status"], &challenge["price_sats"]), (&402.into(), &10.into()));
    let invoice = challenge["invoice"].as_str().unwrap();
    assert!(challenge["www_authenticate"].as_str().unwrap().contains(&format!("invoice=\"{invoice}\"")));
    let facts: l402_core::bolt11::InvoiceFacts = invoice.parse().unwrap();
    assert_eq!(challenge["payment_hash"], facts.payment_hash.to_string());
    assert_eq!(report["payment"]["preimage_matches"], true);
    assert_eq!(report["paid"]["status"], 200);
    assert!(report["paid"]["body"].as_str().unwrap().contains(&facts.payment_hash.to_string()));
    for (attack, status, code) in [
        ("forged", 401, "bad_signature"),
        ("replayed", 402, "token_used"),
        ("tampered", 401, "bad_signature"),
    ] {
        assert_eq!(report[attack], serde_json::json!({ "status": status, "code": code }));
    }
    assert_eq!(report["ok"], true);
}

#[test]
fn the_story_is_told_in_plain_text_when_nobody_watches() {
    let output = l402_dev(&["demo"]);
    assert!(output.status.success());
    let story = stdout(&output);
    for part in [
        "402 Payment Required",
        "path=/report",
        "SHA-256",
        "bad_signature",
        "token_used",
        "went as it should",
    ] {
        assert!(story.contains(part), "{part} is missing in:\n{story}");
    }
    assert!(!story.contains('\x1b'), "no colours in a pipe");
}

/// `demo --serve`, killed at the end of the test.
struct Served {
    process: Child,
    out: BufReader<ChildStdout>,
}

impl Served {
    fn start(args: &[&str]) -> Self {
        let mut process =
            Command::new(BIN).args(["demo", "--serve"]).args(args).stdout(Stdio::piped()).spawn().unwrap();
        let out = BufReader::new(process.stdout.take().unwrap());
        Self { process, out }
    }

    fn lines_until(&mut self, last: &str) -> String {
        let mut text = String::new();
        while !text.contains(last) {
            assert_ne!(self.out.read_line(&mut text).unwrap(), 0, "ended early:\n{text}");
        }
        text
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

#[test]
fn the_printed_commands_work_when_pasted() {
    let mut served = Served::start(&[]);
    let script =
        served.lines_until("Ctrl-C").replace("A paid API", "# A paid API").replace("Ctrl-C", "# Ctrl-C");
    // Once more at the end: the token is spent by then.
    let last = script.lines().rfind(|line| line.starts_with("curl")).unwrap().to_owned();
    let output = Command::new("bash").arg("-c").arg(format!("{script}\n{last}")).output().unwrap();
    let statuses: Vec<String> = stdout(&output)
        .split("HTTP/1.1 ")
        .skip(1)
        .map(|answer| answer.split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(statuses, ["402", "200", "402"], "{}", stdout(&output));
}

#[test]
fn pay_prints_the_preimage_and_nothing_else() {
    let mut served = Served::start(&["--json"]);
    let ready: serde_json::Value = serde_json::from_str(&served.lines_until("\n")).unwrap();
    let (url, node) = (ready["url"].as_str().unwrap(), ready["node"].as_str().unwrap());
    let offer = Command::new("curl").args(["-s", url]).output().unwrap();
    let offer: serde_json::Value = serde_json::from_slice(&offer.stdout).unwrap();

    let output = l402_dev(&["pay", offer["invoice"].as_str().unwrap(), "--node", node]);
    assert!(output.status.success());
    let preimage: l402_core::Preimage = stdout(&output).trim_end().parse().unwrap();
    assert_eq!(preimage.payment_hash().to_string(), offer["payment_hash"].as_str().unwrap());
}

/// A proof of payment must not leave the machine because the environment names a proxy.
#[test]
fn the_demo_takes_no_proxy_to_itself() {
    let output = Command::new(BIN)
        .args(["demo", "--json"])
        .envs(["HTTP_PROXY", "http_proxy", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:9")))
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn mistakes_are_answered_with_what_to_do() {
    let unpayable = l402_dev(&["pay", "lnbc1garbage", "--node", "http://127.0.0.1:9/node"]);
    assert_eq!(unpayable.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&unpayable.stderr).starts_with("error: "));
    assert!(unpayable.stdout.is_empty());

    assert_eq!(l402_dev(&["pay"]).status.code(), Some(2));
    assert_eq!(l402_dev(&["demo", "--listen", "nowhere"]).status.code(), Some(2));

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = l402_dev(&["demo", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--listen"), "{output:?}");

    let mut help = String::new();
    let mut process = Command::new(BIN).arg("--help").stdout(Stdio::piped()).spawn().unwrap();
    process.stdout.take().unwrap().read_to_string(&mut help).unwrap();
    assert!(process.wait().unwrap().success());
    assert!(help.contains("demo") && help.contains("Exit codes"), "{help}");
}
