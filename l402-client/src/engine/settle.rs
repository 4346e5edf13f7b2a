//! Settling by hand what the wallet cannot tell.

use l402_core::ports::{BackendError, BackendErrorKind, PayOutcome, StoreError};
use l402_core::{Msat, PaymentHash, Preimage};

use super::Engine;
use crate::receipt::Receipt;
use crate::store::{Record, State, Step, Wanted};
use crate::telemetry;

/// What somebody knows of a payment. See [`L402Client::settle`](crate::L402Client::settle).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Settlement {
    /// It was made.
    Paid {
        /// The proof, as the wallet shows it. Checked against the payment hash.
        preimage: Preimage,
        /// The routing fee. If it is not known, the highest one that was allowed counts.
        fee: Option<Msat>,
    },
    /// It was not made, and will not be.
    NotPaid,
}

/// Why a payment was not settled. Nothing has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettleError {
    /// There is none.
    #[error("no payment has the hash {0}")]
    Unknown(PaymentHash),
    /// Somebody is at work on it, and knows more.
    #[error("a process is at work on this payment; wait until it is done")]
    Running,
    /// The proof is of another payment.
    #[error("this preimage is of another payment")]
    PreimageMismatch,
    /// It is to count as not made, and the proof that it was made is in the journal.
    #[error("this payment was made; the proof of it is in the journal")]
    IsPaid,
    /// It is to count as not made, and the wallet is still trying to make it.
    #[error("the wallet says that this payment is under way, so it may be made yet")]
    UnderWay,
    /// It is to count as not made, and the wallet, which could know, does not answer.
    #[error("the wallet can look payments up, and does not answer now; try again later")]
    Wallet(#[source] BackendError),
    /// The store does not answer.
    #[error("the store of payments fails")]
    Store(#[from] StoreError),
}

impl Engine {
    /// See [`L402Client::settle`](crate::L402Client::settle).
    pub(crate) async fn settle(
        &self,
        payment_hash: PaymentHash,
        settlement: Settlement,
    ) -> Result<Option<Receipt>, SettleError> {
        let found = self.store.find(Wanted::One(payment_hash)).await?;
        let record = found.into_iter().next().ok_or(SettleError::Unknown(payment_hash))?;
        let running = self.store.at_work().begin(payment_hash).filter(|_| !record.running);
        let _running = running.ok_or(SettleError::Running)?;
        let step = match settlement {
            Settlement::Paid { preimage, fee } if preimage.payment_hash() == payment_hash => {
                Step::Paid { preimage, fee }
            }
            Settlement::Paid { .. } => return Err(SettleError::PreimageMismatch),
            Settlement::NotPaid => self.not_paid(&record).await?,
        };
        self.write_settlement(record, step).await
    }

    /// Gives up a payment, unless the wallet knows better.
    async fn not_paid(&self, record: &Record) -> Result<Step, SettleError> {
        match record.state {
            State::Paid | State::Delivered => return Err(SettleError::IsPaid),
            State::Paying if self.wallet.capabilities().can_lookup => {}
            _ => return Ok(Step::Failed), // the wallet was never asked to pay, or cannot be asked about it
        }
        let payment_hash = record.intent.payment_hash;
        match self.wallet.lookup(payment_hash).await {
            Ok(PayOutcome::Paid(payment)) if payment.preimage.payment_hash() == payment_hash => {
                Ok(Step::Paid { preimage: payment.preimage, fee: payment.fee })
            }
            Ok(PayOutcome::Failed(_)) => Ok(Step::Failed),
            Ok(_) => Err(SettleError::UnderWay),
            Err(error) if knows_nothing(error.kind()) => Ok(Step::Failed),
            Err(error) => Err(SettleError::Wallet(error)),
        }
    }

    async fn write_settlement(&self, mut record: Record, step: Step) -> Result<Option<Receipt>, SettleError> {
        let (payment_hash, was, now) = (record.intent.payment_hash, record.state, self.now());
        // Somebody else has paid what was only reserved.
        let begin = (was == State::Intent && matches!(step, Step::Paid { .. })).then_some(Step::Paying);
        for step in begin.into_iter().chain([step]) {
            if !self.store.advance(payment_hash, step.clone(), now).await? || !record.advance(&step, now) {
                return Err(SettleError::Running); // whoever was faster
            }
        }
        let receipt = record.receipt();
        if record.state != was {
            telemetry::resolved(&payment_hash, receipt.as_ref());
        }
        if receipt.is_some() {
            self.keep(&record, now);
        }
        Ok(receipt)
    }
}

/// Whether a wallet that answers so cannot tell, now or later.
const fn knows_nothing(kind: BackendErrorKind) -> bool {
    matches!(kind, BackendErrorKind::NotFound | BackendErrorKind::Unsupported)
}
