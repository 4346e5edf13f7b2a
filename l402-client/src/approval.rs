//! [`Approver`]: somebody who is asked before anything is paid.

use std::future::Future;

use l402_core::bolt11::NodeId;
use l402_core::ports::PortFuture;
use l402_core::{Msat, PaymentHash, UnixTime};

/// Is asked before each payment, when everything else speaks for it and its cost is reserved.
///
/// Any `async` function of a [`Proposal`] is one; so is one that shows it to a human and waits.
///
/// ```
/// use l402_client::{Approval, Proposal};
/// use l402_core::Msat;
///
/// async fn small_ones_only(proposal: Proposal) -> Approval {
///     if proposal.amount <= Msat::from_sat(20) { Approval::Granted } else { Approval::Refused(None) }
/// }
/// # fn is_approver(_: impl l402_client::Approver) {}
/// # is_approver(small_ones_only);
/// ```
pub trait Approver: Send + Sync {
    /// Decides on one payment.
    fn approve(&self, proposal: Proposal) -> PortFuture<Approval>;
}

impl<F, R> Approver for F
where
    F: Fn(Proposal) -> R + Send + Sync,
    R: Future<Output = Approval> + Send + 'static,
{
    fn approve(&self, proposal: Proposal) -> PortFuture<Approval> {
        PortFuture::new(self(proposal))
    }
}

/// What an [`Approver`] decides on.
///
/// # Security
/// Only facts: what the signed invoice says, whom the client asked, and what it may cost. Neither the invoice's
/// description nor anything else that the server could choose words in, since it would choose them well.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Proposal {
    /// Scheme, host and port of the server that was asked, such as `https://api.example.com`.
    pub origin: String,
    /// The price.
    pub amount: Msat,
    /// The highest routing fee on top of it.
    pub max_fee: Msat,
    /// The node that gets the money.
    pub payee: NodeId,
    /// Names the payment.
    pub payment_hash: PaymentHash,
    /// When the invoice stops being payable; an answer after that is of no use.
    pub expires_at: UnixTime,
}

/// What an [`Approver`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Approval {
    /// Pay it.
    Granted,
    /// Do not, perhaps for this reason, which becomes part of the error.
    Refused(Option<String>),
}
