//! Commits that nobody hears of, and how they are undone.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use l402_core::ports::{Claim, StoreError};
use tokio::sync::oneshot;

use super::writer::{self, Job, Writer};

/// The answer to a commit. If it is here when this is dropped, and was not taken, nobody will ever hear of it: nothing is
/// delivered, and so the commit is undone. If it is still to come, the writing thread sees that nobody is left.
pub(super) struct Committing {
    answer: oneshot::Receiver<Result<bool, StoreError>>,
    writer: Writer,
    claim: Claim,
}

impl Committing {
    /// Hands a commit to the thread.
    pub(super) fn queue(writer: &Writer, claim: Claim) -> Result<Self, StoreError> {
        let (reply, answer) = oneshot::channel();
        writer.queue(Job::Commit(claim, reply))?;
        Ok(Self { answer, writer: writer.clone(), claim })
    }
}

impl Future for Committing {
    type Output = Result<bool, StoreError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.answer).poll(context));
        Poll::Ready(answer.unwrap_or_else(|_| Err(writer::stopped())))
    }
}

impl Drop for Committing {
    fn drop(&mut self) {
        self.answer.close();
        if let Ok(Ok(true)) = self.answer.try_recv()
            && self.writer.queue(Job::Withdraw(self.claim)).is_err()
        {
            stays_charged();
        }
    }
}

pub(super) fn stays_charged() {
    tracing::warn!(
        "l402: the sqlite store could not undo a commit that nobody waits for, its use stays charged"
    );
}
