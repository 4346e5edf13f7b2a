//! What can be wrong with a configuration, and what can happen to a call.

use std::fmt;

use l402_core::ports::{BackendError, BackendErrorKind, BoxError};

/// A backend cannot be set up like this.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Not a URL with a host.
    #[error("this is not a URL; give one like https://node.example.com")]
    Url,
    /// A scheme that would send the key in the clear.
    #[error("use https; plain http is for this machine (127.0.0.1, [::1], localhost) and .onion hosts only")]
    NotHttps,
    /// A URL with a user name, a query or a fragment.
    #[error(
        "the URL must not have a user name, a password, a query or a fragment; keys are given separately"
    )]
    UrlParts,
    /// An empty key.
    #[error("the key is empty")]
    EmptyCredential,
    /// A key with characters that no header can hold.
    #[error("the key has characters that cannot stand in a header; was a file read as text that is none?")]
    CredentialNotAscii,
    /// Not a certificate.
    #[error("this is not a certificate in PEM or DER")]
    Certificate,
    /// TLS, or the HTTP client, cannot be set up.
    #[error("the HTTP client cannot be set up")]
    Client(#[source] BoxError),
    /// Something else that a backend needs.
    #[error("{0}")]
    Invalid(&'static str),
}

/// A call that did not give what was asked for, and whether the backend may have acted on it all the same.
#[derive(Debug)]
pub struct CallError {
    error: BackendError,
    may_have_acted: bool,
}

impl CallError {
    pub(super) const fn new(error: BackendError, may_have_acted: bool) -> Self {
        Self { error, may_have_acted }
    }

    /// The backend refused, and did nothing.
    #[must_use]
    pub const fn refused(backend: &'static str, kind: BackendErrorKind) -> Self {
        Self::new(BackendError::new(backend, kind), false)
    }

    /// Nobody knows what the backend did.
    #[must_use]
    pub const fn unclear(backend: &'static str, kind: BackendErrorKind) -> Self {
        Self::new(BackendError::new(backend, kind), true)
    }

    /// The same error of a step before the one that matters: whatever it did, it did not pay.
    #[must_use]
    pub fn before_acting(mut self) -> Self {
        self.may_have_acted = false;
        self
    }

    /// Says why. `reason` must hold nothing secret.
    #[must_use]
    pub fn because(mut self, reason: impl Into<BoxError>) -> Self {
        self.error = self.error.with_source(reason);
        self
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> BackendErrorKind {
        self.error.kind()
    }

    /// Whether the request may have reached the backend and been acted on. For a payment: whether money may be gone.
    #[must_use]
    pub const fn may_have_acted(&self) -> bool {
        self.may_have_acted
    }
}

impl From<CallError> for BackendError {
    fn from(error: CallError) -> Self {
        error.error
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.error.source()
    }
}
