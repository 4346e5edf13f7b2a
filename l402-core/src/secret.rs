//! The secrets of the protocol: [`Preimage`] and [`RootKey`]. Both redact themselves and are wiped on drop.

use alloc::string::String;
use core::fmt;
use core::str::FromStr;

use zeroize::Zeroizing;

use crate::codec::{hex_decode, hex_decode_32};
use crate::hash::{ParseHexError, PaymentHash, RootKeyId, TokenId};
use crate::sha256::{Digest, HmacKey, KEY_GENERATOR, sha256_of_32};
use crate::wipe::wipe_on_drop;

/// The 32 bytes that paying a Lightning invoice reveals: the proof of payment.
///
/// # Security
/// Whoever holds a preimage holds what was paid for. `Debug` prints nothing of it, there is no `Display` and
/// no comparison, and the bytes are wiped when it is dropped; [`Preimage::expose`] is the only way out.
///
/// ```
/// use l402_core::Preimage;
///
/// let preimage = Preimage::from_bytes([7; 32]);
/// assert_eq!(format!("{preimage:?}"), "Preimage([redacted])");
/// assert_eq!(
///     preimage.payment_hash().to_string(),
///     "4bb06f8e4e3a7715d201d573d0aa423762e55dabd61a2c02278fa56cc6d294e0",
/// );
/// ```
#[derive(Clone)]
pub struct Preimage([u8; 32]);

wipe_on_drop!(Preimage { 0 = [0; 32] });

impl Preimage {
    /// Wraps the raw bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The payment hash of a preimage in 64 hex digits, without handing the preimage around.
    #[inline]
    pub(crate) fn payment_hash_of_hex(text: &[u8]) -> Option<PaymentHash> {
        let mut preimage = Self([0; 32]);
        hex_decode(text, &mut preimage.0)?;
        Some(preimage.payment_hash())
    }

    /// The payment hash this preimage proves payment of: its SHA-256.
    #[inline]
    #[must_use]
    pub fn payment_hash(&self) -> PaymentHash {
        PaymentHash::from_bytes(sha256_of_32(&self.0))
    }

    /// The secret bytes.
    ///
    /// # Security
    /// They must reach neither a log nor anybody but the server that sold them.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The secret bytes as lower-case hex, the form in which a credential carries them.
    ///
    /// # Security
    /// As for [`Preimage::expose`]; besides, a `String` is not wiped when it is dropped.
    #[must_use]
    pub fn expose_hex(&self) -> String {
        hex_simd::encode_to_string(self.0, hex_simd::AsciiCase::Lower)
    }
}

/// Reads 64 hex digits in either case.
impl FromStr for Preimage {
    type Err = ParseHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        hex_decode_32(text.as_bytes()).map(Self).ok_or(ParseHexError)
    }
}

impl fmt::Debug for Preimage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Preimage([redacted])")
    }
}

/// The secret that signs one macaroon.
///
/// It keeps only the key that the chain starts from, `HMAC-SHA256("macaroons-key-generator", secret)`, which
/// is what every macaroon library computes first although the published L402 text leaves it out.
#[derive(Clone)]
pub struct RootKey(Digest);

impl RootKey {
    /// Takes a secret of any length but zero.
    ///
    /// # Errors
    /// [`EmptyRootKey`] for no bytes at all: a macaroon signed with nothing can be signed by anybody.
    ///
    /// # Security
    /// Anything under 32 random bytes is weak. Short secrets are accepted because deployed servers have them
    /// and their tokens must be readable; [`MasterKey`] is what new servers should use.
    pub fn new(secret: &[u8]) -> Result<Self, EmptyRootKey> {
        if secret.is_empty() {
            return Err(EmptyRootKey);
        }
        Ok(Self::derive(secret))
    }

    pub(crate) fn derive(secret: &[u8]) -> Self {
        Self(match secret.try_into() {
            Ok(secret) => KEY_GENERATOR.mac_of_32(secret), // as nearly always
            Err(_) => KEY_GENERATOR.mac(secret),
        })
    }

