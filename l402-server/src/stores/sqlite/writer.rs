//! The thread that writes. Whatever waits for it goes into one transaction.

use std::io;
use std::thread;

use l402_core::ports::{Claim, Claimed, StoreError};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio::sync::oneshot;

use super::database::{Database, Durability};
use super::withdraw;

/// How many requests may wait before more are refused: at the slowest disk's pace, some seconds' worth.
const QUEUE: usize = 8192;
/// How many are written in one transaction at most.
const BATCH: usize = 256;

/// A handle to the thread, which ends with the last one.
#[derive(Clone)]
pub(super) struct Writer(mpsc::Sender<Job>);

pub(super) type Reply<T> = oneshot::Sender<Result<T, StoreError>>;

pub(super) enum Job {
    Claim(Claim, Reply<Claimed>),
    Commit(Claim, Reply<bool>),
    Release(Claim, Reply<()>),
    /// Undoes a commit that was made, and of which nobody has heard.
    Withdraw(Claim),
}

impl Writer {
    pub(super) fn start(database: Database) -> io::Result<Self> {
        let (sender, jobs) = mpsc::channel(QUEUE);
        thread::Builder::new().name("l402-sqlite".to_owned()).spawn(move || run(database, jobs))?;
        Ok(Self(sender))
    }

    pub(super) fn queue(&self, job: Job) -> Result<(), StoreError> {
        self.0.try_send(job).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::unavailable("sqlite", "too many requests wait for the disk"),
            TrySendError::Closed(_) => stopped(),
        })
    }
}

pub(super) fn stopped() -> StoreError {
    StoreError::unavailable("sqlite", "the writing thread has stopped")
}

fn run(mut database: Database, mut jobs: mpsc::Receiver<Job>) {
    let mut batch = Vec::with_capacity(BATCH);
    while jobs.blocking_recv_many(&mut batch, BATCH) > 0 {
        while write(&mut database, &mut batch) {}
    }
    if !batch.is_empty() {
        write(&mut database, &mut batch);
    }
    batch.iter().for_each(|_| withdraw::stays_charged());
}

/// Writes a batch and then answers it: nobody hears of what might still be rolled back. What is to be undone is left in it;
/// returns whether that should be written at once, rather than with what comes next.
fn write(database: &mut Database, batch: &mut Vec<Job>) -> bool {
    let is_final = |job: &Job| matches!(job, Job::Commit(..) | Job::Withdraw(_));
    let durability = if batch.iter().any(is_final) { Durability::OnDisk } else { Durability::Written };
    let written = database.transaction(durability, |tokens| {
        batch.iter().map(|job| job.apply(tokens)).collect::<Result<Vec<_>, _>>()
    });
    let (to_undo, is_written): (Vec<_>, _) = match written {
        Ok(answers) => {
            let answered = batch.drain(..).zip(answers);
            (answered.filter_map(|(job, answer)| job.answer(answer)).collect(), true)
        }
        Err(error) => {
            tracing::error!(%error, requests = batch.len(), "l402: the sqlite store could not write");
            (batch.drain(..).filter_map(|job| job.fail(&error)).collect(), false)
        }
    };
    batch.extend(to_undo);
    is_written && !batch.is_empty()
}

/// What a job came to; the job knows which it is.
#[derive(Clone, Copy)]
enum Answer {
    Claim(Option<Claimed>),
    Commit(bool),
    Nothing,
}

impl Job {
    fn apply(&self, tokens: &mut super::database::Tokens<'_>) -> rusqlite::Result<Answer> {
        match self {
            Self::Claim(claim, _) => tokens.claim(claim).map(Answer::Claim),
            // Nobody waits for it any more: its answer was withheld, or its client has left. What is not delivered is not
            // charged.
            Self::Commit(claim, reply) if reply.is_closed() => {
                tokens.release(claim).map(|()| Answer::Commit(false))
            }
            Self::Commit(claim, _) => tokens.commit(claim).map(Answer::Commit),
            Self::Release(claim, _) => tokens.release(claim).map(|()| Answer::Nothing),
            Self::Withdraw(claim) => tokens.withdraw(claim).map(|()| Answer::Nothing),
        }
    }

    /// Answers, if there is still somebody to listen; returns what is to be done if not.
    fn answer(self, answer: Answer) -> Option<Self> {
        match (self, answer) {
            (Self::Claim(_, reply), Answer::Claim(claimed)) => {
                drop(reply.send(claimed.ok_or_else(|| StoreError::full("sqlite"))));
            }
            (Self::Commit(claim, reply), Answer::Commit(committed)) => {
                let is_heard = reply.send(Ok(committed)).is_ok();
                return (committed && !is_heard).then_some(Self::Withdraw(claim));
            }
            (Self::Release(_, reply), Answer::Nothing) => drop(reply.send(Ok(()))),
            (job, _) => drop(job),
        }
        None
    }

    /// Says that it was not written; returns what has to be.
    fn fail(self, error: &rusqlite::Error) -> Option<Self> {
        let error = StoreError::unavailable("sqlite", error.to_string());
        match self {
            Self::Claim(_, reply) => drop(reply.send(Err(error))),
            Self::Commit(_, reply) => drop(reply.send(Err(error))),
            Self::Release(_, reply) => drop(reply.send(Err(error))),
            Self::Withdraw(_) => return Some(self),
        }
        None
    }
}
