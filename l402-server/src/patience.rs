//! How long backends may take. A hanging one must not hang every request.

use std::future::Future;
use std::time::Duration;

use l402_core::ports::{BackendError, BackendErrorKind, StoreError};

use crate::gate::Rules;

/// Waits for the provider, as long as the gate's rules say.
pub(crate) async fn provider<T>(
    rules: &Rules,
    answer: impl Future<Output = Result<T, BackendError>>,
) -> Result<T, BackendError> {
    match tokio::time::timeout(rules.provider_timeout, answer).await {
        Ok(answer) => answer,
        Err(_) => Err(BackendError::new("provider", BackendErrorKind::Timeout)),
    }
}

/// Waits for a store, as long as the gate's rules say.
pub(crate) async fn store<T>(
    timeout: Duration,
    answer: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    match tokio::time::timeout(timeout, answer).await {
        Ok(answer) => answer,
        Err(elapsed) => Err(StoreError::unavailable("store", elapsed)),
    }
}
