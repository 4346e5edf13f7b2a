//! How long backends may take. A hanging one must not hang every request.

use std::future::Future;
use std::time::Duration;

use l402_core::ports::{BackendError, BackendErrorKind, InvoiceProvider, PortFuture, StoreError};
use tokio::task::JoinError;
use tracing::Span;

use crate::gate::Rules;
use crate::pricing::{PriceError, Quote};
use crate::telemetry::{self, Stopwatch};

/// Waits for a price function, as long as the gate's rules say.
pub(crate) async fn price(
    rules: &Rules,
    quote: PortFuture<Result<Quote, PriceError>>,
) -> Result<Quote, PriceError> {
    let answer = tokio::time::timeout(rules.price_timeout, quote).await;
    answer.unwrap_or_else(|elapsed| Err(PriceError::unavailable(elapsed)))
}

/// Asks the provider, and waits for it as long as the gate's rules say.
pub(crate) fn provider<T: Send + 'static>(
    rules: &Rules,
    ask: impl FnOnce(&dyn InvoiceProvider) -> PortFuture<Result<T, BackendError>>,
) -> PortFuture<Result<T, BackendError>> {
    let (watch, timeout) = (Stopwatch::start(), rules.provider_timeout);
    match ask(&*rules.provider).into_ready() {
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

/// Does work that has begun to its end, though nobody may wait for it any more: leaving does not undo what it does
/// elsewhere. `Err` when it panicked.
pub(crate) async fn to_its_end<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, JoinError> {
    tokio::spawn(telemetry::within(Span::current(), work)).await
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
