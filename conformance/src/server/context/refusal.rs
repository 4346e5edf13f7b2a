//! How a server may say no.

use crate::outcome::{CaseResult, Outcome};

#[derive(Clone, Copy, Debug)]
pub(in crate::server) enum Refusal {
    /// 401 as the specification says now, or 402 as it said before and as Aperture answers. Any other 4xx is unusual.
    /// Which of the two it has to be is for the cases about statuses.
    Credential,
    /// Any 4xx, since the HTTP server may refuse before L402 is asked.
    AnyClientError,
    /// Anything but an answer that was paid for.
    Any,
}

impl Refusal {
    /// The outer error ends the case; the inner one is a warning.
    pub(super) fn judge(self, status: u16, attempt: &str) -> Result<CaseResult, Outcome> {
        let actual = format!("status {status} for {attempt}");
        match (self, status) {
            (_, 401 | 402) | (Self::AnyClientError, 400..=499) | (Self::Any, 300..) => Ok(Ok(())),
            (Self::Credential, 400..=499) => Ok(Err(Outcome::warn(self.expected(), actual))),
            _ => Err(Outcome::fail(self.expected(), actual)),
        }
    }

    const fn expected(self) -> &'static str {
        match self {
            Self::Credential => "status 401, or 402 as earlier revisions said",
            Self::AnyClientError => "a 4xx status, best 401",
            Self::Any => "a refusal",
        }
    }
}
