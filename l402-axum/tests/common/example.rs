//! An example as a user runs it: another process, and what it says to type.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use l402_dev::control;
use reqwest::{Client, Response};

/// A running example. It ends with this value.
pub(crate) struct Example {
    child: Child,
    lines: Lines<BufReader<ChildStdout>>,
    http: Client,
}

impl Example {
    /// Starts an example of the package under test, on a free port.
    pub(crate) fn start(name: &str, more_arguments: &[&str]) -> Self {
        let tests = std::env::current_exe().unwrap();
        let folder = tests.parent().and_then(Path::parent).unwrap().join("examples");
        let program = folder.join(name).with_extension(std::env::consts::EXE_EXTENSION);
        let mut child = Command::new(&program)
            .arg("127.0.0.1:0")
            .args(more_arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| {
                panic!("{}: {error}; `cargo test` without --test builds it", program.display())
            });
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines, http: Client::builder().no_proxy().build().unwrap() }
    }

    /// The URL at the end of the line that starts with `word`.
    pub(crate) fn url(&mut self, word: &str) -> String {
        let mut lines = self.lines.by_ref().map(Result::unwrap);
        let line =
            lines.find(|line| line.starts_with(word)).unwrap_or_else(|| panic!("it never says '{word}'"));
        line.rsplit(' ').next().unwrap().trim_matches('\'').to_owned()
    }

    pub(crate) async fn get(&self, url: &str, credential: Option<&str>) -> Response {
        let request = self.http.get(url);
        let request = match credential {
            Some(credential) => request.header("authorization", credential),
            None => request,
        };
        request.send().await.unwrap()
    }

    /// Asks until it costs something, pays, and returns the credential.
    pub(crate) async fn buy(&mut self, url: &str) -> String {
        for _ in 0..10 {
            let answer = self.get(url, None).await;
            if answer.status() == 200 {
                continue;
            }
            assert_eq!(answer.status(), 402);
            let offer: serde_json::Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
            let node = self.url("Pay:");
            let invoice = offer["invoice"].as_str().unwrap();
            let preimage = control::pay(node.strip_suffix("/pay").unwrap(), invoice).await.unwrap();
            return format!("L402 {}:{}", offer["macaroon"].as_str().unwrap(), preimage.expose_hex());
        }
        panic!("it costs nothing");
    }

    /// Walks through what the example says, and returns what was bought.
    pub(crate) async fn walk(&mut self) -> String {
        let url = self.url("Ask:");
        let credential = self.buy(&url).await;
        let answer = self.get(&url, Some(&credential)).await;
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
