//! [`Profile`]: whose reading of contradicting texts counts.

use std::fmt;

use serde::Serialize;

/// Whose reading counts where the texts on L402 contradict each other.
///
/// Most requirements are the same in all profiles. [`Case::ambiguity`](crate::Case::ambiguity) says which are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Profile {
    /// The specification as its master branch had it in 2026, and either of two readings where that contradicts
    /// itself.
    #[default]
    Default,
    /// As Aperture, the reference implementation, does it: always 402, with an `LSAT` challenge before the `L402` one.
    Aperture,
    /// As l402kit does it: 401 for a token that was used or has expired.
    L402kit,
}

impl Profile {
    /// Every profile.
    pub const ALL: [Self; 3] = [Self::Default, Self::Aperture, Self::L402kit];
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Default => "default",
            Self::Aperture => "aperture",
            Self::L402kit => "l402kit",
        })
    }
}
