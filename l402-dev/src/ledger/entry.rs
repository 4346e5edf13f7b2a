//! One invoice and its payment.

use std::sync::Arc;

use l402_core::ports::{BackendErrorKind, PayOutcome, Payment, Settlement};
use l402_core::{Msat, Preimage, UnixTime};

use super::AccountId;
use super::record::{InvoiceRecord, InvoiceStatus};
use crate::signer::SignedInvoice;

pub(super) struct Entry {
    pub(super) invoice: SignedInvoice,
    pub(super) payee: AccountId,
    pub(super) progress: Progress,
    /// The last attempt that ended without money spent, for its payer's lookups.
    pub(super) failure: Option<(AccountId, BackendErrorKind)>,
}

pub(super) enum Progress {
    Open,
    InFlight(Attempt, Ending),
    Paid(Attempt, UnixTime),
}

/// A payment of the whole invoice from one account.
#[derive(Clone)]
pub(super) struct Attempt {
    pub(super) from: AccountId,
    pub(super) fee: Msat,
    /// What the payer is shown instead of the preimage.
    pub(super) shown: Option<Preimage>,
}

/// What becomes of a payment in flight.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Ending {
    Never,
    Settle(UnixTime),
    Fail(UnixTime),
}

impl Entry {
    pub(super) const fn new(invoice: SignedInvoice, payee: AccountId) -> Self {
        Self { invoice, payee, progress: Progress::Open, failure: None }
    }

    pub(super) fn is_expired(&self, now: UnixTime) -> bool {
        now >= self.invoice.expires_at
    }

    /// What the payer `account` knows; `None` when it never tried.
    pub(super) fn outcome(&self, account: AccountId) -> Option<PayOutcome> {
        match &self.progress {
            Progress::InFlight(attempt, _) if attempt.from == account => return Some(PayOutcome::Pending),
            Progress::Paid(attempt, _) if attempt.from == account => {
                return Some(PayOutcome::Paid(self.payment(attempt)));
            }
            _ => {}
        }
        let (from, kind) = self.failure?;
        (from == account).then_some(PayOutcome::Failed(kind))
    }

    pub(super) fn payment(&self, attempt: &Attempt) -> Payment {
        let preimage = attempt.shown.as_ref().unwrap_or(&self.invoice.preimage);
        Payment::new(preimage.clone(), Some(attempt.fee))
    }

    pub(super) fn settlement(&self, now: UnixTime) -> Settlement {
        match self.progress {
            Progress::Paid(_, at) => {
                Settlement::Settled { preimage: Some(self.invoice.preimage.clone()), settled_at: Some(at) }
            }
            Progress::InFlight(..) => Settlement::Open,
            Progress::Open if self.is_expired(now) => Settlement::Expired,
            Progress::Open => Settlement::Open,
        }
    }

    pub(super) fn record(&self, payee: Arc<str>, now: UnixTime) -> InvoiceRecord {
        let invoice = &self.invoice;
        let status = match self.progress {
            Progress::Paid(..) => InvoiceStatus::Paid,
            Progress::InFlight(..) => InvoiceStatus::InFlight,
            Progress::Open if self.is_expired(now) => InvoiceStatus::Expired,
            Progress::Open => InvoiceStatus::Open,
        };
        InvoiceRecord {
            bolt11: invoice.bolt11.clone(),
            payment_hash: invoice.payment_hash,
            amount: invoice.amount,
            description: invoice.description.clone(),
            payee,
            created_at: invoice.created_at,
            expires_at: invoice.expires_at,
            status,
            settled_at: match self.progress {
                Progress::Paid(_, at) => Some(at),
                _ => None,
            },
        }
    }
}
