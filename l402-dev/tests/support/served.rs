//! `l402-dev serve`, as a process of its own.
#![allow(clippy::unwrap_used, dead_code, reason = "test helpers, of which not every test crate needs all")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::Value;

pub(crate) const BIN: &str = env!("CARGO_BIN_EXE_l402-dev");

/// A served node, killed at the end of the test.
pub(crate) struct Served {
    process: Child,
    pub(crate) ready: Value,
}

impl Served {
    pub(crate) fn start(args: &[&str]) -> Self {
        let mut command = Command::new(BIN);
        command.args(["serve", "--json", "--listen", "127.0.0.1:0"]).args(args);
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, ready: serde_json::from_str(&line).unwrap() }
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.ready[name].as_str().unwrap().to_owned()
    }

    pub(crate) fn key(&self, account: &str, key: &str) -> String {
        let accounts = self.ready["accounts"].as_array().unwrap();
        let account = accounts.iter().find(|found| found["name"] == account).unwrap();
        account[key].as_str().unwrap().to_owned()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
