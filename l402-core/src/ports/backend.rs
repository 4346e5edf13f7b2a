//! How backends fail: [`BackendError`] for nodes and wallets, [`StoreError`] for stores.

use alloc::boxed::Box;
use core::fmt;
use core::time::Duration;

/// The error of whatever library a backend is built on.
pub type BoxError = Box<dyn core::error::Error + Send + Sync>;

/// A node, wallet or payment service did not do what it was asked.
///
/// It names the backend and the kind of failure. The cause is kept as [`source`](core::error::Error::source)
/// and is not part of the text, since what a backend says may hold secrets.
#[derive(Debug)]
pub struct BackendError {
    backend: &'static str,
    kind: BackendErrorKind,
    source: Option<BoxError>,
}

impl BackendError {
    /// An error of `backend`, a short name such as `lnd`.
    #[must_use]
    pub const fn new(backend: &'static str, kind: BackendErrorKind) -> Self {
        Self { backend, kind, source: None }
    }

    /// Adds the cause.
    ///
    /// # Security
    /// It must not contain a key, a preimage or the raw answer of a backend that puts preimages into answers.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<BoxError>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The backend's short name.
    #[must_use]
    pub const fn backend(&self) -> &'static str {
        self.backend
    }

    /// What went wrong.
    #[must_use]
    pub const fn kind(&self) -> BackendErrorKind {
        self.kind
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.backend, self.kind)
    }
}

impl core::error::Error for BackendError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// What kinds of failure there are, over all backends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BackendErrorKind {
    /// The key, macaroon, rune or password is not accepted.
    Auth,
    /// The credential is good but may not do this.
    Forbidden,
    /// Too many requests; perhaps with the time to wait.
    RateLimited {
        /// How long the backend asks to wait.
        retry_after: Option<Duration>,
    },
    /// The invoice cannot be read or is not for this network.
    InvalidInvoice,
    /// The invoice has expired.
    Expired,
    /// The invoice was paid before.
    AlreadyPaid,
    /// A payment of this invoice is still under way.
    InFlight,
    /// No way to the payee was found.
    NoRoute,
    /// The wallet does not hold enough.
    InsufficientBalance,
    /// A limit of the account is reached.
    LimitExceeded,
    /// The fee would be above the limit given.
    FeeTooHigh,
    /// The invoice is the wallet's own.
    SelfPayment,
    /// Nothing is known under this hash or id.
    NotFound,
    /// The backend cannot do this at all.
    Unsupported,
    /// The backend cannot be reached or is broken.
    Unavailable,
    /// The backend did not answer in time.
    Timeout,
    /// The answer makes no sense.
    Protocol,
}

impl BackendErrorKind {
    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. } | Self::InFlight | Self::NoRoute | Self::Unavailable | Self::Timeout
        )
    }
}

impl fmt::Display for BackendErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auth => "the credentials are not accepted",
            Self::Forbidden => "the credentials do not allow this",
            Self::RateLimited { .. } => "too many requests",
            Self::InvalidInvoice => "the invoice is not valid here",
            Self::Expired => "the invoice has expired",
            Self::AlreadyPaid => "the invoice is already paid",
            Self::InFlight => "a payment of this invoice is under way",
            Self::NoRoute => "no route to the payee",
            Self::InsufficientBalance => "the balance is too low",
            Self::LimitExceeded => "a limit of the account is reached",
            Self::FeeTooHigh => "the fee would be above the limit",
            Self::SelfPayment => "the invoice is the wallet's own",
            Self::NotFound => "nothing is known of this payment",
            Self::Unsupported => "the backend cannot do this",
            Self::Unavailable => "the backend cannot be reached",
            Self::Timeout => "the backend did not answer in time",
            Self::Protocol => "the backend's answer makes no sense",
        })
    }
}

/// A store of root keys or uses cannot answer. The request at hand must be refused.
///
/// One word in size, since it is part of every answer of a store, and nearly all of them are none of these.
#[derive(Debug)]
pub struct StoreError(Box<StoreFailure>);

#[derive(Debug)]
struct StoreFailure {
    store: &'static str,
    full: bool,
    source: Option<BoxError>,
}

impl StoreError {
    /// `store`, a short name such as `redis`, cannot be reached or is broken.
    #[must_use]
    pub fn unavailable(store: &'static str, source: impl Into<BoxError>) -> Self {
        Self(Box::new(StoreFailure { store, full: false, source: Some(source.into()) }))
    }

    /// A bounded store has no room, and forgetting a live token is no way to make some.
    #[must_use]
    pub fn full(store: &'static str) -> Self {
        Self(Box::new(StoreFailure { store, full: true, source: None }))
    }

    /// The store's short name.
    #[must_use]
    pub const fn store(&self) -> &'static str {
        self.0.store
    }

    /// Whether the store is full rather than broken.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.0.full
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let problem = if self.is_full() { "is full" } else { "is not available" };
        write!(f, "the {} store {problem}", self.store())
    }
}

impl core::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use core::mem::size_of;

    use super::*;
    use crate::ports::{Claimed, PortFuture};

    /// What every claim and commit moves from function to function.
    #[test]
    fn the_answers_of_stores_are_small() {
        assert!(size_of::<Result<Claimed, StoreError>>() <= 16);
        assert!(size_of::<PortFuture<Result<Claimed, StoreError>>>() <= 24);
        assert!(size_of::<PortFuture<Result<bool, StoreError>>>() <= 24);
    }
}
