//! Files that hold secrets, and who else can read them.

use std::fs::File;
use std::io::{self, Read};

/// The permissions that a secret may not have.
#[derive(Clone, Copy)]
#[cfg_attr(not(unix), allow(dead_code, reason = "there are no permissions to look at"))]
pub(crate) enum Forbidden {
    /// To anybody but its owner.
    GroupAndOthers = 0o077,
    /// To strangers: LND itself gives its macaroons to its group.
    #[allow(dead_code, reason = "not without LND")]
    Others = 0o007,
}

/// Why there is no secret.
pub(crate) enum SecretFileError {
    /// Others can read it.
    Exposed,
    Io(io::Error),
}

impl From<io::Error> for SecretFileError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Reads a file of ours, unless it is open to others. As with the keys of ssh, a file of somebody else's is that one's
/// affair: secrets that a container is given are often the superuser's, and readable to its group.
pub(crate) fn read(path: &str, forbidden: Forbidden) -> Result<Vec<u8>, SecretFileError> {
    /// No secret is longer.
    const LIMIT: u64 = 64 << 10;
    let file = File::open(path)?;
    if is_exposed(&file, forbidden)? {
        return Err(SecretFileError::Exposed);
    }
    let mut bytes = Vec::new();
    // One more than there may be, to notice it: a secret without its end is another one.
    if file.take(LIMIT + 1).read_to_end(&mut bytes)? as u64 > LIMIT {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long for a secret").into());
    }
    Ok(bytes)
}

#[cfg(unix)]
fn is_exposed(file: &File, forbidden: Forbidden) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;

    let metadata = file.metadata()?;
    let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
    // A pipe or a device is no place where a secret stays.
    Ok(is_ours && metadata.is_file() && metadata.mode() & forbidden as u32 != 0)
}

#[cfg(not(unix))]
fn is_exposed(_: &File, _: Forbidden) -> io::Result<bool> {
    Ok(false)
}
