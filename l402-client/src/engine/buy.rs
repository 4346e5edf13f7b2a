//! Paying for an offer: reserve, ask, write down, pay, write down.

use std::sync::Arc;

use l402_core::ports::{BackendError, BackendErrorKind, PayOutcome, PayRequest, Payment};
use l402_core::{Msat, PaymentHash};

use super::Engine;
use crate::approval::{Approval, Proposal};
use crate::budget::{Budget, Denial};
use crate::decision::Offer;
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

impl Engine {
    /// Pays for an offer, once. Whatever the wallet says, it is not asked again.
    ///
    /// Every step is in the journal before it begins. When the future is dropped, or the process dies, the journal
    /// says how far it came, and [`Engine::resume`] goes on from there.
    pub(super) async fn buy(
        &self,
        offer: &Offer,
        purpose: Purpose,
        budget: &Arc<Budget>,
    ) -> Result<Purchase, ClientError> {
        let payment_hash = offer.payment_hash();
        let known = |state| ClientError::AlreadyKnown { payment_hash, state };
        let running = self.store.at_work().begin(payment_hash).ok_or_else(|| known(State::Paying))?;

        let intent = self.intent(offer, purpose, budget);
        let max_fee = intent.max_fee;
        match self.store.begin(intent.clone(), Arc::clone(budget)).await.map_err(ClientError::Store)? {
            Begun::Reserved => {}
            Begun::Denied(denial) => return Err(ClientError::Denied(denial)),
            Begun::Known(state) => return Err(known(state)),
        }
        if let Err(error) = self.approve(offer, max_fee).await {
            self.write(payment_hash, Step::Failed).await;
            return Err(error);
        }
        match self.store.advance(payment_hash, Step::Paying, self.now()).await {
            Ok(true) => {}
            Ok(false) => return Err(ClientError::Abandoned { payment_hash }),
            Err(error) => return Err(ClientError::Store(error)),
        }

        telemetry::paying(&payment_hash, offer.amount(), max_fee);
        let request = PayRequest::new(offer.invoice().to_owned(), payment_hash, max_fee, self.pay_timeout);
        let outcome = self.wallet.pay(request).await;
        match proof(payment_hash, offer.amount(), outcome) {
            Ok(payment) => self.paid(intent, payment, running).await,
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
    fn max_fee(&self, amount: Msat, host: &str, budget: &Budget) -> Msat {
        let wanted = self.max_fee.unwrap_or_else(|| default_max_fee(amount));
        if !self.wallet.capabilities().fee_limit {
            return wanted;
        }
        let room = budget.request_cap(host).map(|cap| cap.limit.checked_sub(amount).unwrap_or(Msat::ZERO));
        room.map_or(wanted, |room| room.min(wanted))
    }

    async fn approve(&self, offer: &Offer, max_fee: Msat) -> Result<(), ClientError> {
        let Some(approver) = &self.approver else { return Ok(()) };
        let proposal = Proposal {
            origin: offer.origin().to_owned(),
            amount: offer.amount(),
            max_fee,
            payee: offer.payee(),
            payment_hash: offer.payment_hash(),
            expires_at: offer.expires_at(),
        };
        match approver.approve(proposal).await {
            Approval::Granted => offer.check_expiry(self.now()), // they may have taken their time
            Approval::Refused(reason) => Err(ClientError::Denied(Denial::NotApproved { reason })),
        }
    }

    /// From here on the token is worth money, and goes to the server whatever the journal does.
    async fn paid(
        &self,
        intent: Intent,
        payment: Payment,
        running: Running,
    ) -> Result<Purchase, ClientError> {
        let (payment_hash, amount, now) = (intent.payment_hash, intent.amount, self.now());
        telemetry::paid(&payment_hash, amount, payment.fee);
        let receipt = Receipt { amount, fee: payment.fee, payment_hash, paid_at: now };
        let step = Step::Paid { preimage: payment.preimage, fee: payment.fee };
        self.write(payment_hash, step.clone()).await;

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
