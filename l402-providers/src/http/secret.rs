//! [`Secret`]: a key or password on its way into a header.

use std::fmt;

use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use super::ConfigError;

/// A key, token or password. It redacts itself and is wiped when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself, for a header.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The secret with `before` put before it, as `Bearer ` is.
    #[must_use]
    pub fn after(&self, before: &str) -> Self {
        Self(Zeroizing::new([before, self.expose()].concat()))
    }

    /// The value of an `Authorization` header for HTTP Basic with an empty user name.
    #[must_use]
    pub fn basic(&self) -> Self {
        let pair = Zeroizing::new([":", self.expose()].concat());
        let encoded = Zeroizing::new(base64_simd::STANDARD.encode_to_string(pair.as_bytes()));
        Self(Zeroizing::new(["Basic ", &encoded].concat()))
    }

    /// As a header that the HTTP library neither prints nor indexes.
    pub(super) fn to_header(&self) -> Result<HeaderValue, ConfigError> {
        if self.expose().trim().is_empty() {
            return Err(ConfigError::EmptyCredential);
        }
        let mut value = HeaderValue::from_str(self.expose()).map_err(|_| ConfigError::CredentialNotAscii)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// Space around a key, as files and environment variables have it, is not part of it.
impl<T: Into<String>> From<T> for Secret {
    fn from(text: T) -> Self {
        let text = Zeroizing::new(text.into());
        Self(Zeroizing::new(text.trim().to_owned()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret([redacted])")
    }
}
