//! How long backends may take. A hanging one must not hang every request.

use std::time::Duration;

use l402_core::ports::{BackendError, BackendErrorKind, PortFuture, StoreError};

use crate::gate::Rules;
use crate::pricing::{PriceError, Quote};
use crate::telemetry::Stopwatch;

/// Waits for a price function, as long as the gate's rules say.
pub(crate) async fn price(
    rules: &Rules,
    quote: PortFuture<Result<Quote, PriceError>>,
) -> Result<Quote, PriceError> {
    let answer = tokio::time::timeout(rules.price_timeout, quote).await;
    answer.unwrap_or_else(|elapsed| Err(PriceError::unavailable(elapsed)))
}

/// Waits for the provider, as long as the gate's rules say.
pub(crate) fn provider<T: Send + 'static>(
    rules: &Rules,
    answer: PortFuture<Result<T, BackendError>>,
) -> PortFuture<Result<T, BackendError>> {
    let (watch, timeout) = (Stopwatch::start(), rules.provider_timeout);
    match answer.into_ready() {
        Ok(answer) => {
            watch.stop("l402_provider_seconds");
            PortFuture::ready(answer)
        }
        Err(waiting) => PortFuture::new(async move {
            let answer = tokio::time::timeout(timeout, waiting).await;
            watch.stop("l402_provider_seconds");
            answer.unwrap_or_else(|_| Err(BackendError::new("provider", BackendErrorKind::Timeout)))
        }),
    }
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
    let watch = Stopwatch::start();
    let answer = tokio::time::timeout(timeout, waiting).await;
    watch.stop("l402_store_seconds");
    answer.unwrap_or_else(|elapsed| Err(StoreError::unavailable("store", elapsed)))
}
