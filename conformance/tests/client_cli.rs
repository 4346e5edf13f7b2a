//! The commands `client` and `serve` as their users run them.
#![cfg(all(unix, feature = "cli", feature = "client"))]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

const BIN: &str = env!("CARGO_BIN_EXE_l402-conformance");

async fn client(args: &[&str]) -> Output {
    Command::new(BIN).arg("client").args(args).output().await.unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// It asks, and looks at nothing.
const CURL: &str = "curl --silent --output /dev/null {url}";

#[tokio::test]
async fn a_client_that_does_not_pay_fails_and_the_report_says_why() {
    let output = client(&["--cmd", CURL, "--wallet", "dev", "--only", "client/pays"]).await;
    assert_eq!(output.status.code(), Some(1));
    let text = text(&output.stdout);
    for part in [
        "FAIL  client/pays",
        "MUST: The client MUST pay the invoice over the LN",
        "the wallet was told to pay nothing",
        "$ curl --silent --output /dev/null http://127.0.0.1:",
        "> GET /report HTTP/1.1\\r\\n",
        "< HTTP/1.1 402 Payment Required\\r\\n",
        "verdict: failing",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
}

#[tokio::test]
async fn over_https_a_client_finds_whom_to_trust_in_its_environment_or_in_its_command() {
    let request = "A request to the shop over https:\n      | > GET /report HTTP/1.1";
    let none = "A connection to the shop, which speaks https:\n";
    let cacert = "env -u CURL_CA_BUNDLE -u SSL_CERT_FILE curl --output /dev/null --cacert {ca-file} {url}";
    // The second time it is sure that the first has been heard of.
    let twice = "sh -c 'curl --silent --cacert /dev/null \"$0\"; curl --silent \"$0\"' {url}";
    for (command, expected) in [(CURL, request), (cacert, request), (twice, none)] {
        let args = ["--cmd", command, "--wallet", "dev", "--https", "--only", "client/pays"];
        let output = client(&args).await;
        assert_eq!(output.status.code(), Some(1));
        let text = text(&output.stdout);
        assert!(text.contains(expected) && text.contains("shops speak: https"), "{command}:\n{text}");
    }
}

#[tokio::test]
async fn what_depends_on_paying_is_skipped_and_what_was_not_declared_is_unsupported() {
    let only = ["--only", "client/post", "--only", "client/same-request"];
    let args = [["--cmd", CURL, "--wallet", "dev", "--format", "json"].as_slice(), &only].concat();
    let output = client(&args).await;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let outcomes: Vec<_> = (report["cases"].as_array().unwrap().iter())
        .map(|case| (case["id"].as_str().unwrap(), case["outcome"].as_str().unwrap()))
        .collect();
    let expected = [("client/pays", "fail"), ("client/same-request", "skip"), ("client/post", "unsupported")];
    assert_eq!(outcomes, expected);
}

#[tokio::test]
async fn a_command_that_cannot_be_run_is_an_error_of_the_harness() {
    let output =
        client(&["--cmd", "no-such-program {url}", "--wallet", "dev", "--only", "client/pays"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stdout).contains("the client cannot be run"), "{output:?}");

    for (args, reason) in [
        (["--cmd", "curl"].as_slice(), "the command has no {url}"),
        (&["--cmd", "curl '{url}"], "open quote"),
        (&["--cmd", CURL, "--can", "body"], "put {method} into --cmd"),
        (&["--cmd", CURL, "--can", "fly"], "is none of stdout, body, limit, cache, redirects"),
        (&["--cmd", CURL, "--wallet", "purse"], "is none of dev, lnd"),
        (&["--cmd", "curl --cacert {ca-file} {url}"], "there is such a file with --https only"),
    ] {
        let output = client(args).await;
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        assert!(text(&output.stderr).contains(reason), "{args:?}: {output:?}");
    }
}

#[tokio::test]
async fn a_shop_can_be_served_and_paid_by_hand() {
    let mut command = Command::new(BIN);
    command.args([
        "serve",
        "--json",
        "--listen",
        "127.0.0.1:0",
        "--hostile",
        "single-use",
        "--wallet",
        "dev",
    ]);
    let mut serving = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(serving.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(ready["shop"], "single-use");
    let (url, dev) = (ready["url"].as_str().unwrap(), ready["variables"]["L402_DEV_URL"].as_str().unwrap());

    let bill = curl(&["-i", url]).await;
    let mut values = bill.split('"').skip(1).step_by(2);
    let (macaroon, invoice) = (values.next().unwrap(), values.next().unwrap());
    let preimage = curl(&["--data", invoice, &format!("{dev}/pay")]).await;
    let credential = format!("Authorization: L402 {macaroon}:{}", preimage.trim());
    assert_eq!(curl(&["-H", &credential, url]).await, "This is the content that was paid for.\n");
    assert!(curl(&["-i", "-H", &credential, url]).await.starts_with("HTTP/1.1 402"));
    serving.kill().await.unwrap();
}

#[tokio::test]
async fn a_shop_can_be_served_over_https() {
    let mut command = Command::new(BIN);
    command.args(["serve", "--json", "--https", "--listen", "127.0.0.1:0", "--wallet", "dev"]);
    let mut serving = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(serving.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
    let ready: Value = serde_json::from_str(&line).unwrap();
    let (url, file) = (ready["url"].as_str().unwrap(), &ready["variables"]["L402_CONFORMANCE_CA_FILE"]);
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    assert!(curl(&["-i", "--cacert", file.as_str().unwrap(), url]).await.starts_with("HTTP/1.1 402"));
    assert_eq!(curl(&["-i", url]).await, "", "nobody else trusts it");
    serving.kill().await.unwrap();
}

async fn curl(args: &[&str]) -> String {
    let output = Command::new("curl").args(["--silent", "--noproxy", "*"]).args(args).output().await.unwrap();
    text(&output.stdout)
}

#[tokio::test]
async fn shops_are_listed_and_an_unknown_one_is_refused() {
    let list = Command::new(BIN).args(["serve", "--list"]).output().await.unwrap();
    let list = text(&list.stdout);
    assert!(list.starts_with("honest") && list.contains("\npaid-then-402 "), "{list}");
    let refused = Command::new(BIN).args(["serve", "--hostile", "nice"]).output().await.unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("there are honest, "), "{refused:?}");
}
