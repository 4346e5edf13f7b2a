//! Finding out what became of payments that were left open.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind, PayOutcome, StoreError};
use l402_core::{Msat, PaymentHash, UnixTime};

use super::Engine;
use crate::error::ClientError;
use crate::receipt::Receipt;
use crate::store::{Record, State, Step, Wanted};
use crate::telemetry;

/// How long after its invoice has expired a payment that the wallet knows nothing of counts as never made: nobody can
/// start it any more, whatever was still on its way.
const GRACE: Duration = Duration::from_secs(60);

/// What [`L402Client::resume`](crate::L402Client::resume) found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resumed {
    /// Payments that were made. Their tokens are at hand for the next request.
    pub paid: Vec<Receipt>,
    /// Payments that were not made, and will not be. What they reserved can be spent again.
    pub failed: Vec<PaymentHash>,
    /// Payments of which it is still not known. What they reserve stays reserved.
    pub open: Vec<OpenPayment>,
}

/// A payment whose outcome is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenPayment {
    /// Names the payment, here and in the wallet.
    pub payment_hash: PaymentHash,
    /// What is reserved for it: its amount and the highest fee.
    pub reserved: Msat,
    /// When the invoice stops being payable.
    pub expires_at: UnixTime,
}

impl Engine {
    /// Asks the wallet about every open payment that nobody is at work on.
    pub(crate) async fn resume(&self) -> Result<Resumed, StoreError> {
        self.load_tokens().await?;
        let mut resumed = Resumed::default();
        for record in self.store.find(Wanted::Open).await? {
            if !record.running {
                match self.resolve(record).await? {
                    Resolved::Paid(receipt) => resumed.paid.push(receipt),
                    Resolved::Failed(payment_hash) => resumed.failed.push(payment_hash),
                    Resolved::Open(payment) => resumed.open.push(payment),
                }
            }
        }
        Ok(resumed)
    }

    /// Before a request is paid for: finds out about payments for the same request that were left open.
    ///
    /// # Errors
    /// When one of them may still have been made: to pay another would perhaps pay twice.
    pub(super) async fn settle_earlier(&self, request: &[u8; 32]) -> Result<(), ClientError> {
        let open = self.store.find(Wanted::Open).await.map_err(ClientError::Store)?;
        for record in
            open.into_iter().filter(|record| !record.running && record.intent.purpose.request == *request)
        {
            let amount = record.intent.amount;
            if let Resolved::Open(OpenPayment { payment_hash, .. }) =
                self.resolve(record).await.map_err(ClientError::Store)?
            {
                return Err(ClientError::EarlierPaymentOpen { payment_hash, amount });
            }
        }
        Ok(())
    }

    async fn resolve(&self, mut record: Record) -> Result<Resolved, StoreError> {
        let payment_hash = record.intent.payment_hash;
        let open = OpenPayment {
            payment_hash,
            reserved: record.intent.reservation(),
            expires_at: record.intent.expires_at,
        };
        let Some(_running) = self.store.at_work().begin(payment_hash) else {
            return Ok(Resolved::Open(open));
        };
        let Some(step) = self.find_out(&record).await else { return Ok(Resolved::Open(open)) };
        let now = self.now();
        if !self.store.advance(payment_hash, step.clone(), now).await? {
            return Ok(Resolved::Open(open)); // somebody else was faster, and knows more
        }
        let has_advanced = record.advance(&step, now);
        let receipt = record.receipt().filter(|_| has_advanced);
        telemetry::resolved(&payment_hash, receipt.as_ref());
        match receipt {
            Some(receipt) => {
                self.keep(&record, now);
                Ok(Resolved::Paid(receipt))
            }
            None => Ok(Resolved::Failed(payment_hash)),
        }
    }

    /// The step that is certain; `None` while nothing is.
    async fn find_out(&self, record: &Record) -> Option<Step> {
        if record.state == State::Intent {
            return Some(Step::Failed); // the wallet was never asked, and whoever would have asked is gone
        }
        let payment_hash = record.intent.payment_hash;
        match self.wallet.lookup(payment_hash).await {
            Ok(PayOutcome::Paid(payment)) if payment.preimage.payment_hash() == payment_hash => {
                Some(Step::Paid { preimage: payment.preimage, fee: payment.fee })
            }
            Ok(PayOutcome::Failed(_)) => Some(Step::Failed),
            Err(error) if error.kind() == BackendErrorKind::NotFound => {
                let is_over = self.now() >= record.intent.expires_at.saturating_add(GRACE);
                is_over.then_some(Step::Failed)
            }
            _ => None,
        }
    }
}

enum Resolved {
    Paid(Receipt),
    Failed(PaymentHash),
    Open(OpenPayment),
}
