//! What a test case is, and how it can end.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde::Serialize;

use crate::server::Context;

/// One requirement and the code that checks it.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct Case {
    /// A stable name such as `challenge/status-402`; never reused for something else.
    pub id: &'static str,
    /// What is checked, in a few words.
    pub title: &'static str,
    /// The sentence that a failure breaks.
    pub requirement: &'static str,
    /// How binding the sentence is.
    pub level: Level,
    /// Where the sentence stands.
    pub source: Source,
    /// What the case cannot run without.
    pub needs: &'static [Need],
    /// The cases that must not have failed before; otherwise a failure here would say nothing.
    pub depends_on: &'static [&'static str],
    #[serde(skip)]
    pub(crate) run: Run,
}

/// How binding a requirement is, in the words of RFC 2119.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Level {
    /// Breaking it makes a server non-conforming.
    Must,
    /// Breaking it is a warning.
    Should,
    /// Either is allowed, but the operator may want to know; a warning.
    May,
}

/// The document and the section that a requirement is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[non_exhaustive]
pub struct Source {
    /// The document's name.
    pub document: &'static str,
    /// The section.
    pub section: &'static str,
}

impl Source {
    /// `protocol-specification.md` of lightninglabs/L402, in the `macaroon=` revision that master served in 2026.
    pub(crate) const fn protocol(section: &'static str) -> Self {
        Self { document: "L402 protocol-specification", section }
    }

    /// `macaroon-spec.md` of lightninglabs/L402. Where its field tags differ from go-macaroon, every deployed
    /// implementation follows go-macaroon, and so does this suite.
    pub(crate) const fn macaroon(section: &'static str) -> Self {
        Self { document: "L402 macaroon-spec", section }
    }

    /// Good practice that no specification of L402 asks for.
    pub(crate) const PRACTICE: Self = Self { document: "l402-conformance", section: "recommended practice" };
}

/// What a case cannot run without.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Need {
    /// Somebody who pays invoices.
    Payer,
    /// A second URL that the token of the first must not open.
    OtherUrl,
}

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "lowercase")]
#[non_exhaustive]
pub enum Outcome {
    /// The server does what is required.
    Pass,
    /// The server breaks a MUST.
    Fail {
        /// What would have passed.
        expected: String,
        /// What the server did.
        actual: String,
    },
    /// The server breaks a SHOULD, or keeps a MUST in an unusual way.
    Warn {
        /// What would have passed.
        expected: String,
        /// What the server did.
        actual: String,
    },
    /// The case was not run.
    Skip {
        /// Why not.
        reason: String,
    },
    /// The suite could not find out; this says nothing about the server.
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
}

/// `Ok` is a pass; `Err` ends a case early with any other outcome.
pub(crate) type CaseResult = Result<(), Outcome>;

pub(crate) type Run = for<'a> fn(&'a Context<'a>) -> Pin<Box<dyn Future<Output = CaseResult> + Send + 'a>>;

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "MUST",
            Self::Should => "SHOULD",
            Self::May => "MAY",
        })
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.document, self.section)
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Payer => "a payer",
            Self::OtherUrl => "another URL",
        })
    }
}
