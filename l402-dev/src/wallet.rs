//! [`DevWallet`]: the payer's side of a node.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{
    BackendError, BackendErrorKind, PayOutcome, PayRequest, PortFuture, Wallet, WalletCapabilities,
};
use l402_core::{Msat, Network, PaymentHash, Preimage};

use crate::error::backend_error;
use crate::fault::PaymentFault;
use crate::ledger::{AccountId, Course, Ending, Ledger, Order};
use crate::node::DevNode;
use crate::provider::{after, looked_up, rate_limited};

/// Pays the invoices of the [`DevNode`] it comes from. Clones share the account.
///
/// A payment debits the account by the amount of the invoice and the node's fee, which is nothing unless
/// [`DevNodeBuilder::fee`](crate::DevNodeBuilder::fee) says otherwise. It fails, with nothing spent, as
/// - [`BackendErrorKind::InvalidInvoice`] when the text is not BOLT11, not for regtest, or has another payment
///   hash than the request says;
/// - [`BackendErrorKind::NoRoute`] for an invoice that is not this node's;
/// - [`BackendErrorKind::AlreadyPaid`] when another wallet has paid it, and [`BackendErrorKind::InFlight`] while
///   it does. For the wallet that did, paying again gives the same answer again and costs nothing;
/// - [`BackendErrorKind::Expired`] from [`expires_at`](crate::InvoiceRecord::expires_at) on, by the node's clock;
/// - [`BackendErrorKind::SelfPayment`] when the account is the payee's own;
/// - [`BackendErrorKind::FeeTooHigh`] when the fee is above the request's limit;
/// - [`BackendErrorKind::InsufficientBalance`].
///
/// [`Wallet::lookup`] knows the payments of this account only. Every answer is ready at once, unless a
/// [`fault`](crate::fault) makes it slow.
#[derive(Clone)]
pub struct DevWallet {
    ledger: Arc<Ledger>,
    account: AccountId,
}

impl DevWallet {
    pub(crate) const fn new(ledger: Arc<Ledger>, account: AccountId) -> Self {
        Self { ledger, account }
    }

    /// See [`DevNodeBuilder::on_pay_order`](crate::DevNodeBuilder::on_pay_order).
    pub(crate) fn ordered(&self, text: &str) {
        self.ledger.ordered(self.account, text);
    }

    fn send(&self, request: &PayRequest, course: Course) -> PayOutcome {
        self.try_send(request, course).unwrap_or_else(PayOutcome::Failed)
    }

    fn try_send(&self, request: &PayRequest, course: Course) -> Result<PayOutcome, BackendErrorKind> {
        let facts: InvoiceFacts = request.bolt11.parse().map_err(|_| BackendErrorKind::InvalidInvoice)?;
        if facts.network != DevNode::NETWORK || facts.payment_hash != request.payment_hash {
            return Err(BackendErrorKind::InvalidInvoice);
        }
        self.ledger.pay(Order {
            from: self.account,
            bolt11: &request.bolt11,
            payment_hash: request.payment_hash,
            max_fee: request.max_fee,
            course,
        })
    }

    fn fail(&self, request: &PayRequest, kind: BackendErrorKind) -> PayOutcome {
        self.ledger.fail(self.account, request.payment_hash, kind);
        PayOutcome::Failed(kind)
    }

    /// The money moves at once, so that a payer who gives up has spent it; the answer takes `delay`, or says
    /// that the payment is pending when that is more than the request waits for.
    fn pay_slowly(
        &self,
        request: &PayRequest,
        delay: Duration,
    ) -> PortFuture<Result<PayOutcome, BackendError>> {
        let course = if delay <= request.timeout {
            Course::Settle
        } else {
            Course::Hang(Ending::Settle(self.ledger.now().saturating_add(delay)))
        };
        let outcome = self.send(request, course);
        after(delay.min(request.timeout), move || Ok(outcome))
    }
}

impl Wallet for DevWallet {
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>> {
        let later = |delay| self.ledger.now().saturating_add(delay);
        let outcome = match self.ledger.faults().payments().take(Some(request.payment_hash)) {
            None => self.send(&request, Course::Settle),
            Some(PaymentFault::Down) => {
                return PortFuture::ready(Err(backend_error(BackendErrorKind::Unavailable)));
            }
            Some(PaymentFault::RateLimited(retry_after)) => {
                return PortFuture::ready(Err(rate_limited(retry_after)));
            }
            Some(PaymentFault::Slow(delay)) => return self.pay_slowly(&request, delay),
            Some(PaymentFault::Fail(kind)) => self.fail(&request, kind),
            Some(PaymentFault::Stuck) => self.send(&request, Course::Hang(Ending::Never)),
            Some(PaymentFault::StuckThenSettle(delay)) => {
                self.send(&request, Course::Hang(Ending::Settle(later(delay))))
            }
            Some(PaymentFault::StuckThenFail(delay)) => {
                self.send(&request, Course::Hang(Ending::Fail(later(delay))))
            }
            Some(PaymentFault::WrongPreimage) => self.send(&request, Course::Show(other_preimage(&request))),
            Some(PaymentFault::ZeroPreimage) => {
                self.send(&request, Course::Show(Preimage::from_bytes([0; 32])))
            }
            Some(PaymentFault::PayTwice) => self.send(&request, Course::SettleTwice),
        };
        PortFuture::ready(Ok(outcome))
    }

    fn lookup(&self, payment_hash: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>> {
        let fault = self.ledger.faults().lookups().take(Some(payment_hash));
        let Self { ledger, account } = self.clone();
        let not_found = || backend_error(BackendErrorKind::NotFound);
        looked_up(fault, move || ledger.outcome(account, payment_hash).ok_or_else(not_found))
    }

    fn balance(&self) -> PortFuture<Result<Msat, BackendError>> {
        PortFuture::ready(Ok(self.ledger.account(self.account).balance))
    }

    fn network(&self) -> Network {
        DevNode::NETWORK
    }

    fn capabilities(&self) -> WalletCapabilities {
        WalletCapabilities::FULL
    }
}

impl fmt::Debug for DevWallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevWallet").field("account", &self.account).finish_non_exhaustive()
    }
}

/// 32 bytes that anybody can make, and that prove nothing.
fn other_preimage(request: &PayRequest) -> Preimage {
    Preimage::from_bytes(*request.payment_hash.as_bytes())
}
