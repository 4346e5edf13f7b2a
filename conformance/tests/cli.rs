//! The command as its users run it.
#![cfg(feature = "cli")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod support;

use std::process::Output;

use l402_conformance::Profile;
use support::flawed::{self, Addresses, Flaw};
use tokio::process::Command;

async fn l402_conformance(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_l402-conformance")).args(args).output().await.unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn json(output: &Output) -> serde_json::Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The arguments that tell everything about the server at `addresses`.
fn everything(addresses: Addresses) -> Vec<String> {
    let mut args = vec!["server".to_owned()];
    for (option, value) in [
        ("--url", addresses.url("report")),
        ("--payer", addresses.url("node")),
        ("--other-url", addresses.url("other")),
        ("--other-method", "POST".to_owned()),
        ("--failing-url", addresses.url("failing")),
        ("--expiring-url", addresses.url("report")),
        ("--expire", addresses.url("hooks/expire")),
        ("--restart", addresses.url("hooks/restart")),
        ("--max-header", "8192".to_owned()),
    ] {
        args.extend([option.to_owned(), value]);
    }
    args
}

async fn run_all(addresses: Addresses, more: &[&str]) -> Output {
    let args = everything(addresses);
    let args: Vec<&str> = args.iter().map(String::as_str).chain(more.iter().copied()).collect();
    l402_conformance(&args).await
}

#[tokio::test]
async fn a_conformant_server_exits_0() {
    let addresses = flawed::serve(Flaw::None, Profile::Default).await;
    let output = run_all(addresses, &["--strict"]).await;
    let text = stdout(&output);
    assert_eq!(code(&output), 0, "{text}");
    assert!(text.contains("verdict: conformant") && text.contains("PASS  challenge/status-402"), "{text}");
    assert!(!text.contains('\x1b'), "no colours in a pipe");
    assert!(stderr(&output).is_empty(), "no progress in a pipe");
}

#[tokio::test]
async fn a_profile_is_chosen_by_its_name() {
    let addresses = flawed::serve(Flaw::None, Profile::Aperture).await;
    assert_eq!(code(&run_all(addresses, &["--profile", "aperture"]).await), 0);
    let output = run_all(addresses, &["--profile", "l402kit", "--only", "status/*"]).await;
    assert_eq!(code(&output), 1);
    assert!(stdout(&output).contains("FAIL  status/used-up"), "{}", stdout(&output));
}

#[tokio::test]
async fn several_reports_are_written_in_one_run() {
    let addresses = flawed::serve(Flaw::SwappedParameters, Profile::Default).await;
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str| directory.path().join(name).into_os_string().into_string().unwrap();
    let names = ["a.txt", "a.json", "a.xml", "a.md", "a.html"];
    let mut args = vec!["server".to_owned(), "--url".to_owned(), addresses.url("report")];
    for name in names {
        args.extend(["--output".to_owned(), file(name)]);
    }
    args.extend(["--format", "junit", "--seed", "7"].map(str::to_owned));
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = l402_conformance(&args).await;
    assert_eq!(code(&output), 1);
    let read = |name: &str| std::fs::read_to_string(file(name)).unwrap();
    assert!(stdout(&output).starts_with("<?xml") && read("a.xml").starts_with("<?xml"));
    assert!(read("a.txt").contains("FAIL  challenge/form") && !read("a.txt").contains('\x1b'));
    assert!(read("a.md").contains("| `challenge/form` | MUST | fail |"));
    assert!(read("a.html").starts_with("<!DOCTYPE html>"));
    let json: serde_json::Value = serde_json::from_str(&read("a.json")).unwrap();
    assert_eq!((&json["seed"], &json["verdict"]), (&7.into(), &"failing".into()));
}

#[tokio::test]
async fn known_deviations_are_read_from_a_file() {
    let addresses = flawed::serve(Flaw::RefusesLsat, Profile::Default).await;
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("known.toml");
    let file = path.to_str().unwrap();
    assert_eq!(code(&run_all(addresses, &[]).await), 1);

    std::fs::write(&path, "\"credential/lsat\" = \"old clients are gone\"\n").unwrap();
    let output = run_all(addresses, &["--expected", file]).await;
    assert_eq!(code(&output), 0, "{}", stdout(&output));
    assert!(stdout(&output).contains("KNOWN credential/lsat"));
    assert!(stdout(&output).contains("verdict: conformant but for known deviations"));

    std::fs::write(&path, "\"credential/lsat\" = \"so\"\n\"challenge/form\" = \"so\"\n").unwrap();
    let output = run_all(addresses, &["--expected", file]).await;
    assert_eq!(code(&output), 2);
    assert!(stdout(&output).contains("challenge/form is listed as a known deviation, but passes"));

    std::fs::write(&path, "credential/lsat\n").unwrap();
    let output = run_all(addresses, &["--expected", file]).await;
    assert_eq!(code(&output), 2);
    assert!(stderr(&output).contains("must be TOML lines such as"));
}

#[tokio::test]
async fn a_failing_server_exits_1_and_the_failure_says_everything() {
    let address = flawed::serve(Flaw::SwappedParameters, Profile::Default).await.0;
    let output = l402_conformance(&["server", "--url", &format!("http://{address}/report")]).await;
    assert_eq!(code(&output), 1);
    let text = stdout(&output);
    for part in [
        "FAIL  challenge/form",
        "MUST: l402-challenge = \"L402\" 1*SP",
        "source:   L402 protocol-specification, §5.3",
        "expected: L402 macaroon=",
        "actual:   the first parameter is not `macaroon`",
        "> GET /report HTTP/1.1\\r\\n",
        "< HTTP/1.1 402 Payment Required\\r\\n",
        &format!(
            "curl --include --http1.1 --path-as-is --globoff --noproxy '*' --header 'User-Agent: l402-conformance/{}'",
            env!("CARGO_PKG_VERSION")
        ),
        "SKIP  credential/accepted",
        "needs a payer",
        "verdict: failing",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[tokio::test]
async fn a_harness_error_exits_2() {
    let address = flawed::serve(Flaw::None, Profile::Default).await.0;
    let url = format!("http://{address}/report");
    let output = l402_conformance(&["server", "--url", &url, "--payer", "exit 7"]).await;
    assert_eq!(code(&output), 2);
    assert!(stdout(&output).contains("the payer failed: exit status: 7"));
    assert!(stdout(&output).contains("verdict: harness error"));

    for (args, reason) in [
        (["server", "--url", "ftp://example.com/"].as_slice(), "only http: and https: ones"),
        (&["server", "--url", &url, "--ca", "/nowhere.pem"], "/nowhere.pem: No such file"),
        (&["server", "--url", &url, "--expiring-url", &url], "needs --expires-after or --expire"),
        (&["server"], "--url"),
        (&["explain", "challenge/nothing"], "no case is called"),
    ] {
        let output = l402_conformance(args).await;
        assert_eq!(code(&output), 2, "{args:?}");
        assert!(stderr(&output).contains(reason), "{}", stderr(&output));
    }
}

#[tokio::test]
async fn a_server_that_was_not_fully_checked_exits_3() {
    let address = flawed::serve(Flaw::None, Profile::Default).await.0;
    let output =
        l402_conformance(&["server", "--url", &format!("http://{address}/report"), "--format", "json"]).await;
    assert_eq!(code(&output), 3);
    assert_eq!(json(&output)["verdict"], "partial");
}

#[tokio::test]
async fn the_json_has_every_case_and_the_bytes_of_those_that_did_not_pass() {
    let address = flawed::serve(Flaw::TabIs500, Profile::Default).await.0;
    let url = format!("http://{address}/report");
    let report = json(&l402_conformance(&["server", "--url", &url, "--format", "json"]).await);
    assert_eq!(report["target"], url);
    assert_eq!(report["verdict"], "failing");
    assert_eq!(report["counts"]["failed"], 1);
    let cases = report["cases"].as_array().unwrap();
    assert_eq!(cases.len(), l402_conformance::server::cases().len());
    let by_id = |id: &str| cases.iter().find(|case| case["id"] == id).unwrap();
    assert_eq!(by_id("challenge/status-402")["evidence"].as_array().unwrap().len(), 0);
    assert_eq!(by_id("credential/accepted")["needs"][0], "payer");
    let failed = by_id("verification/control-characters");
    assert_eq!((&failed["outcome"], &failed["level"]), (&"fail".into(), &"must".into()));
    assert!(failed["actual"].as_str().unwrap().starts_with("status 500 for 0x09"));
    let last = failed["evidence"].as_array().unwrap().last().unwrap();
    assert!(last["request"].as_str().unwrap().contains("\\t"));
    assert!(last["response"].as_str().unwrap().starts_with("HTTP/1.1 500 "));
    assert!(last["curl"].as_str().unwrap().starts_with("# curl cannot send these bytes\nprintf 'GET "));
}

#[tokio::test]
async fn a_payer_may_be_any_command() {
    let address = flawed::serve(Flaw::None, Profile::Default).await.0;
    let url = format!("http://{address}/report");
    // What it prints is no preimage; that it was given the invoice shows in the file.
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("invoice").into_os_string().into_string().unwrap();
    let command = format!("cat > '{file}'; echo no preimage");
    let output = l402_conformance(&["server", "--url", &url, "--payer", &command]).await;
    assert_eq!(code(&output), 2);
    let invoice = std::fs::read_to_string(&file).unwrap();
    assert!(invoice.starts_with("lnbcrt") && invoice.ends_with('\n'), "{invoice}");
    assert!(stdout(&output).contains("not a preimage of 64 hex digits"));
}

#[tokio::test]
async fn the_cases_can_be_listed_and_explained() {
    let output = l402_conformance(&["list"]).await;
    assert_eq!(code(&output), 0);
    let text = stdout(&output);
    assert_eq!(text.lines().count(), l402_conformance::cases().len());
    assert!(text.contains("challenge/status-402"));
    let text = stdout(&l402_conformance(&["list", "--suite", "server"]).await);
    assert_eq!(text.lines().count(), l402_conformance::server::cases().len());

    let list = json(&l402_conformance(&["list", "--json"]).await);
    let first = &list.as_array().unwrap()[0];
    assert_eq!(first["id"], "challenge/status-402");
    assert_eq!(first["source"]["section"], "§6.1");

    let text = stdout(&l402_conformance(&["explain", "verification/tampered"]).await);
    for part in
        ["MUST: The server MUST verify the cryptographic integrity", "§6.1", "depends on credential/accepted"]
    {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[tokio::test]
async fn an_ambiguous_case_is_explained_with_its_profiles() {
    let text = stdout(&l402_conformance(&["explain", "status/used-up"]).await);
    for part in
        ["texts contradict each other", "profile l402kit: MUST, 401", "needs a payer (--payer) [payer]"]
    {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[tokio::test]
async fn the_help_has_the_exit_codes() {
    let text = stdout(&l402_conformance(&["--help"]).await);
    assert!(text.contains("3  partial"), "{text}");
}

/// It fails, fails again from the file, and passes where the flaw is mended.
#[tokio::test]
async fn what_was_generated_and_failed_is_kept_and_tried_again() {
    for (flaw, case) in [
        (Flaw::SchemeFromAList, "generated/spelled"),
        (Flaw::SignatureBytesInAnyOrder, "generated/tampered"),
        (Flaw::OpenQuoteIs500, "generated/malformed"),
    ] {
        let flawed = flawed::serve(flaw, Profile::Default).await;
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_str().unwrap();
        let output = run_all(flawed, &["--only", case, "--seed", "1", "--save", path]).await;
        let text = stdout(&output);
        assert!(code(&output) == 1 && text.contains(&format!("FAIL  {case}")), "{text}");
        let file = text.split("--replay '").nth(1).unwrap().split('\'').next().unwrap();
        let saved: serde_json::Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        assert_eq!((&saved["case"], &saved["seed"]), (&case.into(), &1.into()));
        let failed_as =
            |text: &str| text.split("actual: ").nth(1).unwrap().split_whitespace().nth(1).unwrap().to_owned();

        let again = run_all(flawed, &["--replay", file]).await;
        assert_eq!((code(&again), failed_as(&stdout(&again))), (1, failed_as(&text)), "{}", stdout(&again));
        let mended = flawed::serve(Flaw::None, Profile::Default).await;
        let passed = run_all(mended, &["--replay", file]).await;
        assert!(stdout(&passed).contains(&format!("PASS  {case}")), "{}", stdout(&passed));
    }
    let output = l402_conformance(&["server", "--url", "http://127.0.0.1:1", "--replay", "/nowhere"]).await;
    assert!(code(&output) == 2 && stderr(&output).contains("/nowhere"), "{}", stderr(&output));
}

#[cfg(feature = "verifier")]
mod verifier {
    use super::{code, json, l402_conformance, stderr, stdout};

    const SHIM: &str = concat!("python3 '", env!("CARGO_MANIFEST_DIR"), "/shims/python/l402_shim.py'");
    const FLAWED: &str =
        concat!("python3 '", env!("CARGO_MANIFEST_DIR"), "/tests/support/flawed_shim.py' never-expires");

    #[tokio::test]
    async fn a_verifier_is_tested() {
        let args = ["verifier", "--cmd", SHIM, "--cases", "5", "--seed", "1", "--format", "json"];
        let output = l402_conformance(&args).await;
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let report = json(&output);
        assert_eq!((&report["suite"], &report["verdict"]), (&"verifier".into(), &"conformant".into()));
        assert_eq!(report["facts"]["name"], "l402_shim.py");
    }

    #[tokio::test]
    async fn a_failure_shows_the_vector_and_the_lines() {
        let only = ["--only", "verifier/caveats/valid-until"];
        let output = l402_conformance(&[&["verifier", "--cmd", FLAWED], only.as_slice()].concat()).await;
        assert_eq!(code(&output), 1);
        let text = stdout(&output);
        for part in [
            "FAIL  verifier/caveats/valid-until",
            "caveats/valid-until-now",
            "\"op\":\"verify\"",
            "vectors went wrong",
        ] {
            assert!(text.contains(part), "{part} is missing in:\n{text}");
        }
    }

    #[tokio::test]
    async fn what_failed_is_kept_and_tried_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_str().unwrap();
        let only = ["--only", "verifier/generated/tokens", "--save", path];
        let output = l402_conformance(&[&["verifier", "--cmd", FLAWED], only.as_slice()].concat()).await;
        assert_eq!(code(&output), 1);
        let text = stdout(&output);
        let file = text.split("--replay '").nth(1).unwrap().split('\'').next().unwrap().to_owned();
        for (command, expected) in [(FLAWED, "0 passed"), (SHIM, "3 passed")] {
            let output = l402_conformance(&["verifier", "--cmd", command, "--replay", &file]).await;
            let text = stdout(&output);
            assert!(text.contains(if expected == "0 passed" { "FAIL" } else { expected }), "{text}");
        }
        let output = l402_conformance(&["verifier", "--cmd", SHIM, "--replay", "/nowhere"]).await;
        assert_eq!(code(&output), 2);
        assert!(stderr(&output).contains("/nowhere"));
    }

    #[tokio::test]
    async fn a_verifier_is_measured() {
        let output = l402_conformance(&["verifier", "--cmd", "false", "--bench"]).await;
        assert_eq!(code(&output), 2);
        assert!(stderr(&output).contains("cannot be measured"), "{}", stderr(&output));
    }

    #[tokio::test]
    async fn vectors_are_listed_and_copied() {
        let text = stdout(&l402_conformance(&["vectors", "list"]).await);
        assert!(text.contains("macaroon-v2/trailing-zero") && text.contains("invalid"), "{text}");
        let list = json(&l402_conformance(&["vectors", "list", "--json"]).await);
        assert!(list.as_array().unwrap().len() >= 10);

        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new");
        let output = l402_conformance(&["vectors", "copy", path.to_str().unwrap()]).await;
        assert_eq!(code(&output), 0);
        assert!(path.join("vectors/challenge.json").exists());
        let file = path.join("PROTOCOL.md");
        assert_eq!(code(&l402_conformance(&["vectors", "copy", file.to_str().unwrap()]).await), 2);
    }
}
