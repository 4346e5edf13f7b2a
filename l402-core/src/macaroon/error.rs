//! Why something is not a macaroon: [`MacaroonDecodeError`].

use core::fmt;

use crate::json::JsonError;
#[cfg(doc)]
use crate::limits::Limits;

/// Why bytes, or a text, are not a macaroon.
///
/// Most rules are the same in every format; those of one format alone say so. Carries nothing of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MacaroonDecodeError {
    /// Longer than [`Limits::header_bytes`].
    TextTooLong,
    /// A text that is not base64 (nor, where that may stand, hex or JSON).
    Base64,
    /// No bytes at all.
    Empty,
    /// The first byte is not 2, the version of the V2 binary format, where only that is read.
    Version,
    /// The first byte is that of no format.
    UnknownFormat,
    /// The bytes end inside a field.
    Truncated,
    /// A length is not written in its one form (V2: shortest; V1: four lower-case hex digits), or above 2 GiB.
    Length,
    /// V1: a packet that is not a key, a space, a value and a newline.
    Packet,
    /// A field that does not belong where it stands.
    UnexpectedField,
    /// An optional field that is present but empty.
    EmptyField,
    /// A first-party caveat with a location.
    FirstPartyLocation,
    /// A signature that is not 32 bytes long.
    SignatureLength,
    /// Bytes after the signature, or after the JSON object.
    TrailingBytes,
    /// More than [`Limits::caveats`] caveats.
    TooManyCaveats,
    /// A caveat longer than [`Limits::caveat_bytes`].
    CaveatTooLong,
    /// An identifier longer than [`Limits::identifier_bytes`].
    IdentifierTooLong,
    /// A location longer than [`Limits::location_bytes`].
    LocationTooLong,
    /// V2-JSON: not JSON, or not such as is read here.
    Json(JsonError),
    /// V2-JSON: a key of the format has a value of another kind, or there are caveats and no list of them.
    JsonType,
    /// V2-JSON: a key of the format stands twice in one object.
    DuplicateKey,
    /// V2-JSON: a field is given both as text and as base64.
    AmbiguousField,
    /// V2-JSON: the identifier, a caveat or the signature is missing.
    MissingField,
    /// V2-JSON: a field in base64 is not.
    FieldBase64,
    /// V2-JSON: the version is given and is not 2.
    JsonVersion,
}

impl fmt::Display for MacaroonDecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TextTooLong => "the macaroon is too long",
            Self::Base64 => "the macaroon is not valid base64",
            Self::Empty => "the macaroon is empty",
            Self::Version => "not a macaroon in the V2 binary format",
            Self::UnknownFormat => "not a macaroon in any known format",
            Self::Truncated => "the macaroon ends inside a field",
            Self::Length => "a length in the macaroon is not in its one form",
            Self::Packet => "a packet of the macaroon is not a key, a space, a value and a newline",
            Self::UnexpectedField => "the macaroon has a field where it does not belong",
            Self::EmptyField => "the macaroon has an optional field that is empty",
            Self::FirstPartyLocation => "a first-party caveat has a location",
            Self::SignatureLength => "the signature is not 32 bytes long",
            Self::TrailingBytes => "the macaroon goes on after its end",
            Self::TooManyCaveats => "the macaroon has too many caveats",
            Self::CaveatTooLong => "a caveat is too long",
            Self::IdentifierTooLong => "the identifier is too long",
            Self::LocationTooLong => "the location is too long",
            Self::Json(error) => return error.fmt(f),
            Self::JsonType => "a field of the macaroon is of another kind than it must be",
            Self::DuplicateKey => "the macaroon has a key twice",
            Self::AmbiguousField => "a field of the macaroon is given both as text and as base64",
            Self::MissingField => "the macaroon lacks its identifier, a caveat or its signature",
            Self::FieldBase64 => "a field of the macaroon is not valid base64",
            Self::JsonVersion => "the macaroon has a version other than 2",
        })
    }
}

impl core::error::Error for MacaroonDecodeError {}

impl From<JsonError> for MacaroonDecodeError {
    fn from(error: JsonError) -> Self {
        Self::Json(error)
    }
}
