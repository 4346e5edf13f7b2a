//! Paying an invoice that comes with no token.

use std::sync::Arc;

use l402_core::bolt11::InvoiceFacts;
use l402_core::header::Scheme;
use l402_core::{Msat, PaymentHash, Preimage};

use super::Engine;
use crate::decision::check_expiry;
use crate::error::ClientError;
use crate::receipt::Receipt;
use crate::store::{Intent, Purpose, Record, Step, Wanted};
use crate::telemetry;

/// An invoice that is paid, and the proof. See [`L402Client::pay_invoice`](crate::L402Client::pay_invoice).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PaidInvoice {
    /// What was paid.
    pub receipt: Receipt,
    /// The proof. `Debug` leaves it out.
    pub preimage: Preimage,
    /// It was paid before, and nothing was spent now.
    pub was_paid: bool,
}

impl Engine {
    /// See [`L402Client::pay_invoice`](crate::L402Client::pay_invoice).
    pub(crate) async fn pay_invoice(
        &self,
        bolt11: &str,
        max_cost: Option<Msat>,
    ) -> Result<PaidInvoice, ClientError> {
        self.check_and_pay(bolt11, max_cost).await.inspect_err(telemetry::not_bought)
    }

    async fn check_and_pay(&self, bolt11: &str, max_cost: Option<Msat>) -> Result<PaidInvoice, ClientError> {
        let facts: InvoiceFacts = bolt11.parse().map_err(ClientError::UnreadableInvoice)?;
        if let Some(paid) = self.paid_before(facts.payment_hash).await? {
            return Ok(paid);
        }
        let network = self.wallet.network();
        if facts.network != network {
            return Err(ClientError::OtherNetwork { invoice: facts.network, wallet: network });
        }
        let amount = facts.amount.ok_or(ClientError::AmountMissing)?;
        if amount.is_zero() {
            return Err(ClientError::AmountZero);
        }
        check_expiry(facts.expires_at, self.now())?;

        let budget = match max_cost {
            Some(max_cost) => Arc::new(self.budget.lowered(max_cost)),
            None => Arc::clone(&self.budget),
        };
        let intent = Intent {
            payment_hash: facts.payment_hash,
            amount,
            max_fee: self.max_fee(amount, "", &budget),
            invoice: bolt11.to_owned(),
            expires_at: facts.expires_at,
            scheme: Scheme::L402,
            macaroon: String::new(),
            purpose: Purpose::invoice(facts.payment_hash),
            begun_at: self.now(),
        };
        let spending = self.spend(&intent, facts.payee, &budget).await?;
        self.write(facts.payment_hash, Step::Delivered).await;
        self.write(facts.payment_hash, Step::Dropped).await; // there is no token to show
        Ok(PaidInvoice { receipt: spending.receipt, preimage: spending.payment.preimage, was_paid: false })
    }

    /// Looks into the journal, and asks the wallet about what was interrupted.
    async fn paid_before(&self, payment_hash: PaymentHash) -> Result<Option<PaidInvoice>, ClientError> {
        let Some(mut record) = self.record(payment_hash).await? else { return Ok(None) };
        if record.state.is_open() && !record.running {
            self.settle_earlier(&record.intent.purpose.request).await?;
            record = self.record(payment_hash).await?.unwrap_or(record);
        }
        let known = ClientError::AlreadyKnown { payment_hash, state: record.state };
        match (record.receipt(), record.preimage) {
            (Some(receipt), Some(preimage)) => Ok(Some(PaidInvoice { receipt, preimage, was_paid: true })),
            _ => Err(known),
        }
    }

    async fn record(&self, payment_hash: PaymentHash) -> Result<Option<Record>, ClientError> {
        let found = self.store.find(Wanted::One(payment_hash)).await.map_err(ClientError::Store)?;
        Ok(found.into_iter().next())
    }
}

impl Purpose {
    /// That of an invoice which is paid by itself.
    fn invoice(payment_hash: PaymentHash) -> Self {
        Self {
            host: String::new(),
            origin: String::new(),
            method: "PAY".to_owned(),
            path: String::new(),
            request: *payment_hash.as_bytes(),
        }
    }
}
