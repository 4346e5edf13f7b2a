//! Challenges in the body of a 402: l402kit's JSON, where a proxy took the header field away or there never was one.

use http::{HeaderMap, header};
use l402_core::header::{ChallengeParseError, ChallengeRef};
use l402_core::{Limits, Msat};
use serde::Deserialize;

use super::offer::Offer;
use crate::error::ClientError;

/// How much of a body is read in search of a challenge: twice what a macaroon and an invoice can have.
pub const MAX_BODY_BYTES: usize = 16 * 1024;

/// The body is JSON, and not too long as far as the server says.
pub(super) fn may_hold_a_challenge(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let is_json = text(header::CONTENT_TYPE).is_some_and(|value| {
        let essence = value.split(';').next().unwrap_or_default().trim();
        essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json")
    });
    let length: Option<usize> = text(header::CONTENT_LENGTH).and_then(|value| value.parse().ok());
    is_json && length.is_none_or(|length| length <= MAX_BODY_BYTES)
}

/// A challenge in JSON.
pub(super) struct Challenge {
    /// In the form of a header field, so that both are read by the same rules.
    field: String,
    price: Option<Msat>,
}

#[derive(Deserialize)]
struct Json {
    macaroon: Option<String>,
    invoice: Option<String>,
    #[serde(alias = "priceSats")]
    price_sats: Option<serde_json::Number>,
}

impl Challenge {
    /// Reads a body that was cut at [`MAX_BODY_BYTES`] and one more.
    pub(super) fn read(body: &[u8]) -> Result<Self, ClientError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(ClientError::NoChallenge);
        }
        let json: Json = serde_json::from_slice(body).map_err(|_| ClientError::NoChallenge)?;
        let (macaroon, invoice) = match (json.macaroon, json.invoice) {
            (None, None) => return Err(ClientError::NoChallenge),
            (None, Some(_)) => {
                return Err(ClientError::UnreadableChallenge(ChallengeParseError::MissingMacaroon));
            }
            (Some(_), None) => {
                return Err(ClientError::UnreadableChallenge(ChallengeParseError::MissingInvoice));
            }
            (Some(macaroon), Some(invoice)) => (macaroon, invoice),
        };
        let is_plain =
            |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
        if !is_plain(&macaroon) || !is_plain(&invoice) {
            return Err(ClientError::UnreadableChallenge(ChallengeParseError::Syntax));
        }
        let amount = |sats: serde_json::Number| sats.as_u64().and_then(Msat::checked_from_sat);
        let price = json.price_sats.map(|sats| amount(sats).unwrap_or(Msat::MAX));
        Ok(Self { field: format!(r#"L402 macaroon="{macaroon}", invoice="{invoice}""#), price })
    }

    pub(super) fn parse(&self) -> Result<ChallengeRef<'_>, ClientError> {
        // As long as the body may be, which was checked.
        let mut found = ChallengeRef::parse_all(self.field.as_bytes(), &Limits::UNLIMITED);
        let first = found.next().unwrap_or(Err(ChallengeParseError::Syntax));
        first.map_err(ClientError::UnreadableChallenge)
    }

    /// A price that is stated next to the invoice must be the invoice's, to the satoshi.
    pub(super) fn check_price(&self, offer: &Offer) -> Result<(), ClientError> {
        match self.price {
            Some(stated) if stated.to_sat_ceil() != offer.amount().to_sat_ceil() => {
                Err(ClientError::PriceMismatch { stated, invoice: offer.amount() })
            }
            _ => Ok(()),
        }
    }
}
