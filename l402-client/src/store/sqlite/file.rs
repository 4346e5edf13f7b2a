//! How the file is created and opened.
//!
//! `l402-server` opens its file in nearly the same way, in `stores::sqlite`. The crate below both is `l402-core`, which knows
//! no store, so a mistake found here is to be looked for there, too.

use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::Problem;

const SCHEMA: &str = include_str!("schema.sql");
const APPLICATION: i64 = 0x4c34_3043;
const VERSION: i64 = 1;

/// Opens the file, or creates it; returns its path without symbolic links, too.
pub(super) fn open(path: &Path, busy: Duration) -> Result<(Connection, PathBuf), Problem> {
    let path = resolve(path)?;
    create(&path)?;
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let mut connection = Connection::open_with_flags(&path, flags).map_err(Problem::from_sqlite)?;
    set_up(&mut connection, busy).map_err(|problem| match problem {
        Problem::Sqlite(error) => Problem::from_sqlite(error),
        problem => problem,
    })?;
    Ok((connection, path))
}

/// The directory may be reached through symbolic links; the file itself must not be one.
fn resolve(path: &Path) -> Result<PathBuf, Problem> {
    if path == Path::new(":memory:") || path.is_dir() {
        return Err(Problem::NotAFile);
    }
    let name = path.file_name().ok_or(Problem::NotAFile)?;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    Ok(directory.canonicalize().map_err(Problem::Create)?.join(name))
}

/// Creates the file, since SQLite would let others read it, and looks at the one that is there already.
///
/// That one is not opened for it: closing a file takes all locks from it that this process has, also those of SQLite, and
/// another process would put away the log in which this one goes on writing.
fn create(path: &Path) -> Result<(), Problem> {
    // A new one is closed before any thread gives it to SQLite.
    static CREATING: Mutex<()> = Mutex::new(());
    let _creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    match private(OpenOptions::new().write(true).create_new(true)).open(path) {
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
        Err(error) => return Err(Problem::Create(error)),
    }
    let found = fs::symlink_metadata(path).map_err(Problem::Create)?;
    if found.is_symlink() {
        return Err(Problem::Symlink);
    }
    is_private(&found)
}

/// Readable and writable by the owner only, from its first moment on, whatever the umask; and no symbolic link that
/// appeared since somebody looked.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    }
    options
}

#[cfg(unix)]
fn is_private(found: &fs::Metadata) -> Result<(), Problem> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&found.permissions()) & 0o777;
    if mode & 0o077 != 0 {
        return Err(Problem::OpenToOthers { mode });
    }
    if found.is_file() { Ok(()) } else { Err(Problem::NotAFile) }
}

#[cfg(not(unix))]
fn is_private(found: &fs::Metadata) -> Result<(), Problem> {
    if found.is_file() { Ok(()) } else { Err(Problem::NotAFile) }
}

fn set_up(connection: &mut Connection, busy: Duration) -> Result<(), Problem> {
    connection.busy_timeout(busy)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        return Err(Problem::ReadOnly("it can only be read"));
    }
    migrate(connection)?;
    turn_on_wal(connection, busy)?;
    connection.pragma_update(None, "synchronous", "full")?;
    // On macOS only this reaches the disk.
    connection.pragma_update(None, "fullfsync", true)?;
    Ok(())
}

/// Creates the tables in a new file, and refuses what is not ours before anything is changed.
fn migrate(connection: &mut Connection) -> Result<(), Problem> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let number = |pragma| transaction.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let tables =
        || transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    match (number("application_id")?, number("user_version")?) {
        (0, 0) if tables()? == 0 => transaction.execute_batch(SCHEMA)?,
        (APPLICATION, VERSION) => {}
        (APPLICATION, found) => return Err(Problem::Later { found, known: VERSION }),
        _ => return Err(Problem::Foreign),
    }
    Ok(transaction.commit()?)
}

/// Several processes may do this at once, and SQLite does not wait for the others as it does otherwise.
fn turn_on_wal(connection: &Connection, busy: Duration) -> Result<(), Problem> {
    let start = Instant::now();
    loop {
        let mode =
            connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => return Err(Problem::ReadOnly("its file system has no shared memory for WAL mode")),
            Err(error) if is_busy(&error) && start.elapsed() < busy => {
                thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

impl Problem {
    fn from_sqlite(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => Self::Damaged(error),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked(error),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
                Self::ReadOnly("it cannot be written")
            }
            _ => Self::Sqlite(error),
        }
    }
}
