//! Reading a secret from the environment, a file or text.

use std::env;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64_simd::{STANDARD, URL_SAFE};
use l402_core::MasterKey;
use zeroize::Zeroizing;

/// Longer than any spelling of 32 bytes.
const MOST_TEXT_BYTES: u64 = 1024;

/// Reads the secret from an environment variable: 64 hex digits, or 32 bytes in base64.
///
/// ```no_run
/// use l402_server::keys::master_key_from_env;
///
/// let key = master_key_from_env("L402_ROOT_KEY")?;
/// # let _ = key;
/// # Ok::<(), l402_server::keys::KeyError>(())
/// ```
///
/// # Errors
/// [`KeyError`] says what is missing, and how to make a secret.
pub fn master_key_from_env(variable: &str) -> Result<MasterKey, KeyError> {
    match env::var(variable) {
        Ok(text) => parse_master_key(&Zeroizing::new(text)),
        Err(env::VarError::NotPresent) => Err(KeyError::MissingVariable(variable.to_owned())),
        Err(env::VarError::NotUnicode(_)) => Err(KeyError::NotASecret),
    }
}

/// Reads the secret from a file: 64 hex digits, or 32 bytes in base64, and white space around.
///
/// A file that others may read is warned about in the log, on Unix.
///
/// # Errors
/// [`KeyError`] says what is wrong with the file, and how to make a secret.
pub fn master_key_from_file(path: impl AsRef<Path>) -> Result<MasterKey, KeyError> {
    let path = path.as_ref();
    let unreadable = |error: io::Error| KeyError::Unreadable { path: path.to_owned(), kind: error.kind() };
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.len() > MOST_TEXT_BYTES {
        return Err(KeyError::NotASecret);
    }
    warn_if_open_to_others(path, &metadata);
    parse_master_key(&Zeroizing::new(fs::read_to_string(path).map_err(unreadable)?))
}

/// Reads the secret from text: 64 hex digits, or 32 bytes in base64.
///
/// ```
/// use l402_server::keys::{KeyError, parse_master_key};
///
/// let text = "9a4b1f07c3e8d25560fe7b3489d1a2cc07e5b86913f4da5e2c7081b99f36ad12"; // one's own in real life
/// assert!(parse_master_key(text).is_ok());
/// assert_eq!(parse_master_key(&"00".repeat(32)).unwrap_err(), KeyError::Weak);
/// assert_eq!(parse_master_key("hunter2").unwrap_err(), KeyError::NotASecret);
/// ```
///
/// # Errors
/// [`KeyError::NotASecret`] when it is something else, [`KeyError::Weak`] when the bytes are not random: text, or
/// few different ones.
pub fn parse_master_key(text: &str) -> Result<MasterKey, KeyError> {
    let bytes = decode(text.trim()).ok_or(KeyError::NotASecret)?;
    let secret: Zeroizing<[u8; 32]> =
        Zeroizing::new(bytes.as_slice().try_into().map_err(|_| KeyError::NotASecret)?);
    let key = MasterKey::from_bytes(*secret);
    if key.is_guessable() { Err(KeyError::Weak) } else { Ok(key) }
}

fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let bytes = match text.len() {
        64 => hex(text)?,
        43 => URL_SAFE.decode_to_vec(format!("{text}=")).ok()?,
        44 => STANDARD.decode_to_vec(text).or_else(|_| URL_SAFE.decode_to_vec(text)).ok()?,
        _ => return None,
    };
    Some(Zeroizing::new(bytes))
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let pair = |pair: &[u8]| Some((digit(&pair[0])? * 16 + digit(&pair[1])?) as u8);
    text.as_bytes().chunks_exact(2).map(pair).collect()
}

#[cfg(unix)]
fn warn_if_open_to_others(path: &Path, metadata: &fs::Metadata) {
    use std::os::unix::fs::PermissionsExt;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let mode = format!("{mode:o}");
        tracing::warn!(path = %path.display(), mode, "l402: others may read the root key; chmod 600 it");
    }
}

#[cfg(not(unix))]
const fn warn_if_open_to_others(_: &Path, _: &fs::Metadata) {}

/// Why there is no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The environment variable is not set.
    #[error("the environment variable {0} is not set; it should hold 64 hex digits: openssl rand -hex 32")]
    MissingVariable(String),
    /// The file cannot be read.
    #[error("the root key cannot be read from {}: {kind}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        kind: io::ErrorKind,
    },
    /// Not 32 bytes in hex or base64.
    #[error("a root key is 32 bytes, written as 64 hex digits or in base64; openssl rand -hex 32 makes one")]
    NotASecret,
    /// Not random.
    #[error("the root key is not random, so it can be guessed; openssl rand -hex 32 makes one that is")]
    Weak,
}
