//! [`PortFuture`]: an answer that is here already, or is still on its way.

use alloc::boxed::Box;
use core::fmt;
use core::future::{Future, Ready, ready};
use core::pin::Pin;
use core::task::{Context, Poll};

/// What a port's method returns: a future that needs no allocation when the answer is known at once.
///
/// It borrows nothing, so that a caller can keep it in a future of its own. Backends are cheap handles around
/// something shared; a method that has to wait clones its handle into the `async` block.
///
/// ```
/// use l402_core::ports::PortFuture;
///
/// let known = PortFuture::ready(7);
/// assert_eq!(known.into_ready().ok(), Some(7));
///
/// let waiting = PortFuture::new(async { 7 });
/// assert!(waiting.into_ready().is_err());
/// ```
#[must_use = "futures do nothing unless polled"]
pub struct PortFuture<T>(State<T>);

enum State<T> {
    Ready(Ready<T>),
    Waiting(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T> PortFuture<T> {
    /// An answer that is known already.
    pub fn ready(answer: T) -> Self {
        Self(State::Ready(ready(answer)))
    }

    /// An answer that takes waiting.
    pub fn new(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(State::Waiting(Box::pin(future)))
    }

    /// The answer if it is known already, or else the future to wait for.
    ///
    /// # Errors
    /// The future itself, when it has to be waited for.
    ///
    /// # Panics
    /// When the future has been polled to its end already.
    pub fn into_ready(self) -> Result<T, Self> {
        match self.0 {
            State::Ready(answer) => Ok(answer.into_inner()),
            waiting @ State::Waiting(_) => Err(Self(waiting)),
        }
    }

    /// Goes on with the answer: at once if it is known already, or else when it comes.
    pub fn then<U>(self, next: impl FnOnce(T) -> PortFuture<U> + Send + 'static) -> PortFuture<U>
    where
        T: Send + 'static,
        U: Send + 'static,
    {
        match self.into_ready() {
            Ok(answer) => next(answer),
            Err(waiting) => PortFuture::new(async move { next(waiting.await).await }),
        }
    }
}

impl<T> Future for PortFuture<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match &mut self.0 {
            State::Ready(answer) => Pin::new(answer).poll(context),
            State::Waiting(future) => future.as_mut().poll(context),
        }
    }
}

impl<T> fmt::Debug for PortFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            State::Ready(_) => "PortFuture(ready)",
            State::Waiting(_) => "PortFuture(waiting)",
        })
    }
}
