//! Words on the command line.

use std::str::FromStr;

use crate::case::{Level, Suite};
use crate::profile::Profile;

/// A word on the command line that is none of those expected.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is none of {known}")]
#[non_exhaustive]
pub struct UnknownWord {
    /// What was written.
    pub found: String,
    /// What could have been.
    pub known: &'static str,
}

impl FromStr for Level {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "must" => Ok(Self::Must),
            "should" => Ok(Self::Should),
            "may" => Ok(Self::May),
            "info" => Ok(Self::Info),
            _ => Err(UnknownWord { found: text.to_owned(), known: "must, should, may, info" }),
        }
    }
}

impl FromStr for Suite {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|suite| suite.to_string() == text.to_ascii_lowercase());
        found.ok_or_else(|| UnknownWord { found: text.to_owned(), known: "server, client, verifier" })
    }
}

impl FromStr for Profile {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|profile| profile.to_string() == text.to_ascii_lowercase());
        found.ok_or_else(|| UnknownWord { found: text.to_owned(), known: "default, aperture, l402kit" })
    }
}
