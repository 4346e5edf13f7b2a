//! Paying for an offer: reserve, ask, write down, pay, write down.

use std::sync::Arc;

use l402_core::bolt11::NodeId;
use l402_core::ports::{BackendError, BackendErrorKind, PayOutcome, PayRequest, Payment};
use l402_core::{Msat, PaymentHash};

use super::Engine;
use crate::approval::{Approval, Proposal};
use crate::budget::{Budget, Denial};
use crate::decision::{Offer, check_expiry};
use crate::error::ClientError;
use crate::receipt::Receipt;
use crate::store::{Begun, Intent, Purpose, Record, Running, State, Step};
use crate::telemetry;
use crate::token::Token;

/// What was bought.
pub(super) struct Purchase {
    pub(super) token: Arc<Token>,
    pub(super) receipt: Receipt,
    /// Nobody else shows the token as long as this is kept.
    pub(super) running: Running,
}

/// A payment that was made and written down.
pub(super) struct Spending {
    pub(super) payment: Payment,
    pub(super) receipt: Receipt,
    pub(super) running: Running,
}

impl Engine {
    /// Pays for an offer, once, and makes the token that this buys.
    pub(super) async fn buy(
        &self,
        offer: &Offer,
        purpose: Purpose,
        budget: &Arc<Budget>,
    ) -> Result<Purchase, ClientError> {
        let intent = self.intent(offer, purpose, budget);
        let spending = self.spend(&intent, offer.payee(), budget).await?;
        self.token_of(intent, spending)
    }

    /// Pays an invoice, once. Whatever the wallet says, it is not asked again.
    ///
    /// Every step is in the journal before it begins. When the future is dropped, or the process dies, the journal
    /// says how far it came, and [`Engine::resume`] goes on from there.
    pub(super) async fn spend(
        &self,
        intent: &Intent,
        payee: NodeId,
        budget: &Arc<Budget>,
    ) -> Result<Spending, ClientError> {
        let Intent { payment_hash, amount, max_fee, .. } = *intent;
        let known = |state| ClientError::AlreadyKnown { payment_hash, state };
        let running = self.store.at_work().begin(payment_hash).ok_or_else(|| known(State::Paying))?;

        match self.store.begin(intent.clone(), Arc::clone(budget)).await.map_err(ClientError::Store)? {
            Begun::Reserved => {}
            Begun::Denied(denial) => return Err(ClientError::Denied(denial)),
            Begun::Known(state) => return Err(known(state)),
        }
        if let Err(error) = self.approve(intent, payee).await {
            self.write(payment_hash, Step::Failed).await;
            return Err(error);
        }
        match self.store.advance(payment_hash, Step::Paying, self.now()).await {
            Ok(true) => {}
            Ok(false) => return Err(ClientError::Abandoned { payment_hash }),
            Err(error) => return Err(ClientError::Store(error)),
        }

        telemetry::paying(&payment_hash, amount, max_fee);
        let request = PayRequest::new(intent.invoice.clone(), payment_hash, max_fee, self.pay_timeout);
        let outcome = self.wallet.pay(request).await;
        match proof(payment_hash, amount, outcome) {
            Ok(payment) => {
                let receipt = Receipt { amount, fee: payment.fee, payment_hash, paid_at: self.now() };
                telemetry::paid(&payment_hash, amount, payment.fee);
                // The proof is worth money from here on, and is used whatever the journal does.
                let step = Step::Paid { preimage: payment.preimage.clone(), fee: payment.fee };
                self.write(payment_hash, step).await;
                Ok(Spending { payment, receipt, running })
            }
            Err(error) => {
                telemetry::not_paid(&payment_hash, &error);
                if matches!(error, ClientError::PaymentFailed { .. }) {
                    self.write(payment_hash, Step::Failed).await;
                }
                Err(error)
            }
        }
    }

    fn intent(&self, offer: &Offer, purpose: Purpose, budget: &Budget) -> Intent {
        Intent {
            payment_hash: offer.payment_hash(),
            amount: offer.amount(),
            max_fee: self.max_fee(offer.amount(), &purpose.host, budget),
            invoice: offer.invoice().to_owned(),
            expires_at: offer.expires_at(),
            scheme: offer.scheme(),
            macaroon: offer.macaroon().to_owned(),
            purpose,
            begun_at: self.now(),
        }
    }

