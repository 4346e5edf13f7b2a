//! [`SqliteReplayStore`]: uses counted in a file. Feature `sqlite`.

mod database;
mod withdraw;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use l402_core::ports::{Claim, Claimed, PortFuture, ReplayStore, StoreError};
use thiserror::Error;

use database::Database;
use withdraw::Committing;
use writer::{Job, Writer};

/// Counts uses in an SQLite file: survives restarts and crashes, and is shared by all processes of one machine.
///
/// Clones share one connection, on a thread of its own: no request blocks the async runtime. What waits for that
/// thread is written in one transaction, so that many requests at once share the wait for the disk.
///
/// ```
/// use l402_core::ports::ReplayStore;
/// use l402_server::stores::SqliteReplayStore;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("uses.db");
/// let store = SqliteReplayStore::open(&path)?; // such as /var/lib/shop/uses.db
/// # Ok(())
/// # }
/// ```
///
/// A commit that nobody waits for any more, since its client has left or its answer was withheld, is not made; or undone, if
/// the thread has come to it before. The buyer keeps the use.
///
/// # Power loss
/// The file is in WAL mode. A commit is answered when it is on the disk (`synchronous=FULL`), so that a call that
/// was delivered stays charged even if the power fails in the next moment. Claims and releases are written
/// without that wait (`synchronous=NORMAL`): should the power fail, the process that claimed is gone as well, and
/// the use is back, which is right. A killed process loses nothing either way, since the operating system holds
/// what it wrote. The disk must keep what it says it has written.
///
/// # Security
/// - Keep the file on a local disk: SQLite's locks do not work on most network file systems.
/// - A new file can be read and written by its owner only (mode 0600, on Unix). It holds payment hashes, no
///   preimages and no tokens.
/// - A database of another program, or of a later version of this one, is refused and not changed.
/// - A copy or backup that is put back forgets what was spent since it was made.
#[derive(Clone)]
pub struct SqliteReplayStore {
    writer: Writer,
    path: Arc<Path>,
}

/// How to open a [`SqliteReplayStore`].
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    max_tokens: Option<u64>,
    busy_timeout: Duration,
}

impl SqliteReplayStore {
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
        job: impl FnOnce(writer::Reply<T>) -> Job,
    ) -> PortFuture<Result<T, StoreError>> {
        let (reply, answer) = tokio::sync::oneshot::channel();
        // Queued now rather than when the answer is waited for: a claim comes before the release of it, even if
        // nobody waits for the claim.
        match self.writer.queue(job(reply)) {
            Ok(()) => PortFuture::new(async move { answer.await.unwrap_or_else(|_| Err(writer::stopped())) }),
            Err(error) => PortFuture::ready(Err(error)),
        }
    }
}

impl SqliteOptions {
    /// Refuses new tokens while this many are remembered. Default: as many as the disk holds, at some 100 bytes
    /// each.
    #[must_use]
    pub const fn max_tokens(mut self, tokens: u64) -> Self {
        self.max_tokens = Some(tokens);
        self
    }

    /// How long to wait for another process that is writing, before requests are refused. Default: 5 seconds.
    #[must_use]
    pub const fn busy_timeout(mut self, timeout: Duration) -> Self {
        self.busy_timeout = timeout;
        self
    }

    /// Opens the file, or creates it.
    ///
    /// # Errors
    /// As [`SqliteReplayStore::open`].
    pub fn open(self, path: impl AsRef<Path>) -> Result<SqliteReplayStore, SqliteOpenError> {
        let path = path.as_ref();
        let open = || {
            let database = Database::open(path, self.max_tokens, self.busy_timeout)?;
            Writer::start(database).map_err(Problem::Thread)
        };
        match open() {
            Ok(writer) => Ok(SqliteReplayStore { writer, path: path.into() }),
            Err(problem) => Err(SqliteOpenError { path: path.to_path_buf(), problem }),
        }
    }
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { max_tokens: None, busy_timeout: Duration::from_secs(5) }
    }
}

impl ReplayStore for SqliteReplayStore {
    fn claim(&self, claim: Claim) -> PortFuture<Result<Claimed, StoreError>> {
        self.ask(|reply| Job::Claim(claim, reply))
    }

    fn commit(&self, claim: Claim) -> PortFuture<Result<bool, StoreError>> {
        match Committing::queue(&self.writer, claim) {
            Ok(committing) => PortFuture::new(committing),
            Err(error) => PortFuture::ready(Err(error)),
        }
    }

    fn release(&self, claim: Claim) -> PortFuture<Result<(), StoreError>> {
        self.ask(|reply| Job::Release(claim, reply))
    }
}

impl fmt::Debug for SqliteReplayStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SqliteReplayStore({})", self.path.display())
    }
}

/// A replay store's file cannot be opened.
#[derive(Debug, Error)]
#[error("the replay store {} cannot be opened: {problem}", path.display())]
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
    #[error("it must be a file; for counts that live in memory, use `MemoryReplayStore`")]
    NotAFile,
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
    #[error("no thread for it: {0}")]
    Thread(#[source] std::io::Error),
}
