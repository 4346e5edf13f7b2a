//! [`Answer`]: what a backend said.

use std::fmt;
use std::time::Duration;

use l402_core::ports::{BackendError, BackendErrorKind};
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use super::{CallError, Http};

/// An answer with its body, whatever the status. The body may hold preimages: it is wiped, and never printed.
pub struct Answer {
    http: Http,
    status: u16,
    retry_after: Option<Duration>,
    body: Zeroizing<Vec<u8>>,
}

impl Answer {
    pub(super) const fn new(
        http: Http,
        status: u16,
        retry_after: Option<Duration>,
        body: Zeroizing<Vec<u8>>,
    ) -> Self {
        Self { http, status, retry_after, body }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }

    /// What the backend asks to wait.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// The body, for [`contains`](str::contains) and the like.
    #[must_use]
    pub fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap_or_default()
    }

    /// Goes on with an answer whose status is 2xx.
    ///
    /// # Errors
    /// [`Answer::error`] for any other.
    pub fn success(self) -> Result<Self, CallError> {
        if self.is_success() { Ok(self) } else { Err(self.error()) }
    }

    /// Reads the body as a JSON object, whatever the status.
    ///
    /// # Errors
    /// [`BackendErrorKind::Protocol`]: the backend answered something else, so what it did is unclear.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        // serde would read a list as a struct, too, with its fields in order.
        if !self.body.trim_ascii_start().starts_with(b"{") {
            let error = CallError::unclear(self.http.backend(), BackendErrorKind::Protocol);
            return Err(error.because("not a JSON object"));
        }
        self.parse()
    }

    /// Reads the body as a JSON list, whatever the status.
    ///
    /// # Errors
    /// As for [`Answer::json`].
    pub fn list<T: DeserializeOwned>(&self) -> Result<Vec<T>, CallError> {
        self.parse()
    }

    fn parse<T: DeserializeOwned>(&self) -> Result<T, CallError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // The library's own text quotes the value it did not expect.
            let place = format!("not the JSON expected (line {}, column {})", error.line(), error.column());
            CallError::unclear(self.http.backend(), BackendErrorKind::Protocol).because(place)
        })
    }

    /// What the status alone means.
    #[must_use]
    pub fn error(&self) -> CallError {
        self.error_as(self.kind())
    }

    /// An error of this kind that says, whatever the status, that nothing was done.
    #[must_use]
    pub fn refusal(&self, kind: BackendErrorKind) -> CallError {
        CallError::new(self.error_as(kind).into(), false)
    }

    /// An error of this kind, with what the backend said as its source.
    #[must_use]
    pub fn error_as(&self, kind: BackendErrorKind) -> CallError {
        let said = self.http.shared.redactor.clean(self.text());
        let source = match self.status {
            300..=399 => "the backend redirects; give the URL that it redirects to".to_owned(),
            status if said.is_empty() => format!("status {status}"),
            status => format!("status {status}: {said}"),
        };
        let error = BackendError::new(self.http.backend(), kind).with_source(source);
        CallError::new(error, !self.is_refusal())
    }

    const fn kind(&self) -> BackendErrorKind {
        match self.status {
            401 => BackendErrorKind::Auth,
            403 => BackendErrorKind::Forbidden,
            404 => BackendErrorKind::NotFound,
            408 | 504 => BackendErrorKind::Timeout,
            429 => BackendErrorKind::RateLimited { retry_after: self.retry_after },
            500..=599 => BackendErrorKind::Unavailable,
            _ => BackendErrorKind::Protocol,
        }
    }

    /// Whether this status says that the request was turned away before anything was done.
    ///
    /// Not so 408, 409 and 425, which say that the same request may be under way, nor what proxies make up.
    const fn is_refusal(&self) -> bool {
        matches!(self.status, 400..=407 | 410..=424 | 426 | 428 | 429 | 431)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
