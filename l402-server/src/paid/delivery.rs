//! [`Delivery`]: charging for an answer whose body comes bit by bit.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use l402_core::ports::PortFuture;

use super::Admission;
use crate::reply::Reply;

/// Charges for a streamed body when its first byte is there, and not before: a stream that breaks or is left without
/// one costs nothing.
///
/// Adapters put their body's items, of the type `T`, through [`Delivery::poll_next`].
#[derive(Debug)]
pub struct Delivery<T>(State<T>);

enum State<T> {
    /// Nothing has gone out. Dropping the admission gives the use back.
    Waiting {
        admission: Admission,
        status: u16,
    },
    /// The first item is held back until it is charged for. `None` is the end of a body without any byte.
    Charging {
        charge: PortFuture<Result<(), Reply>>,
        first: Option<T>,
    },
    /// Charged for; the rest just passes.
    Open,
    Over,
}

impl<T> Delivery<T> {
    /// Starts with an admission, and the status of the handler's answer.
    #[must_use]
    pub const fn new(admission: Admission, status: u16) -> Self {
        Self(State::Waiting { admission, status })
    }

    /// The next item, from a body that `inner` polls. Items without bytes, as `has_bytes` tells, are free.
    ///
    /// # Errors
    /// [`DeliveryError`], after which the stream is over: the body's own error, or that the use could not be charged, so
    /// that nothing is delivered and the buyer keeps the token.
    pub fn poll_next<E>(
        &mut self,
        context: &mut Context<'_>,
        mut inner: impl FnMut(&mut Context<'_>) -> Poll<Option<Result<T, E>>>,
        has_bytes: impl Fn(&T) -> bool,
    ) -> Poll<Option<Result<T, DeliveryError<E>>>> {
        loop {
            match &mut self.0 {
                State::Waiting { .. } => {
                    let item = match ready!(inner(context)).transpose() {
                        Ok(item) => item,
                        Err(error) => {
                            self.0 = State::Over;
                            return Poll::Ready(Some(Err(DeliveryError::Body(error))));
                        }
                    };
                    match item {
                        Some(item) if !has_bytes(&item) => return Poll::Ready(Some(Ok(item))),
                        first => self.charge(first),
                    }
                }
                State::Charging { charge, first } => {
                    let charged = ready!(Pin::new(charge).poll(context));
                    let first = first.take();
                    self.0 = if first.is_some() && charged.is_ok() { State::Open } else { State::Over };
                    return Poll::Ready(match charged {
                        Ok(()) => first.map(Ok),
                        Err(_) => Some(Err(DeliveryError::NotCharged)),
                    });
                }
                State::Open => return inner(context).map_err(DeliveryError::Body),
                State::Over => return Poll::Ready(None),
            }
        }
    }
}

impl<T> Delivery<T> {
    fn charge(&mut self, first: Option<T>) {
        if let State::Waiting { admission, status } = std::mem::replace(&mut self.0, State::Over) {
            self.0 = State::Charging { charge: admission.finish(status), first };
        }
    }
}

impl<T> fmt::Debug for State<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Waiting { .. } => "waiting",
            Self::Charging { .. } => "charging",
            Self::Open => "open",
            Self::Over => "over",
        })
    }
}

/// Why a streamed body ends early.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError<E> {
    /// The body itself failed.
    #[error(transparent)]
    Body(E),
    /// The use could not be charged: the store failed, or the first byte came after the lease had ended.
    #[error("the request could not be charged, so nothing is delivered; the token stays valid")]
    NotCharged,
}
