//! An example that runs, as somebody would run it. Also the tests of `l402-actix` use this.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]
#![allow(dead_code, reason = "each test uses its own part")]

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
    /// What it has said so far.
    said: Vec<String>,
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
        let mut said = Vec::new();
        while !said.iter().any(|line: &String| line.starts_with("Try it:")) {
            let mut line = String::new();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "{name} ended without an address");
            said.push(line);
        }
        let mut example = Self { process, output, said, url: String::new() };
        example.url = example.said("Try it:").splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
        example
    }

    /// The last word of the first line that starts with `start`.
    pub(crate) fn said(&self, start: &str) -> String {
        let line = self.said.iter().find(|line| line.starts_with(start)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    }

    /// Asks, pays, asks again, and returns the answer that was paid for.
    pub(crate) async fn buy(&mut self, path: &str) -> Response {
        let credential = self.pay(path).await;
        let paid = self.get(path, Some(&credential)).await;
        assert_eq!(paid.status(), StatusCode::OK);
        paid
    }

    /// Asks, pays, and returns the credential.
    pub(crate) async fn pay(&self, path: &str) -> String {
        let unpaid = self.get(path, None).await;
        assert_eq!(unpaid.status(), StatusCode::PAYMENT_REQUIRED);
        let challenge: Value = serde_json::from_str(&unpaid.text().await.unwrap()).unwrap();
        let text = |name: &str| challenge[name].as_str().unwrap().to_owned();
        let preimage = control::pay(&format!("{}/node", self.url), &text("invoice")).await.unwrap();
        format!("L402 {}:{}", text("macaroon"), preimage.expose_hex())
    }

    pub(crate) async fn get(&self, path: &str, credential: Option<&str>) -> Response {
        self.get_url(&format!("{}{path}", self.url), credential).await
    }

    pub(crate) async fn get_url(&self, url: &str, credential: Option<&str>) -> Response {
        let request = Client::builder().no_proxy().build().unwrap().get(url);
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
