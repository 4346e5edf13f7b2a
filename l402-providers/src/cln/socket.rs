//! lightningd's Unix socket: JSON-RPC 2.0, without frames.

use std::io;
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use l402_core::ports::BackendErrorKind;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::api::{Api, Effect, MAX_BODY, Rpc};
use crate::http::{CallError, ConfigError};

/// For everything but payments.
const TIMEOUT: Duration = Duration::from_secs(15);

/// The path of the socket. Each command has a connection of its own, as with lightning-cli.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    path: Arc<Path>,
}

#[derive(Serialize)]
struct Request<'a, P> {
    jsonrpc: &'a str,
    id: &'a str,
    method: &'a str,
    params: &'a P,
}

#[derive(Deserialize)]
struct Reply<T> {
    id: String,
    #[serde(default = "none")]
    result: Option<T>,
    #[serde(default)]
    error: Option<Rpc>,
}

/// `T` itself has no default.
const fn none<T>() -> Option<T> {
    None
}

impl Socket {
    pub(super) fn new(path: &Path) -> Result<Self, ConfigError> {
        let too_long = ConfigError::Invalid(
            "the socket's path is too long for the system (about 100 bytes); link to it",
        );
        SocketAddr::from_pathname(path).map_err(|_| too_long)?;
        Ok(Self { path: path.into() })
    }

    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &(impl Serialize + Sync),
        effect: Effect,
    ) -> Result<Result<T, Rpc>, CallError> {
        let time = match effect {
            Effect::Writes(Some(time)) => time,
            Effect::Reads | Effect::Writes(None) => TIMEOUT,
        };
        let id = format!("l402:{method}");
        let request = Request { jsonrpc: "2.0", id: &id, method, params };
        let request = serde_json::to_vec(&request)
            .map_err(|_| CallError::refused(Api::NAME, BackendErrorKind::Protocol))?;
        let answer = timeout(time, self.exchange(&request)).await;
        let answer = answer.unwrap_or(Err(CallError::unclear(Api::NAME, BackendErrorKind::Timeout)))?;
        let reply = parse::<T>(&answer).filter(|reply| reply.id == id);
        match reply {
            Some(Reply { error: Some(rpc), .. }) => Ok(Err(rpc)),
            Some(Reply { result: Some(result), .. }) => Ok(Ok(result)),
            _ => Err(CallError::unclear(Api::NAME, BackendErrorKind::Protocol)),
        }
    }

    async fn exchange(&self, request: &[u8]) -> Result<Zeroizing<Vec<u8>>, CallError> {
        let mut stream = UnixStream::connect(&self.path).await.map_err(unsent)?;
        stream.write_all(request).await.map_err(lost)?;
        stream.write_all(b"\n\n").await.map_err(lost)?;
        let mut answer = Zeroizing::new(Vec::new());
        let mut chunk = Zeroizing::new(vec![0; 16 * 1024]);
        loop {
            let read = stream.read(&mut chunk).await.map_err(lost)?;
            answer.extend_from_slice(&chunk[..read]);
            if answer.len() > MAX_BODY {
                let error = CallError::unclear(Api::NAME, BackendErrorKind::Protocol);
                return Err(error.because("the answer is too large"));
            }
            // lightningd ends every answer with an empty line, which no JSON of its contains.
            if read == 0 || answer.ends_with(b"\n\n") {
                return Ok(answer);
            }
        }
    }
}

fn parse<T: DeserializeOwned>(answer: &[u8]) -> Option<Reply<T>> {
    serde_json::from_slice(answer).ok()
}

fn unsent(error: io::Error) -> CallError {
    let kind = match error.kind() {
        io::ErrorKind::PermissionDenied => BackendErrorKind::Forbidden,
        _ => BackendErrorKind::Unavailable,
    };
    CallError::refused(Api::NAME, kind).because(error)
}

fn lost(error: io::Error) -> CallError {
    CallError::unclear(Api::NAME, BackendErrorKind::Unavailable).because(error)
}
