//! The thread that has the connection.

use std::io;
use std::sync::mpsc::{self, SyncSender, TrySendError};
use std::thread;

use l402_core::ports::StoreError;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::oneshot;

use super::rows::Rows;
use super::session::Session;
use crate::store::AtWork;

/// How many jobs may wait before more are refused.
const QUEUE: usize = 8192;

/// A handle to the thread, which ends with the last one.
#[derive(Clone)]
pub(super) struct Writer(SyncSender<Job>);

type Job = Box<dyn FnOnce(&mut Database) + Send>;

pub(super) type Answer<T> = oneshot::Receiver<Result<T, StoreError>>;

/// When a transaction has happened.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Durability {
    /// When the operating system has it: a killed process loses nothing.
    Written,
    /// When the disk has it: a power loss loses nothing.
    OnDisk,
}

struct Database {
    connection: Connection,
    session: Session,
    at_work: AtWork,
    durability: Durability,
}

impl Writer {
    pub(super) fn start(connection: Connection, session: Session, at_work: AtWork) -> io::Result<Self> {
        let (sender, jobs) = mpsc::sync_channel::<Job>(QUEUE);
        let mut database = Database { connection, session, at_work, durability: Durability::OnDisk };
        let run = move || jobs.into_iter().for_each(|job| job(&mut database));
        thread::Builder::new().name("l402-sqlite".to_owned()).spawn(run)?;
        Ok(Self(sender))
    }

    pub(super) fn queue<T: Send + 'static>(
        &self,
        durability: Durability,
        work: impl FnOnce(&Rows<'_>) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<Answer<T>, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = move |database: &mut Database| {
            let done = database.transaction(durability, work).map_err(|error| {
                tracing::error!(%error, "l402: the sqlite store failed");
                StoreError::unavailable("sqlite", error.to_string())
            });
            drop(reply.send(done)); // perhaps nobody listens any more
        };
        self.0.try_send(Box::new(job)).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::unavailable("sqlite", "too many calls wait for the disk"),
            TrySendError::Disconnected(_) => stopped(),
        })?;
        Ok(answer)
    }
}

pub(super) fn stopped() -> StoreError {
    StoreError::unavailable("sqlite", "the store's thread has stopped")
}

impl Database {
    /// Runs `work` in one transaction, which is rolled back if it fails.
    fn transaction<T>(
        &mut self,
        durability: Durability,
        work: impl FnOnce(&Rows<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<T> {
        if durability != self.durability {
            self.connection.pragma_update(None, "synchronous", durability.pragma())?;
            self.durability = durability;
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let rows = Rows { transaction, session: &self.session, at_work: &self.at_work };
        let answer = work(&rows)?;
        rows.transaction.commit()?;
        Ok(answer)
    }
}

impl Durability {
    const fn pragma(self) -> &'static str {
        match self {
            Self::Written => "normal",
            Self::OnDisk => "full",
        }
    }
}
