//! Which processes live: each open store holds the lock of a small file, which the system lets go when it dies.
//!
//! Whoever looks shares the lock: of several who look at the file of a dead process at once, none is to take another for
//! its owner. A payment that nobody is at work on would be left open then, and its request paid for again.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::file;

/// One open store. Its file is next to the database and named `<database>-live-<id>`.
pub(super) struct Session {
    id: String,
    database: PathBuf,
    /// Locked as long as this lives.
    _lock: File,
}

impl Session {
    pub(super) fn start(database: &Path) -> io::Result<Self> {
        remove_dead(database)?;
        loop {
            let id = random_id()?;
            let path = path_of(database, &id);
            let lock =
                file::private(OpenOptions::new().read(true).write(true).create_new(true)).open(&path)?;
            lock.lock()?;
            // Another process may have taken it for a dead one's between the two.
            if path.exists() {
                return Ok(Self { id, database: database.to_path_buf(), _lock: lock });
            }
        }
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// Whether another session is alive. In doubt it is.
    pub(super) fn is_alive(&self, id: &str) -> bool {
        let is_id = id.len() == ID_LEN && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_id
            && match is_locked(&path_of(&self.database, id)) {
                Ok(locked) => locked,
                Err(error) => error.kind() != io::ErrorKind::NotFound,
            }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = fs::remove_file(path_of(&self.database, &self.id));
    }
}

const ID_LEN: usize = 16;

fn random_id() -> io::Result<String> {
    let mut id = [0; ID_LEN / 2];
    getrandom::fill(&mut id).map_err(|error| io::Error::other(error.to_string()))?;
    Ok(id.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn prefix(database: &Path) -> OsString {
    let mut name = database.file_name().unwrap_or_default().to_os_string();
    name.push("-live-");
    name
}

fn path_of(database: &Path, id: &str) -> PathBuf {
    let mut name = prefix(database);
    name.push(id);
    database.with_file_name(name)
}

fn is_locked(path: &Path) -> io::Result<bool> {
    match file::private(OpenOptions::new().read(true)).open(path)?.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Removes what processes left that were killed.
fn remove_dead(database: &Path) -> io::Result<()> {
    let prefix = prefix(database);
    let Some(directory) = database.parent() else { return Ok(()) };
    for entry in fs::read_dir(directory)?.filter_map(Result::ok) {
        if !entry.file_name().as_encoded_bytes().starts_with(prefix.as_encoded_bytes()) {
            continue;
        }
        let Ok(file) = file::private(OpenOptions::new().read(true)).open(entry.path()) else { continue };
        if file.try_lock_shared().is_ok() {
            let _ = fs::remove_file(entry.path()); // still locked, so that its maker sees it go
        }
    }
    Ok(())
}
