//! [`BuildError`]: why a gate cannot be built.

use crate::pricing::QuoteError;

/// Why a gate cannot be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// No root key.
    #[error(
        "the gate has no root key: call .root_key(key) with 32 random bytes, or .ephemeral_root_key() to try out"
    )]
    MissingRootKey,
    /// A root key that is not random.
    #[error(
        "anybody can guess the gate's root key: it must be 32 random bytes, such as `openssl rand -hex 32` prints; \
         .ephemeral_root_key() makes one up to try out"
    )]
    WeakRootKey,
    /// No price.
    #[error("the gate has no price: call .price(Msat::from_sat(10)), .prices(table) or .price_fn(function)")]
    MissingPrice,
    /// A price that cannot be asked.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// Two prices for one method of a route.
    #[error("the price table has two prices for one method of the route {0}")]
    RepeatedRoute(String),
    /// Limits under which the gate could not read its own tokens.
    #[error("the limits leave no room for the gate's own tokens: 1 KiB of header, 8 caveats of 128 bytes")]
    LimitsTooTight,
    /// A duration of less than a second.
    #[error("the lease, the invoice expiry and the timeouts must be at least one second")]
    ZeroDuration,
    /// An origin, method or field of the CORS settings that no browser would send.
    #[error(
        "the CORS settings name something no browser sends: an origin is scheme://host or scheme://host:port in lower \
         case, without path, slash or default port; methods and fields are single words"
    )]
    InvalidCors,
    /// Settlement is to be looked up, and the provider cannot.
    #[error("settlement must be looked up, and this provider cannot look it up; use another provider")]
    NoLookup,
    /// The operating system gives no random bytes.
    #[error("the operating system gives no random bytes")]
    NoEntropy,
}
