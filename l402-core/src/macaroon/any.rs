//! Reading a macaroon in whichever format and text it comes.

use alloc::vec::Vec;

use super::{Macaroon, MacaroonDecodeError, MacaroonRef, json, v1, v2};
use crate::codec::{Base64Dialect, base64_decode_append, base64_dialect, hex_decode_append};
use crate::limits::Limits;

/// The format that a macaroon was written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MacaroonFormat {
    /// The V2 binary format: the one of L402.
    V2,
    /// The V1 packet format, which older Rust and Python servers write.
    V1,
    /// V2-JSON, which go-macaroon writes where JSON is asked for.
    V2Json,
}

/// The text that a macaroon was written as.
///
/// Short texts may be the same in several dialects of base64; they count as the first of them in this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MacaroonText {
    /// Base64, standard alphabet, padded: the one of L402.
    Base64,
    /// Base64, standard alphabet, without padding.
    Base64Unpadded,
    /// Base64, URL alphabet, padded.
    Base64Url,
    /// Base64, URL alphabet, without padding.
    Base64UrlUnpadded,
    /// Hex, in either case.
    Hex,
    /// JSON as it is.
    Plain,
}

impl Macaroon {
    /// Reads the bytes of a macaroon in any of its three formats, and tells which.
    ///
    /// The formats differ in packing only: identifier, caveats and signature are the same, so that the result is
    /// verified, lengthened and written as any other. A reader of V1 and V2-JSON is as strict as that of V2:
    /// nothing before, nothing after, no field twice.
    ///
    /// ```
    /// use l402_core::{Limits, Macaroon, MacaroonFormat, RootKey};
    ///
    /// let json = br#"{"v":2,"i":"keyid","c":[{"i":"user = alice"}],"s64":"PNcNoG1LEKeXYEiWwM9tgEuV78gJpgNC-R9l9tFpYdI"}"#;
    /// let (macaroon, format) = Macaroon::decode_any(json, &Limits::default())?;
    /// assert_eq!(format, MacaroonFormat::V2Json);
    ///
    /// let key = RootKey::new(b"this is the key")?;
    /// assert!(macaroon.as_macaroon_ref().is_signed_by(&key));
    /// assert_eq!(macaroon, Macaroon::new(&key, b"keyid", b"")?.attenuate(b"user = alice")?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`MacaroonDecodeError`] says which rule is broken; [`MacaroonDecodeError::TextTooLong`] for more bytes than
    /// [`Limits::header_bytes`].
    pub fn decode_any(bytes: &[u8], limits: &Limits) -> Result<(Self, MacaroonFormat), MacaroonDecodeError> {
        if bytes.len() > limits.header_bytes {
            return Err(MacaroonDecodeError::TextTooLong);
        }
        match *bytes.first().ok_or(MacaroonDecodeError::Empty)? {
            v2::VERSION => Ok((MacaroonRef::decode(bytes, limits)?.to_owned(), MacaroonFormat::V2)),
            first if v1::starts_with(first) => Ok((v1::decode(bytes, limits)?, MacaroonFormat::V1)),
            first if json::starts_with(first) => Ok((json::decode(bytes, limits)?, MacaroonFormat::V2Json)),
            _ => Err(MacaroonDecodeError::UnknownFormat),
        }
    }

    /// Reads the text of a macaroon: any format in base64 of any dialect or in hex, or plain JSON.
    ///
    /// No text can be read in two ways: neither base64 nor JSON of any macaroon is made of hex digits alone.
    ///
    /// ```
    /// use l402_core::{Limits, Macaroon, MacaroonFormat, MacaroonText};
    ///
    /// let text = "MDAyMWxvY2F0aW9uIGh0dHA6Ly9leGFtcGxlLm9yZy8KMDAxNWlkZW50aWZpZXIga2V5aWQKMDAyZnNpZ25hdHVyZSB8\
    ///             3ueSURxbxvUoSFgF3-myTnheKOKpkwH51xHGCeOO9wo";
    /// let (macaroon, format, written) = Macaroon::from_text_any(text, &Limits::default())?;
    /// assert_eq!((format, written), (MacaroonFormat::V1, MacaroonText::Base64UrlUnpadded));
    /// assert_eq!(macaroon.as_macaroon_ref().identifier(), b"keyid");
    /// # Ok::<(), l402_core::MacaroonDecodeError>(())
    /// ```
    ///
    /// # Errors
    /// [`MacaroonDecodeError`] says which rule is broken. Sizes are checked against `limits` first.
    pub fn from_text_any(
        text: &str,
        limits: &Limits,
    ) -> Result<(Self, MacaroonFormat, MacaroonText), MacaroonDecodeError> {
        let text = text.as_bytes();
        if text.len() > limits.header_bytes {
            return Err(MacaroonDecodeError::TextTooLong);
        }
        if text.first().is_some_and(|first| json::starts_with(*first)) {
            return Ok((json::decode(text, limits)?, MacaroonFormat::V2Json, MacaroonText::Plain));
        }
        let mut bytes = Vec::new();
        let written = decode_text(text, &mut bytes)?;
        let (macaroon, format) = Self::decode_any(&bytes, limits)?;
        Ok((macaroon, format, written))
    }
}

fn decode_text(text: &[u8], bytes: &mut Vec<u8>) -> Result<MacaroonText, MacaroonDecodeError> {
    if text.is_empty() {
        return Err(MacaroonDecodeError::Empty);
    }
    if hex_decode_append(text, bytes).is_some() {
        return Ok(MacaroonText::Hex);
    }
    base64_decode_append(text, bytes).ok_or(MacaroonDecodeError::Base64)?;
    Ok(match base64_dialect(text) {
        Base64Dialect { url_safe: false, padded: true } => MacaroonText::Base64,
        Base64Dialect { url_safe: false, padded: false } => MacaroonText::Base64Unpadded,
        Base64Dialect { url_safe: true, padded: true } => MacaroonText::Base64Url,
        Base64Dialect { url_safe: true, padded: false } => MacaroonText::Base64UrlUnpadded,
    })
}
