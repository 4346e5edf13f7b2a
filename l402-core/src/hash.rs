//! The public 32-byte names of the protocol: [`PaymentHash`], [`TokenId`], [`RootKeyId`].

use core::fmt;
use core::str::FromStr;

use crate::codec::{fmt_hex, hex_decode_32};

/// The SHA-256 of a [`Preimage`](crate::Preimage): names one Lightning payment.
///
/// Public: it stands in the invoice and in the token. It is the key under which uses are counted, because it
/// does not depend on how somebody chose to write a token down.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PaymentHash([u8; 32]);

/// The random 32 bytes that make a token unique and choose its root key.
///
/// The first four bytes are the [`RootKeyId`] of the secret that the token's root key was derived from, for
/// servers that derive root keys; the rest is random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId([u8; 32]);

/// Names the secret from which a server derived a token's root key, so that secrets can be rotated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RootKeyId([u8; 4]);

impl TokenId {
    /// The token id that seals `key` and fills the rest with `entropy`.
    ///
    /// # Security
    /// `entropy` must come from a cryptographic random generator: 28 of its 32 bytes are used.
    #[must_use]
    pub fn sealing(key: RootKeyId, entropy: [u8; 32]) -> Self {
        let mut bytes = entropy;
        bytes[..4].copy_from_slice(&key.0);
        Self(bytes)
    }

    /// The key id sealed by [`TokenId::sealing`].
    #[must_use]
    pub fn root_key_id(&self) -> RootKeyId {
        let [a, b, c, d, ..] = self.0;
        RootKeyId([a, b, c, d])
    }
}

/// The text is not exactly the expected number of hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ParseHexError;

impl fmt::Display for ParseHexError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected 64 hex digits")
    }
}

impl core::error::Error for ParseHexError {}

macro_rules! public_bytes {
    ($name:ident, $len:literal) => {
        impl $name {
            /// Wraps the raw bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The raw bytes.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }
        }

        /// Lower-case hex.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt_hex(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}

macro_rules! from_hex_32 {
    ($name:ident) => {
        /// Reads 64 hex digits in either case.
        impl FromStr for $name {
            type Err = ParseHexError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                hex_decode_32(text.as_bytes()).map(Self).ok_or(ParseHexError)
            }
        }
    };
}

#[cfg(feature = "bolt11")]
pub(crate) use public_bytes;

public_bytes!(PaymentHash, 32);
public_bytes!(TokenId, 32);
public_bytes!(RootKeyId, 4);
from_hex_32!(PaymentHash);
from_hex_32!(TokenId);
