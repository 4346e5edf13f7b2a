//! [`Payer`]: who pays the invoices of the server under test.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::time::timeout;

use crate::http::{self, HttpError, Request, Trust};
use crate::target::{Endpoint, TargetError};
use crate::wire::{sha256, unhex32};

/// A payment over Lightning may take this long before the suite gives up on it.
const PAY_TIMEOUT: Duration = Duration::from_secs(60);

/// A list of invoices that is longer is not read.
const MAX_LEDGER_BYTES: usize = 64 * 1024 * 1024;

/// Longer output of a payer is not read.
const MAX_OUTPUT_BYTES: u64 = 4096;

/// Somebody who pays an invoice and shows the preimage.
#[derive(Clone, Debug)]
pub struct Payer(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Command(String),
    Node { pay: Endpoint, invoices: Endpoint },
}

impl Payer {
    /// Runs `command` with `sh -c` for every invoice. It gets the invoice as a line on its standard input and prints
    /// the preimage, 64 hex digits, on its standard output.
    #[must_use]
    pub fn command(command: impl Into<String>) -> Self {
        Self(Kind::Command(command.into()))
    }

    /// Asks a development node: `POST {url}/pay` with the invoice as plain text is answered with the preimage, 64 hex
    /// digits, and `GET {url}/invoices` with a JSON list of all invoices, as `l402_dev::control` does.
    ///
    /// # Errors
    /// [`TargetError`] when it is no URL that can be asked.
    pub fn node(url: &str) -> Result<Self, TargetError> {
        let node = Endpoint::parse(url)?;
        Ok(Self(Kind::Node { pay: node.join("pay")?, invoices: node.join("invoices")? }))
    }

    /// A URL of a node if it starts like one, else a command.
    ///
    /// # Errors
    /// [`TargetError`] when it starts like a URL and is none.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if text.starts_with("http://") || text.starts_with("https://") {
            return Self::node(text);
        }
        Ok(Self::command(text))
    }

    /// How many invoices the server's node has made; `None` if the payer cannot know.
    pub(crate) async fn count_invoices(&self) -> Option<Result<usize, PayError>> {
        match &self.0 {
            Kind::Command(_) => None,
            Kind::Node { invoices, .. } => Some(count(invoices).await),
        }
    }

    pub(crate) const fn has_ledger(&self) -> bool {
        matches!(self.0, Kind::Node { .. })
    }

    /// Pays, and checks the preimage.
    pub(crate) async fn pay(&self, invoice: &str, payment_hash: [u8; 32]) -> Result<[u8; 32], PayError> {
        let output = match &self.0 {
            Kind::Command(command) => {
                timeout(PAY_TIMEOUT, run(command, invoice)).await.map_err(|_| PayError::Timeout)??
            }
            Kind::Node { pay, .. } => ask(pay, invoice).await?,
        };
        let preimage = unhex32(output.trim()).ok_or(PayError::NotAPreimage)?;
        if sha256(&preimage) == payment_hash { Ok(preimage) } else { Err(PayError::WrongPreimage) }
    }
}

async fn run(command: &str, invoice: &str) -> Result<String, PayError> {
    let mut child = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(PayError::Spawn)?;
    if let Some(mut input) = child.stdin.take() {
        // A command may know the invoice from elsewhere and never read it.
        let _ = input.write_all(format!("{invoice}\n").as_bytes()).await;
    }
    let mut output = Vec::new();
    if let Some(pipe) = child.stdout.take() {
        pipe.take(MAX_OUTPUT_BYTES).read_to_end(&mut output).await.map_err(PayError::Spawn)?;
    }
    let status = child.wait().await.map_err(PayError::Spawn)?;
    if status.success() {
        Ok(String::from_utf8_lossy(&output).into_owned())
    } else {
        Err(PayError::Failed(status.to_string()))
    }
}

async fn count(invoices: &Endpoint) -> Result<usize, PayError> {
    let (_, response) = http::send(
        &Request::new("GET", invoices).with_answer_up_to(MAX_LEDGER_BYTES),
        PAY_TIMEOUT,
        &Trust::default(),
    )
    .await;
    let response = response.map_err(PayError::Node)?;
    let list: Vec<serde::de::IgnoredAny> =
        serde_json::from_slice(&response.body).map_err(|_| PayError::NoLedger)?;
    Ok(list.len())
}

async fn ask(endpoint: &Endpoint, invoice: &str) -> Result<String, PayError> {
    let request = Request::new("POST", endpoint).with_body("text/plain", invoice);
    let (_, response) = http::send(&request, PAY_TIMEOUT, &Trust::default()).await;
    let response = response.map_err(PayError::Node)?;
    let body = String::from_utf8_lossy(&response.body).into_owned();
    if response.is_success() {
        return Ok(body);
    }
    let reason = body.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect();
    Err(PayError::Refused { status: response.status, reason })
}

/// Why there is no preimage.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PayError {
    #[error("the payer cannot be run: {0}")]
    Spawn(io::Error),
    #[error("the payer failed: {0}")]
    Failed(String),
    #[error("the payer took more than {PAY_TIMEOUT:?}")]
    Timeout,
    #[error("the payer: {0}")]
    Node(HttpError),
    #[error("the payer refused with status {status}: {reason}")]
    Refused { status: u16, reason: String },
    #[error("the payer's list of invoices cannot be read")]
    NoLedger,
    #[error("what the payer printed is not a preimage of 64 hex digits")]
    NotAPreimage,
    #[error("the payer's preimage is not that of the invoice")]
    WrongPreimage,
}

#[cfg(test)]
mod tests {
    use super::*;

    const PREIMAGE: [u8; 32] = [0x2a; 32];

    async fn pay(command: &str) -> Result<[u8; 32], String> {
        Payer::command(command).pay("lnbc1", sha256(&PREIMAGE)).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_command_reads_the_invoice_and_prints_the_preimage() {
        let digits = "2a".repeat(32);
        assert_eq!(pay(&format!("read i; test \"$i\" = lnbc1 && echo {digits}")).await, Ok(PREIMAGE));
        assert_eq!(pay(&format!("echo {}", digits.to_uppercase())).await, Ok(PREIMAGE));
    }

    #[tokio::test]
    async fn a_command_that_does_not_pay_says_so() {
        for (command, reason) in [
            ("exit 3", "exit status: 3"),
            ("true", "not a preimage"),
            ("yes", "failed"), // killed by its closed pipe
            ("printf %064d 0", "not that of the invoice"),
        ] {
            let error = pay(command).await.unwrap_err();
            assert!(error.contains(reason), "{command}: {error}");
        }
    }
}