    /// The highest fee to allow: no more than the cap on a request leaves, if the wallet keeps to it.
    pub(super) fn max_fee(&self, amount: Msat, host: &str, budget: &Budget) -> Msat {
        let wanted = self.max_fee.unwrap_or_else(|| default_max_fee(amount));
        if !self.wallet.capabilities().fee_limit {
            return wanted;
        }
        let room = budget.request_cap(host).map(|cap| cap.limit.checked_sub(amount).unwrap_or(Msat::ZERO));
        room.map_or(wanted, |room| room.min(wanted))
    }

    async fn approve(&self, intent: &Intent, payee: NodeId) -> Result<(), ClientError> {
        let Some(approver) = &self.approver else { return Ok(()) };
        let proposal = Proposal {
            origin: intent.purpose.origin.clone(),
            amount: intent.amount,
            max_fee: intent.max_fee,
            payee,
            payment_hash: intent.payment_hash,
            expires_at: intent.expires_at,
        };
        match approver.approve(proposal).await {
            Approval::Granted => check_expiry(intent.expires_at, self.now()), // they may have taken their time
            Approval::Refused(reason) => Err(ClientError::Denied(Denial::NotApproved { reason })),
        }
    }

    fn token_of(&self, intent: Intent, spending: Spending) -> Result<Purchase, ClientError> {
        let Spending { payment, receipt, running } = spending;
        let now = receipt.paid_at;
        let step = Step::Paid { preimage: payment.preimage, fee: payment.fee };
        let mut record = Record::new(intent);
        let is_paid = record.advance(&Step::Paying, now) && record.advance(&step, now);
        debug_assert!(is_paid, "paying comes after the intent, and paid after paying");
        let Some(token) = Token::new(&record, &self.limits) else {
            return Err(ClientError::Unusable { receipt });
        };
        let token = Arc::new(token.reserved());
        self.keep_token(&record, Arc::clone(&token), now);
        Ok(Purchase { token, receipt, running })
    }

    pub(super) async fn write(&self, payment_hash: PaymentHash, step: Step) {
        if let Err(error) = self.store.advance(payment_hash, step, self.now()).await {
            telemetry::journal_failed(&payment_hash, &error);
        }
    }
}

/// See [`crate::L402ClientBuilder::max_fee`].
fn default_max_fee(amount: Msat) -> Msat {
    Msat::from_msat(amount.as_msat() / 100).max(Msat::from_sat(10))
}

/// The proof of payment, if that is what the wallet gave.
///
/// # Security
/// Whatever is not certain counts as money that may be spent.
pub(super) fn proof(
    payment_hash: PaymentHash,
    amount: Msat,
    outcome: Result<PayOutcome, BackendError>,
) -> Result<Payment, ClientError> {
    match outcome {
        Ok(PayOutcome::Paid(payment)) if payment.preimage.payment_hash() == payment_hash => Ok(payment),
        Ok(PayOutcome::Paid(_)) => Err(ClientError::PreimageMismatch { payment_hash, amount }),
        Ok(PayOutcome::Failed(kind)) => Err(ClientError::PaymentFailed { kind, source: None }),
        Ok(_) => Err(ClientError::PaymentPending { payment_hash, amount, source: None }),
        Err(error) if rules_out_payment(error.kind()) => {
            Err(ClientError::PaymentFailed { kind: error.kind(), source: Some(error) })
        }
        Err(error) => Err(ClientError::PaymentPending { payment_hash, amount, source: Some(error) }),
    }
}

/// Whether an error of this kind can only happen before the money leaves. A wallet should not answer with an error
/// after that, but one that does must not be paid from again.
const fn rules_out_payment(kind: BackendErrorKind) -> bool {
    matches!(
        kind,
        BackendErrorKind::Auth
            | BackendErrorKind::Forbidden
            | BackendErrorKind::RateLimited { .. }
            | BackendErrorKind::InvalidInvoice
            | BackendErrorKind::Expired
            | BackendErrorKind::NoRoute
            | BackendErrorKind::InsufficientBalance
            | BackendErrorKind::LimitExceeded
            | BackendErrorKind::FeeTooHigh
            | BackendErrorKind::SelfPayment
            | BackendErrorKind::Unsupported
    )
}
