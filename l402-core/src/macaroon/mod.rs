//! Macaroons: a signed list of conditions that anybody can lengthen and nobody can shorten.
//!
//! [`MacaroonRef`] looks at bytes that came from outside, [`Macaroon`] owns the bytes of one that is minted or
//! kept. Both keep the wire bytes as they are, since the signature covers bytes, not meaning.
//!
//! One format is written, V2, and two more are read: [`Macaroon::decode_any`] turns V1 packets and V2-JSON into V2.

mod any;
mod chain;
#[cfg(feature = "third-party")]
mod discharge;
mod error;
mod json;
#[cfg(feature = "third-party")]
mod secretbox;
#[cfg(feature = "third-party")]
mod third_party;
mod v1;
mod v2;

use alloc::vec::Vec;
use core::fmt;
use core::ops::Range;

use memchr::memchr;
use subtle::ConstantTimeEq;

use crate::codec::{base64_decode_append, base64_encode, ct_eq_32};
use crate::limits::Limits;
use crate::secret::RootKey;
use crate::sha256::Digest;
pub use any::{MacaroonFormat, MacaroonText};
#[cfg(feature = "third-party")]
pub use discharge::DischargeError;
#[cfg(feature = "third-party")]
pub(crate) use discharge::take_discharges;
pub use error::MacaroonDecodeError;
pub(crate) use v2::next_caveat;

/// A macaroon in the V2 binary format, borrowed from the bytes it was decoded from.
///
/// Decoding checks the form only; [`MacaroonRef::is_signed_by`] tells whether it is genuine.
///
/// ```
/// use l402_core::{Limits, Macaroon, MacaroonRef, RootKey};
///
/// let key = RootKey::new(b"a secret of at least 32 random bytes")?;
/// let minted = Macaroon::new(&key, b"id", b"example.org")?.attenuate(b"account = 7")?;
///
/// let read = MacaroonRef::decode(minted.as_bytes(), &Limits::default())?;
/// assert_eq!(read.identifier(), b"id");
/// assert_eq!(read.caveats().next().map(|caveat| caveat.id()), Some(&b"account = 7"[..]));
/// assert!(read.is_signed_by(&key));
/// assert!(!read.is_signed_by(&RootKey::new(b"another secret")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct MacaroonRef<'a> {
    bytes: &'a [u8],
    location: &'a [u8],
    identifier: &'a [u8],
    caveats: &'a [u8],
    signature: &'a [u8; 32],
}

impl<'a> MacaroonRef<'a> {
    /// Reads the V2 binary format as go-macaroon writes it, and nothing that it would not write.
    ///
    /// # Errors
    /// [`MacaroonDecodeError`] says which rule is broken. Sizes are checked against `limits` first.
    #[inline(always)]
    pub fn decode(bytes: &'a [u8], limits: &Limits) -> Result<Self, MacaroonDecodeError> {
        v2::decode(bytes, limits)
    }

    /// Reads no further than to the identifier, of which the bytes may be cut off. What comes of it verifies nowhere.
    #[inline]
    pub(crate) fn decode_head(bytes: &'a [u8]) -> Option<Self> {
        v2::decode_head(bytes)
    }