    /// Takes what [`RootKey::new`] computes.
    #[cfg(feature = "third-party")]
    pub(crate) const fn from_chain_key(key: Digest) -> Self {
        Self(key)
    }

    pub(crate) const fn chain_key(&self) -> &Digest {
        &self.0
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey([redacted])")
    }
}

/// A root key of no bytes was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmptyRootKey;

impl fmt::Display for EmptyRootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a root key must not be empty: anybody could sign with it")
    }
}

impl core::error::Error for EmptyRootKey {}

/// The 32-byte secret of a server, from which the root key of every token is derived.
///
/// `root key = HMAC-SHA256(master, token id)`. Nothing is stored when a challenge goes out, and every instance
/// that has the secret can verify every token.
///
/// ```
/// use l402_core::{MasterKey, TokenId};
///
/// let master = MasterKey::from_bytes([1; 32]);
/// let token = TokenId::sealing(master.id(), [2; 32]);
/// assert_eq!(token.root_key_id(), master.id());
/// let _root_key = master.root_key(&token);
/// ```
#[derive(Clone)]
pub struct MasterKey {
    key: HmacKey,
    id: RootKeyId,
    is_guessable: bool,
}

/// Fewer different bytes than this do not happen among 32 random ones.
const FEWEST_DIFFERENT_BYTES: u32 = 16;

impl MasterKey {
    /// Takes the secret.
    ///
    /// # Security
    /// The bytes must come from a cryptographic random generator and be kept like a private key: whoever has
    /// them can mint tokens. Losing them makes every sold token worthless.
    #[must_use]
    pub fn from_bytes(secret: [u8; 32]) -> Self {
        let secret = Zeroizing::new(secret);
        let key = HmacKey::from_digest(&Digest::from_bytes(&secret));
        let [a, b, c, d, ..] = key.mac(b"l402 root key id").to_bytes();
        Self { key, id: RootKeyId::from_bytes([a, b, c, d]), is_guessable: is_guessable(&secret) }
    }

    /// Whether the secret cannot have come from a random generator: it is text, or has few different bytes, as one
    /// that was put there to be replaced later. Anybody might mint tokens then.
    #[must_use]
    pub const fn is_guessable(&self) -> bool {
        self.is_guessable
    }

    /// The name of this secret: four bytes computed from it, which tell nothing about it.
    #[must_use]
    pub const fn id(&self) -> RootKeyId {
        self.id
    }

    /// The root key of the token with this id. Costs four compressions of SHA-256.
    #[must_use]
    pub fn root_key(&self, token: &TokenId) -> RootKey {
        RootKey(KEY_GENERATOR.mac_of_digest(&self.key.mac_of_32(token.as_bytes())))
    }
}

fn is_guessable(secret: &[u8; 32]) -> bool {
    let mut seen = Zeroizing::new([0_u64; 4]);
    for byte in secret {
        seen[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }
    let different: u32 = seen.iter().map(|bytes| bytes.count_ones()).sum();
    different < FEWEST_DIFFERENT_BYTES || secret.iter().all(|byte| matches!(byte, b' '..=b'~'))
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MasterKey({}, [redacted])", self.id)
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    #[test]
    fn secrets_redact_themselves() {
        assert_eq!(format!("{:?}", Preimage::from_bytes([0xab; 32])), "Preimage([redacted])");
        assert_eq!(format!("{:?}", RootKey::new(b"secret").unwrap()), "RootKey([redacted])");
        let master = format!("{:?}", MasterKey::from_bytes([0xab; 32]));
        assert!(master.ends_with("[redacted])") && !master.contains("abab"), "{master}");
    }

    #[test]
    fn the_preimage_of_the_reference_mint_test_has_its_hash() {
        let preimage: Preimage =
            "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f".parse().unwrap();
        assert_eq!(
            format!("{}", preimage.payment_hash()),
            "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
        );
    }

    #[test]
    fn an_empty_root_key_is_refused() {
        assert_eq!(RootKey::new(b"").unwrap_err(), EmptyRootKey);
    }
}
