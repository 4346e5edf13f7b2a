//! HTTP/1.1 by hand, over a TCP or TLS stream: a client library would refuse to send most of what is sent here.

mod curl;
mod response;
mod tls;

use std::borrow::Cow;
use std::io;
use std::time::Duration;

use serde::ser::{Serialize, SerializeStruct, Serializer};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

pub(crate) use response::Response;
pub use tls::{Trust, TrustError};

use crate::target::Endpoint;

/// Bytes of an answer that are read; what comes later is of no interest.
const MAX_RESPONSE_BYTES: usize = 1024 * 1024;

/// A request whose header values are any bytes.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    endpoint: Endpoint,
    method: Cow<'static, str>,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
    max_answer_bytes: usize,
}

impl Request {
    pub(crate) fn new(method: impl Into<Cow<'static, str>>, endpoint: &Endpoint) -> Self {
        let headers = vec![
            ("Host", endpoint.authority.clone().into_bytes()),
            ("User-Agent", concat!("l402-conformance/", env!("CARGO_PKG_VERSION")).into()),
            ("Accept", b"*/*".to_vec()),
            ("Connection", b"close".to_vec()),
        ];
        Self {
            endpoint: endpoint.clone(),
            method: method.into(),
            headers,
            body: Vec::new(),
            max_answer_bytes: MAX_RESPONSE_BYTES,
        }
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        if name == "Accept" {
            self.headers.retain(|(known, _)| *known != name); // there is one already
        }
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn with_body(self, content_type: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let body = body.into();
        let length = body.len().to_string();
        Self { body, ..self.with_header("Content-Type", content_type).with_header("Content-Length", length) }
    }

    /// Reads up to so many bytes of the answer, instead of 1 MiB.
    pub(crate) const fn with_answer_up_to(mut self, bytes: usize) -> Self {
        self.max_answer_bytes = bytes;
        self
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = format!("{} {} HTTP/1.1\r\n", self.method, self.endpoint.path_and_query).into_bytes();
        for (name, value) in &self.headers {
            bytes.extend_from_slice(name.as_bytes());
            bytes.extend_from_slice(b": ");
            bytes.extend_from_slice(value);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// A request and its answer, byte for byte.
///
/// As JSON the bytes are text, with `\r`, `\n`, `\\`, `\"` and `\x01` for what is not printable ASCII.
///
/// # Security
/// It may hold a paid credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    request: Vec<u8>,
    response: Vec<u8>,
    curl: String,
}

impl Exchange {
    pub(crate) const fn new(request: Vec<u8>, response: Vec<u8>, curl: String) -> Self {
        Self { request, response, curl }
    }

    /// What was sent.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// What came back; up to 1 MiB, and empty if nothing did.
    #[must_use]
    pub fn response(&self) -> &[u8] {
        &self.response
    }

    /// A line for a POSIX shell that sends the request again.
    ///
    /// It calls `curl`, or `nc` after a comment if curl cannot send these bytes.
    #[must_use]
    pub fn curl(&self) -> &str {
        &self.curl
    }
}

impl Serialize for Exchange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut exchange = serializer.serialize_struct("Exchange", 3)?;
        exchange.serialize_field("request", &self.request.escape_ascii().to_string())?;
        exchange.serialize_field("response", &self.response.escape_ascii().to_string())?;
        exchange.serialize_field("curl", &self.curl)?;
        exchange.end()
    }
}

/// Sends `request` on a connection of its own. The record is complete whatever happens.
pub(crate) async fn send(
    request: &Request,
    limit: Duration,
    trust: &Trust,
) -> (Exchange, Result<Response, HttpError>) {
    let bytes = request.to_bytes();
    let mut received = Vec::new();
    let talk = talk(request, trust, &bytes, &mut received);
    let result = match timeout(limit, talk).await {
        Ok(Err(error)) => Err(error),
        // The end of a long body is of no interest, but its head is.
        Ok(Ok(())) | Err(_) => match response::parse(&received, &request.method, true) {
            Ok(Some(response)) => Ok(response),
            Ok(None) if received.len() >= request.max_answer_bytes => Err(HttpError::HeadTooLong),
            Ok(None) => Err(HttpError::NoAnswer { limit, received: received.len() }),
            Err(what) => Err(HttpError::Malformed(what)),
        },
    };
    (Exchange::new(bytes, received, curl::line(request, trust)), result)
}

/// Reads until the answer is complete, the server hangs up, or there is too much.
async fn talk(
    request: &Request,
    trust: &Trust,
    bytes: &[u8],
    received: &mut Vec<u8>,
) -> Result<(), HttpError> {
    let Endpoint { host, port, authority, is_tls, .. } = &request.endpoint;
    let failed = |error| HttpError::Connect { authority: authority.clone(), error };
    let stream = TcpStream::connect((host.as_str(), *port)).await.map_err(failed)?;
    if *is_tls {
        let stream = trust.connect(host, stream).await.map_err(failed)?;
        return exchange(request, stream, bytes, received).await;
    }
    exchange(request, stream, bytes, received).await
}

async fn exchange(
    request: &Request,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
    received: &mut Vec<u8>,
) -> Result<(), HttpError> {
    // A server may answer and hang up before it has read everything; its answer counts.
    let _ = stream.write_all(bytes).await;
    let _ = stream.flush().await;
    let mut chunk = vec![0; 16 * 1024];
    while received.len() < request.max_answer_bytes {
        let Ok(read) = stream.read(&mut chunk).await else { break };
        received.extend_from_slice(&chunk[..read]);
        let complete =
            response::parse(received, &request.method, false).map_err(HttpError::Malformed)?.is_some();
        if read == 0 || complete {
            break;
        }
    }
    Ok(())
}

/// Why there is no answer to look at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HttpError {
    #[error("cannot connect to {authority}: {error}")]
    Connect { authority: String, error: io::Error },
    #[error("no complete answer: {received} bytes before the server hung up or {limit:?} were over")]
    NoAnswer { limit: Duration, received: usize },
    #[error("not an HTTP/1.1 answer: {0}")]
    Malformed(&'static str),
    #[error("a head that does not end")]
    HeadTooLong,
}
