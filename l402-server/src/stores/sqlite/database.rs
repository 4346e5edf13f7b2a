//! The file: how it is opened, and what claims, commits and releases do to it.
//!
//! `l402-client` opens its file in nearly the same way, in `store::sqlite`. The crate below both is `l402-core`, which knows
//! no store, so a mistake found here is to be looked for there, too.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use l402_core::UnixTime;
use l402_core::ports::{Claim, Claimed};
use rusqlite::{
    Connection, ErrorCode, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params,
};

use super::Problem;

const SCHEMA: &str = include_str!("schema.sql");
const APPLICATION: i64 = 0x4c34_3032;
const VERSION: i64 = 1;
/// How many expired tokens a new one makes the store forget.
const SWEPT_BY_NEW: i64 = 8;
/// The same for one that finds the store full.
const SWEPT_WHEN_FULL: i64 = 1024;

pub(super) struct Database {
    connection: Connection,
    durability: Durability,
    max_tokens: Option<u64>,
}

/// When a transaction has happened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// When the operating system has it: a killed process loses nothing.
    Written,
    /// When the disk has it: a power loss loses nothing.
    OnDisk,
}

impl Database {
    pub(super) fn open(path: &Path, max_tokens: Option<u64>, busy: Duration) -> Result<Self, Problem> {
        create(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(Problem::from_sqlite)?;
        set_up(&mut connection, busy).map_err(|problem| match problem {
            Problem::Sqlite(error) => Problem::from_sqlite(error),
            problem => problem,
        })?;
        Ok(Self { connection, durability: Durability::OnDisk, max_tokens })
    }

    /// Runs `work` in one transaction, which is rolled back if it fails.
    pub(super) fn transaction<T>(
        &mut self,
        durability: Durability,
        work: impl FnOnce(&mut Tokens<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        if durability != self.durability {
            self.connection.pragma_update(None, "synchronous", durability.pragma())?;
            self.durability = durability;
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut tokens = Tokens { transaction, max_tokens: self.max_tokens };
        let answer = work(&mut tokens)?;
        tokens.transaction.commit()?;
        Ok(answer)
    }
}

/// Creates the file, since SQLite would let others read it.
///
/// One that is there already is not opened for it: closing a file takes all locks from it that this process has, also those
/// of SQLite, and another process would put away the log in which this one goes on writing what is spent.
fn create(path: &Path) -> Result<(), Problem> {
    // A new one is closed before any thread gives it to SQLite.
    static CREATING: Mutex<()> = Mutex::new(());
    if path.as_os_str().is_empty() || path == Path::new(":memory:") || path.is_dir() {
        return Err(Problem::NotAFile);
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let _creating = CREATING.lock().unwrap_or_else(PoisonError::into_inner);
    match options.open(path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(Problem::Create(error)),
        _ => Ok(()),
    }
}

fn set_up(connection: &mut Connection, busy: Duration) -> Result<(), Problem> {
    connection.busy_timeout(busy)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    if connection.is_readonly(rusqlite::MAIN_DB)? {
        return Err(Problem::ReadOnly("it can only be read"));
    }
    migrate(connection)?;
    turn_on_wal(connection, busy)?;
    connection.pragma_update(None, "synchronous", Durability::OnDisk.pragma())?;
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
                thread::sleep(Duration::from_millis(5))
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// What a transaction sees.
pub(super) struct Tokens<'a> {
    transaction: Transaction<'a>,
    max_tokens: Option<u64>,
}

impl Tokens<'_> {
    /// `None` when there is no room for the token.
    pub(super) fn claim(&mut self, claim: &Claim) -> rusqlite::Result<Option<Claimed>> {
        let Some((spent, forget_after)) = self.find(claim)? else {
            return self.remember(claim);
        };
        self.keep_until(claim, forget_after, claim.forget_after)?;
        let left = i64::from(claim.uses.get()).saturating_sub(spent);
        if left <= 0 {
            return Ok(Some(Claimed::Exhausted));
        }
        // A lease that has ended stays as long as nobody needs its use, so that a late commit counts.
        if self.leases(claim)? >= left {
            self.end_leases(claim)?;
            if self.leases(claim)? >= left {
                return Ok(Some(Claimed::Busy));
            }
        }
        self.keep_until(claim, forget_after, claim.leased_until)?;
        self.add_lease(claim)?;
        Ok(Some(Claimed::Granted))
    }

    pub(super) fn commit(&mut self, claim: &Claim) -> rusqlite::Result<bool> {
        let leased = self.take_lease(claim)?;
        if leased {
            self.execute(
                "UPDATE tokens SET spent = spent + 1 WHERE payment_hash = ?1",
                params![claim.payment_hash.as_bytes()],
            )?;
        }
        Ok(leased)
    }

    pub(super) fn release(&mut self, claim: &Claim) -> rusqlite::Result<()> {
        self.take_lease(claim)?;
        self.forget_unused(claim)
    }

    /// Undoes a commit that was made.
    pub(super) fn withdraw(&mut self, claim: &Claim) -> rusqlite::Result<()> {
        self.execute(
            "UPDATE tokens SET spent = spent - 1 WHERE payment_hash = ?1 AND spent > 0",
            params![claim.payment_hash.as_bytes()],
        )?;
        self.forget_unused(claim)
    }

    fn forget_unused(&mut self, claim: &Claim) -> rusqlite::Result<()> {
        self.execute(
            "DELETE FROM tokens WHERE payment_hash = ?1 AND spent = 0
             AND NOT EXISTS (SELECT 1 FROM leases WHERE payment_hash = ?1)",
            params![claim.payment_hash.as_bytes()],
        )?;
        Ok(())
    }

    fn find(&self, claim: &Claim) -> rusqlite::Result<Option<(i64, i64)>> {
        self.transaction
            .prepare_cached("SELECT spent, forget_after FROM tokens WHERE payment_hash = ?1")?
            .query_row(params![claim.payment_hash.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()
    }

    fn remember(&mut self, claim: &Claim) -> rusqlite::Result<Option<Claimed>> {
        self.sweep(SWEPT_BY_NEW, claim.now)?;
        if self.is_full()? {
            self.sweep(SWEPT_WHEN_FULL, claim.now)?;
            if self.is_full()? {
                return Ok(None);
            }
        }
        let forget_after = seconds(claim.forget_after.max(claim.leased_until));
        self.execute(
            "INSERT INTO tokens (payment_hash, spent, forget_after) VALUES (?1, 0, ?2)",
            params![claim.payment_hash.as_bytes(), forget_after],
        )?;
        self.add_lease(claim)?;
        Ok(Some(Claimed::Granted))
    }

    fn is_full(&self) -> rusqlite::Result<bool> {
        let Some(max_tokens) = self.max_tokens else { return Ok(false) };
        let total = self.number("SELECT tokens FROM total", params![])?;
        Ok(u64::try_from(total).unwrap_or(0) >= max_tokens)
    }

    /// Forgets some of what has expired.
    fn sweep(&mut self, limit: i64, now: UnixTime) -> rusqlite::Result<()> {
        self.execute(
            "DELETE FROM tokens WHERE payment_hash IN
             (SELECT payment_hash FROM tokens WHERE forget_after <= ?1 ORDER BY forget_after LIMIT ?2)",
            params![seconds(now), limit],
        )?;
        Ok(())
    }

    fn keep_until(&mut self, claim: &Claim, known: i64, until: UnixTime) -> rusqlite::Result<()> {
        if seconds(until) > known {
            self.execute(
                "UPDATE tokens SET forget_after = max(forget_after, ?2) WHERE payment_hash = ?1",
                params![claim.payment_hash.as_bytes(), seconds(until)],
            )?;
        }
        Ok(())
    }

    fn leases(&self, claim: &Claim) -> rusqlite::Result<i64> {
        self.number(
            "SELECT count(*) FROM leases WHERE payment_hash = ?1",
            params![claim.payment_hash.as_bytes()],
        )
    }

    fn add_lease(&mut self, claim: &Claim) -> rusqlite::Result<()> {
        self.execute(
            "INSERT OR REPLACE INTO leases (payment_hash, lease, leased_until) VALUES (?1, ?2, ?3)",
            params![claim.payment_hash.as_bytes(), claim.lease.as_bytes(), seconds(claim.leased_until)],
        )?;
        Ok(())
    }

    fn end_leases(&mut self, claim: &Claim) -> rusqlite::Result<()> {
        self.execute(
            "DELETE FROM leases WHERE payment_hash = ?1 AND leased_until <= ?2",
            params![claim.payment_hash.as_bytes(), seconds(claim.now)],
        )?;
        Ok(())
    }

    /// Removes this claim's lease; `false` when it is gone.
    fn take_lease(&mut self, claim: &Claim) -> rusqlite::Result<bool> {
        let removed = self.execute(
            "DELETE FROM leases WHERE payment_hash = ?1 AND lease = ?2",
            params![claim.payment_hash.as_bytes(), claim.lease.as_bytes()],
        )?;
        Ok(removed > 0)
    }

    fn execute(&mut self, sql: &str, parameters: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<usize> {
        self.transaction.prepare_cached(sql)?.execute(parameters)
    }

    fn number(&self, sql: &str, parameters: &[&dyn rusqlite::ToSql]) -> rusqlite::Result<i64> {
        self.transaction.prepare_cached(sql)?.query_row(parameters, |row| row.get(0))
    }
}

/// SQLite's integers have a sign; what does not fit stands for "never".
fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_secs()).unwrap_or(i64::MAX)
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

impl Durability {
    const fn pragma(self) -> &'static str {
        match self {
            Self::Written => "normal",
            Self::OnDisk => "full",
        }
    }
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