    /// The bytes this was decoded from, all of them.
    #[must_use]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where the macaroon says it is from; empty when it does not say. Not covered by the signature.
    #[must_use]
    pub const fn location(&self) -> &'a [u8] {
        self.location
    }

    /// The identifier, which the signature starts from.
    #[must_use]
    pub const fn identifier(&self) -> &'a [u8] {
        self.identifier
    }

    /// The caveats, first to last.
    #[must_use]
    pub const fn caveats(&self) -> Caveats<'a> {
        Caveats { rest: self.caveats }
    }

    /// The signature as written; says nothing until checked.
    #[must_use]
    pub const fn signature(&self) -> &'a [u8; 32] {
        self.signature
    }

    /// Whether `key` signed exactly this identifier and these caveats.
    ///
    /// # Security
    /// The signature is compared in constant time.
    #[must_use]
    pub fn is_signed_by(&self, key: &RootKey) -> bool {
        let expected = chain::sign(key, self.identifier, self.caveats());
        ct_eq_32(&expected.to_bytes(), self.signature)
    }

    /// Copies into an owned macaroon.
    #[must_use]
    pub fn to_owned(&self) -> Macaroon {
        let bounds = |part: &[u8], from: usize| from..from + part.len();
        let caveats_start = self.bytes.len() - v2::TAIL_LEN - self.caveats.len();
        let identifier_start = caveats_start - 1 - self.identifier.len();
        let location_start = match self.location.len() {
            0 => 0,
            len => 2 + v2::varint_len(len),
        };
        Macaroon {
            bytes: self.bytes.to_vec(),
            location: bounds(self.location, location_start),
            identifier: bounds(self.identifier, identifier_start),
            caveats: bounds(self.caveats, caveats_start),
        }
    }
}

impl fmt::Debug for MacaroonRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Macaroon({} caveats, signature [redacted])", self.caveats().count())
    }
}

/// A macaroon that owns its V2 bytes.
#[derive(Clone)]
pub struct Macaroon {
    bytes: Vec<u8>,
    location: Range<usize>,
    identifier: Range<usize>,
    caveats: Range<usize>,
}

impl Macaroon {
    /// Mints a macaroon without caveats.
    ///
    /// An empty `location` is left out.
    ///
    /// # Errors
    /// [`TooLarge`] when a part is longer than the format can say (2 GiB).
    pub fn new(key: &RootKey, identifier: &[u8], location: &[u8]) -> Result<Self, TooLarge> {
        Self::with_caveats(key, identifier, location, &NewCaveats::default())
    }

    /// Mints a macaroon with all its caveats at once: the same as if each were appended, in one allocation.
    pub(crate) fn with_caveats(
        key: &RootKey,
        identifier: &[u8],
        location: &[u8],
        NewCaveats(caveats): &NewCaveats,
    ) -> Result<Self, TooLarge> {
        let signature = chain::sign(key, identifier, Caveats { rest: caveats });
        v2::encode(location, identifier, caveats, &signature.to_bytes())
    }

    /// Reads the text of a challenge or credential: V2 bytes in base64, in any of its four common dialects.
    ///
    /// [`Macaroon::from_text_any`] reads the other formats and texts, too.
    ///
    /// # Errors
    /// [`MacaroonDecodeError`] says which rule is broken. Sizes are checked against `limits` first.
    pub fn from_base64(text: &str, limits: &Limits) -> Result<Self, MacaroonDecodeError> {
        if text.len() > limits.header_bytes {
            return Err(MacaroonDecodeError::TextTooLong);
        }
        let mut bytes = Vec::new();
        base64_decode_append(text.as_bytes(), &mut bytes).ok_or(MacaroonDecodeError::Base64)?;
        Ok(MacaroonRef::decode(&bytes, limits)?.to_owned())
    }

    /// Adds a first-party caveat: a condition that must hold, too. Needs no key.
    ///
    /// # Errors
    /// [`TooLarge`] when the caveat is longer than the format can say (2 GiB).
    pub fn attenuate(self, caveat: &[u8]) -> Result<Self, TooLarge> {
        self.append(&Caveat { id: caveat, third_party: None })
    }

    fn append(mut self, caveat: &Caveat<'_>) -> Result<Self, TooLarge> {
        let signature = chain::extend(&Digest::from_bytes(self.signature()), caveat);
        v2::append_caveat(&mut self.bytes, caveat, &signature.to_bytes())?;
        self.caveats.end = self.bytes.len() - v2::TAIL_LEN;
        Ok(self)
    }

    /// The V2 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The V2 bytes in base64: standard alphabet, padded, as every L402 header carries them.
    #[must_use]
    pub fn to_base64(&self) -> alloc::string::String {
        base64_encode(&self.bytes)
    }

