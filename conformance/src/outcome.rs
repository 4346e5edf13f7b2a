//! How a case can end, and what it leaves behind.

use std::fmt;

use serde::Serialize;

use crate::http::Exchange;

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// What is required is done.
    Pass,
    /// A MUST is broken.
    Fail {
        /// What would have passed.
        expected: String,
        /// What was found.
        actual: String,
    },
    /// A SHOULD is broken, or a MUST is kept in an unusual way.
    Warn {
        /// What would have passed.
        expected: String,
        /// What was found.
        actual: String,
    },
    /// The case was not run, so nothing is known.
    Skip {
        /// Why not.
        reason: String,
    },
    /// The requirement is about something that the implementation does not have, and need not have. Unlike a skipped
    /// case, it does not stand in the way of a verdict.
    Unsupported {
        /// What it does not have.
        what: String,
    },
    /// The suite could not find out; this says nothing about the implementation.
    Error {
        /// What went wrong.
        reason: String,
    },
}

impl Outcome {
    pub(crate) fn fail(expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self::Fail { expected: expected.into(), actual: actual.into() }
    }

    pub(crate) fn warn(expected: impl Into<String>, actual: impl Into<String>) -> Self {
        Self::Warn { expected: expected.into(), actual: actual.into() }
    }

    pub(crate) fn error(reason: impl fmt::Display) -> Self {
        Self::Error { reason: reason.to_string() }
    }

    pub(crate) fn skip(reason: impl Into<String>) -> Self {
        Self::Skip { reason: reason.into() }
    }

    pub(crate) fn unsupported(what: impl Into<String>) -> Self {
        Self::Unsupported { what: what.into() }
    }
}

/// `Ok` is a pass; `Err` ends a case early with any other outcome.
pub(crate) type CaseResult = Result<(), Outcome>;

/// Something that shows how a case came to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Evidence {
    /// An HTTP request and its answer.
    Http(Exchange),
    /// Anything else: what a program printed, what a ledger holds.
    Transcript {
        /// What it is, in a few words.
        title: String,
        /// The text, line by line.
        text: String,
    },
}

impl Evidence {
    /// The exchange, if it is one.
    #[must_use]
    pub const fn as_http(&self) -> Option<&Exchange> {
        match self {
            Self::Http(exchange) => Some(exchange),
            Self::Transcript { .. } => None,
        }
    }

    pub(crate) fn transcript(title: impl Into<String>, text: impl Into<String>) -> Self {
        Self::Transcript { title: title.into(), text: text.into() }
    }
}

/// What a case leaves behind besides its outcome.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    pub(crate) evidence: Vec<Evidence>,
    /// What it saw, in sentences; kept whatever the outcome is.
    pub(crate) notes: Vec<String>,
}
