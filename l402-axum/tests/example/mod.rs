//! An example that runs, as somebody would run it. Also the tests of `l402-actix` use this.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use l402_dev::control;
use reqwest::{Client, Response, StatusCode};
use serde_json::Value;

/// A running example; it ends with the test.
pub(crate) struct Example {
    process: Child,
    /// Kept open, so that the example can go on talking.
    output: BufReader<ChildStdout>,
    url: String,
}

impl Example {
    /// Starts an example of the package under test, and waits until it says where it listens.
    pub(crate) fn start(name: &str, environment: &[(&str, &str)]) -> Self {
        let mut command = Command::new(path_of(name));
        command.arg("127.0.0.1:0").envs(environment.iter().copied()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap_or_else(|error| {
            panic!("{name} does not start ({error}); `cargo build --examples` builds it")
        });
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut url = None;
        while url.is_none() {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "{name} ended without an address");
            url = line
                .strip_prefix("Try it:")
                .and_then(|rest| rest.split_whitespace().last().map(str::to_owned));
        }
        let url = url.unwrap();
        let host = url.split('/').nth(2).unwrap();
        Self { process, output, url: format!("http://{host}") }
    }

    /// Asks, pays, asks again, and returns the answer that was paid for.
    pub(crate) async fn buy(&mut self, path: &str) -> Response {
        let unpaid = self.get(path, None).await;
        assert_eq!(unpaid.status(), StatusCode::PAYMENT_REQUIRED);
        let challenge: Value = serde_json::from_str(&unpaid.text().await.unwrap()).unwrap();
        let text = |name: &str| challenge[name].as_str().unwrap().to_owned();
        let preimage = control::pay(&format!("{}/node", self.url), &text("invoice")).await.unwrap();
        let credential = format!("L402 {}:{}", text("macaroon"), preimage.expose_hex());
        let paid = self.get(path, Some(&credential)).await;
        assert_eq!(paid.status(), StatusCode::OK);
        paid
    }

    pub(crate) async fn get(&self, path: &str, credential: Option<&str>) -> Response {
        let request = Client::builder().no_proxy().build().unwrap().get(format!("{}{path}", self.url));
        let request = match credential {
            Some(credential) => request.header("authorization", credential),
            None => request,
        };
        request.send().await.unwrap()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.output.consume(0);
    }
}

/// Examples are built next to the folder of tests.
fn path_of(name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    tests.parent().unwrap().parent().unwrap().join("examples").join(name)
}
