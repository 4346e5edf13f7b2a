//! [`DevWallet`]: the payer's side of a node.

use std::fmt;
use std::sync::Arc;

use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{
    BackendError, BackendErrorKind, PayOutcome, PayRequest, Payment, PortFuture, Wallet, WalletCapabilities,
};
use l402_core::{Msat, Network, PaymentHash};

use crate::error::backend_error;
use crate::ledger::{AccountId, Ledger};
use crate::node::DevNode;

/// Pays the invoices of the [`DevNode`] it comes from. Clones share the account.
///
/// A payment debits the account by the amount of the invoice; there are no fees. It fails, with nothing spent,
/// as
/// - [`BackendErrorKind::InvalidInvoice`] when the text is not BOLT11, not for regtest, or has another payment
///   hash than the request says;
/// - [`BackendErrorKind::NoRoute`] for an invoice that is not this node's;
/// - [`BackendErrorKind::AlreadyPaid`] when another wallet has paid it. For the wallet that did, paying again
///   gives the same answer again and costs nothing;
/// - [`BackendErrorKind::Expired`] from [`expires_at`](crate::InvoiceRecord::expires_at) on, by the node's clock;
/// - [`BackendErrorKind::InsufficientBalance`].
///
/// [`Wallet::lookup`] knows the payments of this account only. Every answer is ready at once.
#[derive(Clone)]
pub struct DevWallet {
    ledger: Arc<Ledger>,
    account: AccountId,
}

impl DevWallet {
    pub(crate) const fn new(ledger: Arc<Ledger>, account: AccountId) -> Self {
        Self { ledger, account }
    }

    fn try_pay(&self, request: &PayRequest) -> Result<Payment, BackendErrorKind> {
        let facts: InvoiceFacts = request.bolt11.parse().map_err(|_| BackendErrorKind::InvalidInvoice)?;
        if facts.network != DevNode::NETWORK || facts.payment_hash != request.payment_hash {
            return Err(BackendErrorKind::InvalidInvoice);
        }
        self.ledger.pay(self.account, &request.bolt11, facts.payment_hash)
    }
}

impl Wallet for DevWallet {
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>> {
        PortFuture::ready(Ok(self.try_pay(&request).map_or_else(PayOutcome::Failed, PayOutcome::Paid)))
    }

    fn lookup(&self, payment_hash: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>> {
        let payment = self.ledger.payment(self.account, payment_hash);
        let not_found = || backend_error(BackendErrorKind::NotFound);
        PortFuture::ready(payment.map(PayOutcome::Paid).ok_or_else(not_found))
    }

    fn balance(&self) -> PortFuture<Result<Msat, BackendError>> {
        PortFuture::ready(Ok(self.ledger.balance(self.account)))
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
