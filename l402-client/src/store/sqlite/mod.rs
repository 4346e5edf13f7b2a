//! [`SqliteStore`]: payments remembered in a file. Feature `sqlite`.

mod file;
mod rows;
mod session;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use l402_core::ports::{PortFuture, StoreError};
use l402_core::{Msat, PaymentHash, UnixTime};
use thiserror::Error;

use self::rows::Rows;
use self::session::Session;
use self::writer::{Durability, Writer};
use super::{AtWork, Begun, Intent, Record, Step, Store, Wanted};
use crate::budget::{Budget, Counted};

/// Remembers payments in an SQLite file: budgets, journal and tokens survive restarts and crashes, and are shared by
/// all processes of one machine.
///
/// Clones share one connection, on a thread of its own.
///
/// ```
/// use l402_client::SqliteStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("wallet.db");
/// let store = SqliteStore::open(&path)?; // such as ~/.local/share/l402/wallet.db
/// # Ok(())
/// # }
/// ```
///
/// # Power loss
/// The file is in WAL mode. A reservation, and every step that says something about money, is answered when it is on
/// the disk (`synchronous=FULL`): before the wallet is asked, and before the token is used. That a token was used or
/// refused is written without that wait; should it be lost, a server says so again. The disk must keep what it says
/// it has written.
///
/// # Several processes
/// Each open store keeps a small locked file next to the database (`<name>-live-<id>`), by which others see that it
/// lives: they leave its payments alone, and take care of those of a process that died.
///
/// # Security
/// - The file holds preimages and macaroons: whoever reads it can use what was bought. It is created so that only its
///   owner can (mode 0600, on Unix), and refused when others could or when it is a symbolic link.
/// - Keep it on a local disk: SQLite's locks do not work on most network file systems.
/// - A database of another program, or of a later version of this one, is refused and not changed.
/// - A copy or backup that is put back forgets what was spent since it was made.
#[derive(Clone)]
pub struct SqliteStore {
    writer: Writer,
    path: Arc<Path>,
    at_work: AtWork,
}

/// How to open a [`SqliteStore`].
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    busy_timeout: Duration,
}

impl SqliteStore {
    /// Opens the file, or creates it, with the default [`SqliteOptions`].
    ///
    /// Blocks for as long as the disk takes. The directory has to exist.
    ///
    /// # Errors
    /// [`SqliteOpenError`], which names the path and says what to do.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, SqliteOpenError> {
        SqliteOptions::default().open(path)
    }

    /// Settings other than the defaults.
    #[must_use]
    pub fn options() -> SqliteOptions {
        SqliteOptions::default()
    }

    fn ask<T: Send + 'static>(
        &self,
        durability: Durability,
        work: impl FnOnce(&Rows<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> PortFuture<Result<T, StoreError>> {
        // Queued now rather than when the answer is waited for: what is begun first happens first.
        match self.writer.queue(durability, work) {
            Ok(answer) => {
                PortFuture::new(async move { answer.await.unwrap_or_else(|_| Err(writer::stopped())) })
            }
            Err(error) => PortFuture::ready(Err(error)),
        }
    }
}

impl SqliteOptions {
    /// How long to wait for another process that is writing, before a call is refused. Default: 5 seconds.
    #[must_use]
    pub const fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Opens the file, or creates it.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteStore, SqliteOpenError> {
        let path = path.as_ref();
        let at_work = AtWork::default();
        let open = || {
            let (connection, resolved) = file::open(path, self.busy_timeout)?;
            let session = Session::start(&resolved).map_err(Problem::Session)?;
            Writer::start(connection, session, at_work.clone()).map_err(Problem::Thread)
        };
        match open() {
            Ok(writer) => Ok(SqliteStore { writer, path: path.into(), at_work }),
            Err(problem) => Err(SqliteOpenError { path: path.to_path_buf(), problem }),
        }
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { busy_timeout: Duration::from_secs(5) }
    }
}

impl Store for SqliteStore {
    fn begin(&self, intent: Intent, budget: Arc<Budget>) -> PortFuture<Result<Begun, StoreError>> {
        self.ask(Durability::OnDisk, move |rows| rows.begin(&intent, &budget))
    }

    fn advance(
        &self,
        payment_hash: PaymentHash,
        step: Step,
        now: UnixTime,
    ) -> PortFuture<Result<bool, StoreError>> {
        let durability = if step.must_be_durable() { Durability::OnDisk } else { Durability::Written };
        self.ask(durability, move |rows| rows.advance(&payment_hash, &step, now))
    }

    fn find(&self, wanted: Wanted) -> PortFuture<Result<Vec<Record>, StoreError>> {
        self.ask(Durability::Written, move |rows| rows.find(&wanted))
    }

    fn used(&self, counted: Vec<Counted>, now: UnixTime) -> PortFuture<Result<Vec<Msat>, StoreError>> {
        self.ask(Durability::Written, move |rows| {
            counted.iter().map(|counted| rows.used(counted, now)).collect()
        })
    }

    fn at_work(&self) -> &AtWork {
        &self.at_work
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqliteStore({})", self.path.display())
    }
}

/// A store's file cannot be opened.
#[derive(Debug, Error)]
#[error("the wallet's store {} cannot be opened: {problem}", path.display())]
pub struct SqliteOpenError {
    path: PathBuf,
    #[source]
    problem: Problem,
}

impl SqliteOpenError {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

#[derive(Debug, Error)]
enum Problem {
    #[error("it must be a file; for payments that are remembered in memory, use `MemoryStore`")]
    NotAFile,
    #[error("it is a symbolic link, which somebody else may turn elsewhere; name the file itself")]
    Symlink,
    #[error(
        "others can read its tokens (mode {mode:o}); `chmod 600` it, after asking who could read it so far"
    )]
    OpenToOthers { mode: u32 },
    #[error("{0}; the directory must exist and be writable by this process, and so must the file")]
    Create(#[source] std::io::Error),
    #[error("{0}; the file and its directory must be writable by this process")]
    ReadOnly(&'static str),
    #[error("it is not a database, or damaged; put a backup there or choose another path")]
    Damaged(#[source] rusqlite::Error),
    #[error("it is a database of another program; choose another path")]
    Foreign,
    #[error("a later version of this program wrote it (version {found}, not {known}); update this one")]
    Later { found: i64, known: i64 },
    #[error("another process keeps it locked; see which one, or allow a longer `busy_timeout`")]
    Locked(#[source] rusqlite::Error),
    #[error("{0}")]
    Sqlite(#[from] rusqlite::Error),
    #[error("no file next to it by which others see that this process lives: {0}")]
    Session(#[source] std::io::Error),
    #[error("no thread for it: {0}")]
    Thread(#[source] std::io::Error),
}
