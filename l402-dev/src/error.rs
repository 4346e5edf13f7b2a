//! [`DevNodeError`], and how the node's ports name it in theirs.

use l402_core::ports::{BackendError, BackendErrorKind, BoxError};

/// Why a [`DevNode`](crate::DevNode) could not be started, or does not open an account.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevNodeError {
    /// The operating system gave no random bytes.
    #[error("the operating system gives no random bytes; a node with a seed needs none")]
    Entropy(#[source] BoxError),
    /// No node key follows from the seed. One seed in 2^128 is like that.
    #[error("no node key follows from this seed; take another one")]
    Seed,
    /// The text given to [`DevNodeBuilder::restore`](crate::DevNodeBuilder::restore) is no snapshot of this version.
    #[error("the saved state cannot be read; it is damaged, or another version wrote it")]
    Snapshot,
    /// Accounts are found by their names, so a name is one account's.
    #[error("there is an account '{0}' already; take another name, or find that one with `DevNode::account`")]
    NameTaken(String),
}

/// The short name of this backend in [`BackendError`].
const BACKEND: &str = "dev";

pub(crate) fn backend_error(kind: BackendErrorKind) -> BackendError {
    BackendError::new(BACKEND, kind)
}
