//! [`Hook`]: something that only the operator of the server under test can make happen.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::http::{self, Request, Trust};
use crate::target::{Endpoint, TargetError};

/// A restart may take this long.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Something that only the operator of the server under test can make happen, such as a restart.
#[derive(Clone, Debug)]
pub struct Hook(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Command(String),
    Url(Endpoint),
}

impl Hook {
    /// Runs `command` with `sh -c`, and waits for it to end.
    #[must_use]
    pub fn command(command: impl Into<String>) -> Self {
        Self(Kind::Command(command.into()))
    }

    /// Sends a `POST` without a body to `url`, and waits for its answer.
    ///
    /// # Errors
    /// [`TargetError`] when it is no URL that can be asked.
    pub fn url(url: &str) -> Result<Self, TargetError> {
        Ok(Self(Kind::Url(Endpoint::parse(url)?)))
    }

    /// A URL if it starts like one, else a command.
    ///
    /// # Errors
    /// [`TargetError`] when it starts like a URL and is none.
    pub fn parse(text: &str) -> Result<Self, TargetError> {
        if text.starts_with("http://") || text.starts_with("https://") {
            return Self::url(text);
        }
        Ok(Self::command(text))
    }

    /// Makes it happen. The error says why it did not.
    pub(crate) async fn pull(&self) -> Result<(), String> {
        match &self.0 {
            Kind::Command(command) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", command]).stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
                let status = timeout(TIMEOUT, shell.status()).await;
                let status = status.map_err(|_| format!("{command:?} took more than {TIMEOUT:?}"))?;
                match status.map_err(|error| format!("{command:?} cannot be run: {error}"))? {
                    status if status.success() => Ok(()),
                    status => Err(format!("{command:?} failed: {status}")),
                }
            }
            Kind::Url(endpoint) => {
                let request = Request::new("POST", endpoint).with_header("Content-Length", "0");
                match http::send(&request, TIMEOUT, &Trust::default()).await.1 {
                    Ok(response) if response.is_success() => Ok(()),
                    Ok(response) => Err(format!("{} answered {}", endpoint.url, response.status)),
                    Err(error) => Err(format!("{}: {error}", endpoint.url)),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hook_that_fails_says_so() {
        assert_eq!(Hook::parse("true").unwrap().pull().await, Ok(()));
        let error = Hook::command("exit 4").pull().await.unwrap_err();
        assert!(error.contains("exit status: 4"), "{error}");
        let error = Hook::parse("http://127.0.0.1:1/restart").unwrap().pull().await.unwrap_err();
        assert!(error.contains("cannot connect"), "{error}");
    }
}
