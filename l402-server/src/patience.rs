//! How long backends may take. A hanging one must not hang every request.

use std::time::{Duration, Instant};

use l402_core::ports::{BackendError, BackendErrorKind, PortFuture, StoreError};

use crate::gate::Rules;
use crate::telemetry;

/// Waits for the provider, as long as the gate's rules say.
pub(crate) async fn provider<T>(
    rules: &Rules,
    answer: PortFuture<Result<T, BackendError>>,
) -> Result<T, BackendError> {
    let start = Instant::now();
    let answer = match answer.into_ready() {
        Ok(answer) => answer,
        Err(waiting) => tokio::time::timeout(rules.provider_timeout, waiting)
            .await
            .unwrap_or_else(|_| Err(BackendError::new("provider", BackendErrorKind::Timeout))),
    };
    telemetry::time("l402_provider_seconds", start.elapsed());
    answer
}

/// Waits for a store, as long as the gate's rules say.
pub(crate) async fn store<T>(
    timeout: Duration,
    answer: PortFuture<Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let waiting = match answer.into_ready() {
        Ok(answer) => return answer,
        Err(waiting) => waiting,
    };
    let start = Instant::now();
    let answer = tokio::time::timeout(timeout, waiting).await;
    telemetry::time("l402_store_seconds", start.elapsed());
    answer.unwrap_or_else(|elapsed| Err(StoreError::unavailable("store", elapsed)))
}
