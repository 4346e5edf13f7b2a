//! [`Profile`]: whose manners a gate has.

use l402_core::Rejection;
use l402_core::header::Challenge;

use super::accept::Format;
use super::refusal::Reason;

/// Whose manners the gate has: which status a bad token gets, how a challenge is written, what errors look like.
///
/// A profile never changes who gets in. It exists because clients were written against one server or another:
/// many pay again on 402 and give up on 401.
///
/// | | [`DEFAULT`](Self::DEFAULT) | [`L402KIT`](Self::L402KIT) | [`APERTURE`](Self::APERTURE) |
/// |---|---|---|---|
/// | malformed, forged or unpaid | 401 | 402 | 402 |
/// | expired | 402 | 401 | 402 |
/// | used up | 402 | 401 | 402 |
/// | for another route, or a caveat does not hold | 402 | 402 | 402 |
/// | challenge | one `L402` field | one `L402` field | `LSAT`, then `L402` |
/// | errors | JSON with `code` | JSON as l402kit's | plain text |
///
/// 402 comes with a fresh challenge, 401 with none.
///
/// ```
/// use l402_server::{OnBadToken, Profile};
///
/// let lenient = Profile::DEFAULT.with_forged(OnBadToken::Challenge).with_lsat_twin(true);
/// assert_ne!(lenient, Profile::APERTURE); // its errors are JSON
/// ```
///
/// # Security
/// Where a forged or malformed credential gets a challenge, as with `L402KIT` and `APERTURE`, every bad credential costs
/// the node an invoice. A request without any credential does so too, so this opens no new door, but it also takes away
/// the sign by which a broken client notices: it pays again and again. Prefer `DEFAULT` unless the clients need another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub struct Profile {
    forged: OnBadToken,
    expired: OnBadToken,
    used_up: OnBadToken,
    unfit: OnBadToken,
    lsat_twin: bool,
    errors: ErrorShape,
}

/// What a token that opens nothing gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OnBadToken {
    /// 402 and a fresh challenge: pay again.
    Challenge,
    /// 401 and no invoice.
    Unauthorized,
}

/// What errors look like where the client asks for nothing in particular.
///
/// A client whose `Accept` names `application/problem+json`, or prefers `text/html`, gets that with every shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorShape {
    /// JSON: `error` and `code`; a challenge adds `price_sats`, `price_msat`, `invoice`, `macaroon`, `payment_hash`,
    /// `expires_at`.
    Json,
    /// JSON as l402kit writes it: `error`; a challenge adds `price_sats`, `invoice`, `macaroon`.
    L402Kit,
    /// A line of plain text, `payment required` for a challenge, as Aperture writes it.
    Text,
}

impl Profile {
    /// The design of this project: a challenge for honest buyers, 401 for what is not ours.
    pub const DEFAULT: Self = Self {
        forged: OnBadToken::Unauthorized,
        expired: OnBadToken::Challenge,
        used_up: OnBadToken::Challenge,
        unfit: OnBadToken::Challenge,
        lsat_twin: false,
        errors: ErrorShape::Json,
    };

    /// As l402kit's servers, for clients written against them: 401 for expired tokens, and for used ones with the words
    /// `Token already used`.
    pub const L402KIT: Self = Self {
        forged: OnBadToken::Challenge,
        expired: OnBadToken::Unauthorized,
        used_up: OnBadToken::Unauthorized,
        unfit: OnBadToken::Challenge,
        lsat_twin: false,
        errors: ErrorShape::L402Kit,
    };

    /// As Aperture, the reference server: always 402, with an `LSAT` field before the `L402` one.
    pub const APERTURE: Self = Self {
        forged: OnBadToken::Challenge,
        expired: OnBadToken::Challenge,
        used_up: OnBadToken::Challenge,
        unfit: OnBadToken::Challenge,
        lsat_twin: true,
        errors: ErrorShape::Text,
    };

    /// What a credential gets that is malformed, forged, unknown or not paid.
    pub const fn with_forged(self, answer: OnBadToken) -> Self {
        Self { forged: answer, ..self }
    }

    /// What a token of ours gets that has expired.
    pub const fn with_expired(self, answer: OnBadToken) -> Self {
        Self { expired: answer, ..self }
    }

    /// What a token of ours gets whose uses are spent.
    pub const fn with_used_up(self, answer: OnBadToken) -> Self {
        Self { used_up: answer, ..self }
    }

    /// What a token of ours gets that is for another path or method, or has another caveat that does not hold.
    pub const fn with_unfit(self, answer: OnBadToken) -> Self {
        Self { unfit: answer, ..self }
    }

    /// Whether an `LSAT` challenge goes before the `L402` one, for clients that know the old name only and read
    /// the first field only.
    pub const fn with_lsat_twin(self, twin: bool) -> Self {
        Self { lsat_twin: twin, ..self }
    }

    /// What errors look like.
    pub const fn with_errors(self, errors: ErrorShape) -> Self {
        Self { errors, ..self }
    }

    /// Whether the right answer is a fresh challenge rather than 401.
    pub(crate) const fn challenges(self, reason: Reason) -> bool {
        let answer = match reason {
            Reason::NoCredential | Reason::InvoiceGone => OnBadToken::Challenge,
            Reason::Malformed(_) => self.forged,
            Reason::Rejected(Rejection::Expired) => self.expired,
            Reason::Rejected(Rejection::UsedUp) => self.used_up,
            Reason::Rejected(rejection) if rejection.is_authentic() => self.unfit,
            Reason::Rejected(_) => self.forged,
        };
        matches!(answer, OnBadToken::Challenge)
    }

    pub(super) const fn native_format(self) -> Format {
        match self.errors {
            ErrorShape::Json => Format::Json,
            ErrorShape::L402Kit => Format::L402Kit,
            ErrorShape::Text => Format::Text,
        }
    }

    /// The values of `WWW-Authenticate`, one field each, in order.
    pub(super) fn challenge_values(self, challenge: &Challenge) -> impl Iterator<Item = String> {
        let (lsat, l402) = if self.lsat_twin {
            let [lsat, l402] = challenge.to_aperture_header_values();
            (Some(lsat), l402)
        } else {
            (None, challenge.to_header_value())
        };
        lsat.into_iter().chain([l402])
    }
}

/// [`Profile::DEFAULT`].
impl Default for Profile {
    fn default() -> Self {
        Self::DEFAULT
    }
}