    /// A view with the accessors.
    #[must_use]
    pub fn as_macaroon_ref(&self) -> MacaroonRef<'_> {
        MacaroonRef {
            bytes: &self.bytes,
            location: &self.bytes[self.location.clone()],
            identifier: &self.bytes[self.identifier.clone()],
            caveats: &self.bytes[self.caveats.clone()],
            signature: self.signature(),
        }
    }

    fn signature(&self) -> &[u8; 32] {
        match self.bytes.last_chunk() {
            Some(signature) => signature,
            None => &[0; 32], // both constructors end the bytes with a signature
        }
    }
}

/// Compares the bytes in constant time: whoever can guess a signature byte by byte can forge.
impl PartialEq for Macaroon {
    fn eq(&self, other: &Self) -> bool {
        self.bytes.ct_eq(&other.bytes).into()
    }
}

impl Eq for Macaroon {}

impl fmt::Debug for Macaroon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_macaroon_ref().fmt(f)
    }
}

/// One condition of a macaroon, as bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Caveat<'a> {
    id: &'a [u8],
    third_party: Option<ThirdParty<'a>>,
}

impl<'a> Caveat<'a> {
    /// The caveat itself: for a first-party caveat the condition, usually `name=value`.
    #[must_use]
    pub const fn id(&self) -> &'a [u8] {
        self.id
    }

    /// What makes this a third-party caveat, if it is one.
    #[must_use]
    pub const fn third_party(&self) -> Option<ThirdParty<'a>> {
        self.third_party
    }

    /// Splits a first-party caveat at its first `=` into condition and value, without trimming.
    ///
    /// `None` for a third-party caveat, for bytes that are not UTF-8, and where there is no `=`.
    #[must_use]
    pub fn condition(&self) -> Option<(&'a str, &'a str)> {
        let (name, value) = self.condition_bytes()?;
        Some((core::str::from_utf8(name).ok()?, core::str::from_utf8(value).ok()?))
    }

    /// [`Caveat::condition`], of whatever bytes.
    pub(crate) fn condition_bytes(&self) -> Option<(&'a [u8], &'a [u8])> {
        let equals = memchr(b'=', self.id).filter(|_| self.third_party.is_none())?;
        Some((&self.id[..equals], &self.id[equals + 1..]))
    }
}

/// Says nothing of the contents: a caveat may hold the preimage.
impl fmt::Debug for Caveat<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let party = if self.third_party.is_some() { "third" } else { "first" };
        write!(f, "Caveat({party} party, {} bytes)", self.id.len())
    }
}

/// The extra parts of a caveat that another service must discharge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ThirdParty<'a> {
    verification_id: &'a [u8],
    location: &'a [u8],
}

impl<'a> ThirdParty<'a> {
    /// The encrypted root key of the discharge macaroon.
    #[must_use]
    pub const fn verification_id(&self) -> &'a [u8] {
        self.verification_id
    }

    /// Where to get the discharge; empty when not said.
    #[must_use]
    pub const fn location(&self) -> &'a [u8] {
        self.location
    }
}

/// Iterates over the caveats of a macaroon. See [`MacaroonRef::caveats`].
#[derive(Clone)]
pub struct Caveats<'a> {
    rest: &'a [u8],
}

impl fmt::Debug for Caveats<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

impl<'a> Iterator for Caveats<'a> {
    type Item = Caveat<'a>;

    fn next(&mut self) -> Option<Caveat<'a>> {
        next_caveat(&mut self.rest)
    }
}

/// The caveats of a macaroon that is being minted, as they will stand in it.
#[derive(Default)]
pub(crate) struct NewCaveats(Vec<u8>);

impl NewCaveats {
    pub(crate) fn with_room(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// Adds the condition `name=value`.
    pub(crate) fn push(&mut self, name: &str, value: &[u8]) -> Result<(), TooLarge> {
        v2::push_condition(&mut self.0, name.as_bytes(), value)
    }
}

/// A part of a macaroon is longer than the format can express.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a part of the macaroon is longer than 2 GiB")
    }
}

impl core::error::Error for TooLarge {}
