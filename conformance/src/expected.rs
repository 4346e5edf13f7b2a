//! [`Expected`]: deviations that are known.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Deviations of an implementation that are known and have reasons.
///
/// A case that is listed may fail or warn. If it passes, the list is out of date, and that is an error: a list of
/// excuses must not outlive its reasons.
///
/// ```
/// use l402_conformance::Expected;
///
/// let expected: Expected = r#"
///     "credential/scheme-case" = "our proxy compares the scheme byte by byte; to be replaced in spring"
/// "#
/// .parse()?;
/// assert!(expected.reason("credential/scheme-case").unwrap().starts_with("our proxy"));
/// # Ok::<(), l402_conformance::ExpectedError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Expected(BTreeMap<String, String>);

impl Expected {
    /// Why this case may fail.
    #[must_use]
    pub fn reason(&self, id: &str) -> Option<&str> {
        self.0.get(id).map(String::as_str)
    }

    /// The ids that are listed.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Adds a deviation.
    #[must_use]
    pub fn with(mut self, id: impl Into<String>, reason: impl Into<String>) -> Self {
        self.0.insert(id.into(), reason.into());
        self
    }
}

impl std::str::FromStr for Expected {
    type Err = ExpectedError;

    /// Reads TOML: lines of `"case/id" = "reason"`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected: Self = toml::from_str(text).map_err(|error| ExpectedError::Toml(error.to_string()))?;
        match expected.0.iter().find(|(_, reason)| reason.trim().is_empty()) {
            Some((id, _)) => Err(ExpectedError::NoReason(id.clone())),
            None => Ok(expected),
        }
    }
}

/// Why a list of known deviations cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ExpectedError {
    /// Not TOML, or not of lines such as `"case/id" = "reason"`.
    #[error("the list of known deviations must be TOML lines such as \"case/id\" = \"reason\": {0}")]
    Toml(String),
    /// A deviation without a reason.
    #[error("the known deviation {0:?} has no reason; write why it stays")]
    NoReason(String),
}
