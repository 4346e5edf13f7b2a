//! The two header fields: `WWW-Authenticate` ([`Challenge`], [`ChallengeRef`]) and `Authorization`
//! ([`CredentialRef`]), which gRPC clients of the reference replace by `Macaroon`.
//!
//! What is written has exactly one form. What is read may come in any form that deployed software writes.
//! Both sides take the raw bytes of a field value, so they fit every HTTP library.

mod challenge;
mod credential;
mod params;

use core::fmt;

pub use challenge::{
    Challenge, ChallengeDialect, ChallengeError, ChallengeParseError, ChallengeRef, Challenges,
    MacaroonParam, Quoting,
};
pub use credential::{CredentialError, CredentialRef, Credentials, credential_header_value};

/// The word a challenge or credential starts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums, reason = "the protocol has had these two names and gets no third")]
pub enum Scheme {
    /// `L402`, the name since 2023.
    L402,
    /// `LSAT`, the name before; still what some deployed clients send.
    Lsat,
}

impl Scheme {
    /// Reads a scheme name, in any case (RFC 9110 section 11.1).
    fn from_name(name: &[u8]) -> Option<Self> {
        if name.eq_ignore_ascii_case(b"L402") {
            Some(Self::L402)
        } else if name.eq_ignore_ascii_case(b"LSAT") {
            Some(Self::Lsat)
        } else {
            None
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::L402 => "L402",
            Self::Lsat => "LSAT",
        })
    }
}
