//! [`ReplayStore`]: who counts the uses of tokens.

use core::fmt;
use core::num::NonZeroU32;

use super::{PortFuture, StoreError, forward_port};
use crate::hash::PaymentHash;
use crate::time::UnixTime;

/// Counts uses so that a token bought for *n* calls gets exactly *n*.
///
/// A use is *claimed* before the handler runs, then *committed* when its answer goes out or *released* when
/// there is none. A claim is a lease: should the process die in between, it ends by itself and the buyer keeps
/// the use.
///
/// # Security
/// - `claim` is one atomic step. However many claims of the last use run at once, on however many machines,
///   one is granted.
/// - The key is the payment hash, never the text of a token, which can be written in many ways.
/// - `forget_after` may be honoured late, never early. A bounded store that is full refuses; it does not forget.
/// - An error means *refuse*. No caller admits a request because a store could not answer.
pub trait ReplayStore: Send + Sync {
    /// Takes one use, if one is left.
    fn claim(&self, claim: Claim) -> PortFuture<Result<Claimed, StoreError>>;

    /// Makes a claimed use final. `false` when the lease had ended and somebody else has the use now.
    ///
    /// A gate delivers nothing after an error, nor when it drops the future before the answer has come, since the client has
    /// left or waited too long. (One that only watches delivers anyway.) The store undoes such a commit if it was made, so
    /// that nobody pays for nothing. A store in memory, which answers at once, has nothing to do for that.
    ///
    /// # Security
    /// Never repeat a commit after an error, or after its future was dropped: the store may be about to undo it, and would
    /// undo the second one as well.
    fn commit(&self, claim: Claim) -> PortFuture<Result<bool, StoreError>>;

    /// Gives a claimed use back. Does nothing when the lease has ended already.
    fn release(&self, claim: Claim) -> PortFuture<Result<(), StoreError>>;
}

forward_port!(ReplayStore {
    fn claim(&self, claim: Claim) -> PortFuture<Result<Claimed, StoreError>>;
    fn commit(&self, claim: Claim) -> PortFuture<Result<bool, StoreError>>;
    fn release(&self, claim: Claim) -> PortFuture<Result<(), StoreError>>;
});

/// One use of one token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Claim {
    /// The payment whose uses are counted.
    pub payment_hash: PaymentHash,
    /// Tells this claim from every other one.
    pub lease: LeaseId,
    /// How many uses were bought.
    pub uses: NonZeroU32,
    /// The time of the request.
    pub now: UnixTime,
    /// When the claim ends by itself unless committed.
    pub leased_until: UnixTime,
    /// When the token is no longer valid, so that its count may be forgotten.
    pub forget_after: UnixTime,
}

impl Claim {
    /// A claim of one of `uses` uses, at `now`.
    #[must_use]
    pub const fn new(
        payment_hash: PaymentHash,
        lease: LeaseId,
        uses: NonZeroU32,
        now: UnixTime,
        leased_until: UnixTime,
        forget_after: UnixTime,
    ) -> Self {
        Self { payment_hash, lease, uses, now, leased_until, forget_after }
    }
}

/// Sixteen bytes that name one claim, unlike those of any other on any machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LeaseId([u8; 16]);

impl LeaseId {
    /// Takes bytes that no other claim has: random ones, or a random start and a counter.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for LeaseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LeaseId(")?;
        crate::codec::fmt_hex(&self.0, f)?;
        f.write_str(")")
    }
}

/// The answer to a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Claimed {
    /// The use is yours: commit or release it.
    Granted,
    /// All uses are spent or taken, but some of them are leases that may come back.
    Busy,
    /// All uses are spent, for good but for those whose commit is about to be undone.
    Exhausted,
}
