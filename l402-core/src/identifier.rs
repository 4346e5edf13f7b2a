//! The 66-byte identifier that ties a macaroon to one payment.

use core::fmt;

use crate::codec::hex_decode;
use crate::hash::{PaymentHash, TokenId};

/// What a token is about: version 0, a payment hash and a token id.
///
/// On the wire it is 66 bytes: `u16` version (big endian), 32 bytes payment hash, 32 bytes token id.
/// (macaroon-spec, "Macaroon Identifier".)
///
/// ```
/// use l402_core::{Identifier, PaymentHash, TokenId};
///
/// let identifier = Identifier {
///     payment_hash: PaymentHash::from_bytes([1; 32]),
///     token_id: TokenId::from_bytes([2; 32]),
/// };
/// let bytes = identifier.to_bytes();
/// assert_eq!(bytes.len(), 66);
/// assert_eq!(Identifier::decode(&bytes), Ok(identifier));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs, reason = "the format of version 0 is fixed")]
pub struct Identifier {
    /// The payment that makes the token valid.
    pub payment_hash: PaymentHash,
    /// What makes the token unique.
    pub token_id: TokenId,
}

impl Identifier {
    /// The size on the wire, in bytes.
    pub const LEN: usize = 66;
    /// The only version there is.
    pub const VERSION: u16 = 0;

    /// Writes the 66 bytes.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..2].copy_from_slice(&Self::VERSION.to_be_bytes());
        bytes[2..34].copy_from_slice(self.payment_hash.as_bytes());
        bytes[34..].copy_from_slice(self.token_id.as_bytes());
        bytes
    }

    /// Reads exactly 66 bytes of version 0.
    ///
    /// # Errors
    /// [`IdentifierError`] for any other length or version.
    pub fn decode(bytes: &[u8]) -> Result<Self, IdentifierError> {
        let [payment_hash, token_id] = *Self::split(bytes)?;
        Ok(Self {
            payment_hash: PaymentHash::from_bytes(payment_hash),
            token_id: TokenId::from_bytes(token_id),
        })
    }

    /// [`Identifier::decode`] without copying: payment hash and token id where they stand.
    #[inline]
    pub(crate) fn split(bytes: &[u8]) -> Result<&[[u8; 32]; 2], IdentifierError> {
        let bytes: &[u8; Self::LEN] = bytes.try_into().map_err(|_| IdentifierError::Length)?;
        let [high, low, rest @ ..] = bytes;
        if u16::from_be_bytes([*high, *low]) != Self::VERSION {
            return Err(IdentifierError::Version);
        }
        rest.as_chunks().0.try_into().map_err(|_| IdentifierError::Length)
    }

    /// Reads an identifier as any known server writes it, and tells which way that is.
    ///
    /// The ways differ in length, so that none can be taken for another.
    ///
    /// # Errors
    /// [`IdentifierError`] for any other length, for 132 bytes that are not hex digits, and for another version.
    pub fn decode_any(bytes: &[u8]) -> Result<IdentifierDialect, IdentifierError> {
        if let Ok(payment_hash) = bytes.try_into() {
            return Ok(IdentifierDialect::BareHash(PaymentHash::from_bytes(payment_hash)));
        }
        if bytes.len() == 2 * Self::LEN {
            let mut decoded = [0; Self::LEN];
            hex_decode(bytes, &mut decoded).ok_or(IdentifierError::Hex)?;
            return Self::decode(&decoded).map(IdentifierDialect::HexText);
        }
        Self::decode(bytes).map(IdentifierDialect::Standard)
    }
}

/// An identifier, and the way a server wrote it. See [`Identifier::decode_any`].
///
/// ```
/// use l402_core::{Identifier, IdentifierDialect, PaymentHash};
///
/// let bare = Identifier::decode_any(&[7; 32])?;
/// assert_eq!(bare, IdentifierDialect::BareHash(PaymentHash::from_bytes([7; 32])));
/// assert_eq!(bare.token_id(), None);
///
/// let text = "00".repeat(66);
/// let hex = Identifier::decode_any(text.as_bytes())?;
/// assert!(matches!(hex, IdentifierDialect::HexText(_)));
/// assert_eq!(hex.payment_hash(), PaymentHash::from_bytes([0; 32]));
/// # Ok::<(), l402_core::IdentifierError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentifierDialect {
    /// 66 bytes, as specified.
    Standard(Identifier),
    /// The same 66 bytes as 132 hex digits, in either case: boltwall and lsat-js.
    HexText(Identifier),
    /// The payment hash and nothing else: `l402_middleware`. There is no token id.
    BareHash(PaymentHash),
}

impl IdentifierDialect {
    /// The payment that makes the token valid.
    #[must_use]
    pub const fn payment_hash(&self) -> PaymentHash {
        match self {
            Self::Standard(identifier) | Self::HexText(identifier) => identifier.payment_hash,
            Self::BareHash(payment_hash) => *payment_hash,
        }
    }

    /// What makes the token unique, where the dialect has it.
    #[must_use]
    pub const fn token_id(&self) -> Option<TokenId> {
        match self {
            Self::Standard(identifier) | Self::HexText(identifier) => Some(identifier.token_id),
            Self::BareHash(_) => None,
        }
    }
}

/// Why bytes are not an L402 identifier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdentifierError {
    /// Not of the length of an identifier: 66 bytes.
    Length,
    /// A version other than 0.
    Version,
    /// 132 bytes that are not hex digits, where the dialect with hex digits is read.
    Hex,
}

impl fmt::Display for IdentifierError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Length => "the identifier is not 66 bytes long",
            Self::Version => "the identifier has a version other than 0",
            Self::Hex => "the identifier is not hex",
        })
    }
}

impl core::error::Error for IdentifierError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The reference's own vector: hash 01..20, token id 20..01.
    #[test]
    fn encodes_as_the_reference_does() {
        let identifier = Identifier {
            payment_hash: "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20".parse().unwrap(),
            token_id: "201f1e1d1c1b1a191817161514131211100f0e0d0c0b0a090807060504030201".parse().unwrap(),
        };
        let bytes = identifier.to_bytes();
        assert_eq!(bytes[..4], [0, 0, 1, 2]);
        assert_eq!(bytes[64..], [2, 1]);
        assert_eq!(Identifier::decode(&bytes), Ok(identifier));
    }

    #[test]
    fn refuses_other_lengths_and_versions() {
        let mut bytes = [0; 67];
        assert_eq!(Identifier::decode(&bytes), Err(IdentifierError::Length));
        assert_eq!(Identifier::decode(&bytes[..65]), Err(IdentifierError::Length));
        assert_eq!(Identifier::decode(b""), Err(IdentifierError::Length));
        bytes[1] = 1;
        assert_eq!(Identifier::decode(&bytes[..66]), Err(IdentifierError::Version));
    }
}
