//! [`Response`]: read by waiting.

use std::fmt;
use std::io::{self, Read};
use std::sync::Arc;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde::de::DeserializeOwned;
use tokio::runtime::Runtime;
use url::Url;

use crate::receipt::Receipt;

/// An answer. As a [`Read`] it is the body, which comes as the server sends it.
pub struct Response {
    inner: reqwest::Response,
    runtime: Arc<Runtime>,
    /// What has come and was not read yet.
    rest: bytes::Bytes,
}

impl Response {
    pub(super) const fn new(inner: reqwest::Response, runtime: Arc<Runtime>) -> Self {
        Self { inner, runtime, rest: bytes::Bytes::new() }
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.inner.status()
    }

    /// The header fields.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        self.inner.headers()
    }

    /// Where the answer came from, after redirects.
    #[must_use]
    pub fn url(&self) -> &Url {
        self.inner.url()
    }

    /// What was paid for it; `None` when it was not paid for in this call.
    #[must_use]
    pub fn receipt(&self) -> Option<&Receipt> {
        Receipt::of(&self.inner)
    }

    /// Turns a status of 400 and above into an error.
    ///
    /// # Errors
    /// For such a status.
    pub fn error_for_status(self) -> reqwest::Result<Self> {
        let Self { inner, runtime, rest } = self;
        Ok(Self { inner: inner.error_for_status()?, runtime, rest })
    }

    /// The whole body as text.
    ///
    /// # Errors
    /// When it does not arrive.
    pub fn text(self) -> reqwest::Result<String> {
        self.runtime.block_on(self.inner.text())
    }

    /// The whole body.
    ///
    /// # Errors
    /// When it does not arrive.
    pub fn bytes(self) -> reqwest::Result<bytes::Bytes> {
        self.runtime.block_on(self.inner.bytes())
    }

    /// The whole body, as JSON.
    ///
    /// # Errors
    /// When it does not arrive, or is something else.
    pub fn json<T: DeserializeOwned>(self) -> reqwest::Result<T> {
        self.runtime.block_on(self.inner.json())
    }
}

impl Read for Response {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.runtime.block_on(self.inner.chunk()).map_err(io::Error::other)? {
                Some(chunk) => self.rest = chunk,
                None => return Ok(0),
            }
        }
        let len = buffer.len().min(self.rest.len());
        buffer[..len].copy_from_slice(&self.rest.split_to(len));
        Ok(len)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("blocking::Response").field("status", &self.status()).finish_non_exhaustive()
    }
}
