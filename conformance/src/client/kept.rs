//! What the client leaves in its directory, and who may read it.

use std::io;
use std::path::{Path, PathBuf};

/// The files below `dir` that other users of the machine may read.
#[cfg(unix)]
pub(crate) fn readable_by_others(dir: &Path) -> io::Result<Vec<PathBuf>> {
    use std::os::unix::fs::PermissionsExt;

    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let about = entry.metadata()?; // of a link itself, which leads elsewhere
        let mode = about.permissions().mode();
        if about.is_dir() && mode & 0o011 != 0 {
            found.extend(readable_by_others(&entry.path())?);
        } else if about.is_file() && mode & 0o044 != 0 {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Who may read a file is not in its mode here.
#[cfg(not(unix))]
pub(crate) fn readable_by_others(_: &Path) -> io::Result<Vec<PathBuf>> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(test, unix))]
#[allow(clippy::unwrap_used, reason = "a test may fail")]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_readable_when_the_way_to_it_is_open() {
        let home = tempfile::tempdir().unwrap();
        for (folder, mode) in [("open", 0o711), ("closed", 0o700)] {
            let folder = home.path().join(folder);
            fs::create_dir(&folder).unwrap();
            for (file, mode) in [("mine", 0o600), ("ours", 0o640), ("everybodys", 0o604)] {
                let file = folder.join(file);
                fs::write(&file, "secret").unwrap();
                fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            }
            fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        }
        let mut found = readable_by_others(home.path()).unwrap();
        found.sort();
        assert_eq!(found, ["everybodys", "ours"].map(|file| home.path().join("open").join(file)));
    }
}
