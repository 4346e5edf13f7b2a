//! [`DevProvider`]: the payee's side of a node.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

#[cfg(feature = "facades")]
use l402_core::Msat;
use l402_core::ports::{
    BackendError, BackendErrorKind, Invoice, InvoiceProvider, NewInvoice, PortFuture, ProviderCapabilities,
    Settlement,
};
use l402_core::{Network, PaymentHash, UnixTime};
use lightning_invoice::Currency;

use crate::error::backend_error;
use crate::fault::{InvoiceFault, LookupFault};
use crate::ledger::{AccountId, Ledger};
use crate::node::DevNode;
use crate::signer::Draft;

/// Creates the invoices of a [`DevNode`] for one of its accounts. Clones share both.
///
/// A lookup id is the payment hash in lower-case hex. Descriptions above the 639 bytes that an invoice can hold
/// are cut at a character. An amount of zero, or one that an invoice cannot express, is refused with
/// [`BackendErrorKind::InvalidInvoice`]. Every answer is ready at once, unless a
/// [`fault`](crate::fault) makes it slow.
#[derive(Clone)]
pub struct DevProvider {
    ledger: Arc<Ledger>,
    account: AccountId,
}

impl DevProvider {
    pub(crate) const fn new(ledger: Arc<Ledger>, account: AccountId) -> Self {
        Self { ledger, account }
    }

    /// Like [`InvoiceProvider::create_invoice`], with the hash of a description instead of one.
    #[cfg(feature = "facades")]
    pub(crate) fn create_with_description_hash(
        &self,
        amount: Msat,
        hash: [u8; 32],
        expires_in: Duration,
    ) -> PortFuture<Result<Invoice, BackendError>> {
        let mut draft = self.ledger.draft(NewInvoice::new(amount, String::new(), expires_in));
        draft.description_hash = Some(hash);
        self.create_from(draft)
    }

    fn create_from(&self, draft: Draft) -> PortFuture<Result<Invoice, BackendError>> {
        let fault = self.ledger.faults().invoices().take(None);
        let Some(InvoiceFault::Slow(delay)) = fault else {
            return PortFuture::ready(self.create(draft, fault));
        };
        let provider = self.clone();
        after(delay, move || provider.create(draft, None))
    }

    fn create(&self, mut draft: Draft, fault: Option<InvoiceFault>) -> Result<Invoice, BackendError> {
        match fault {
            Some(InvoiceFault::Down) => return Err(backend_error(BackendErrorKind::Unavailable)),
            Some(InvoiceFault::RateLimited(retry_after)) => return Err(rate_limited(retry_after)),
            Some(InvoiceFault::WrongAmount) => {
                let twice = draft.amount.checked_mul(2);
                draft.amount = twice.ok_or_else(|| backend_error(BackendErrorKind::InvalidInvoice))?;
            }
            Some(InvoiceFault::WrongNetwork) => draft.currency = Currency::Bitcoin,
            Some(InvoiceFault::Expired) => {
                let age = draft.expires_in.as_secs().saturating_add(1);
                draft.created_at = UnixTime::from_secs(draft.created_at.as_secs().saturating_sub(age));
            }
            Some(InvoiceFault::WrongHash | InvoiceFault::Slow(_)) | None => {}
        }
        let mut invoice = self.ledger.issue(self.account, draft)?;
        if fault == Some(InvoiceFault::WrongHash) {
            invoice.payment_hash = other_hash(invoice.payment_hash);
        }
        Ok(invoice)
    }

    fn look_up(&self, lookup_id: &str) -> Settlement {
        lookup_id.parse().map_or(Settlement::NotFound, |hash| self.ledger.settlement(hash))
    }
}

impl InvoiceProvider for DevProvider {
    fn create_invoice(&self, request: NewInvoice) -> PortFuture<Result<Invoice, BackendError>> {
        self.create_from(self.ledger.draft(request))
    }

    fn settlement(&self, lookup_id: String) -> PortFuture<Result<Settlement, BackendError>> {
        let provider = self.clone();
        let fault = self.ledger.faults().lookups().take(lookup_id.parse().ok());
        looked_up(fault, move || Ok(provider.look_up(&lookup_id)))
    }

    fn network(&self) -> Network {
        DevNode::NETWORK
    }

    fn capabilities(&self) -> ProviderCapabilities {
        ProviderCapabilities::FULL
    }
}

impl fmt::Debug for DevProvider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevProvider").field("account", &self.account).finish_non_exhaustive()
    }
}

/// The answer to a lookup, with its fault.
pub(crate) fn looked_up<T: Send + 'static>(
    fault: Option<LookupFault>,
    answer: impl FnOnce() -> Result<T, BackendError> + Send + 'static,
) -> PortFuture<Result<T, BackendError>> {
    match fault {
        None => PortFuture::ready(answer()),
        Some(LookupFault::Down) => PortFuture::ready(Err(backend_error(BackendErrorKind::Unavailable))),
        Some(LookupFault::RateLimited(retry_after)) => PortFuture::ready(Err(rate_limited(retry_after))),
        Some(LookupFault::Slow(delay)) => after(delay, answer),
    }
}

/// The answer of the moment when `delay` is over.
pub(crate) fn after<T: Send + 'static>(
    delay: Duration,
    answer: impl FnOnce() -> T + Send + 'static,
) -> PortFuture<T> {
    PortFuture::new(async move {
        tokio::time::sleep(delay).await;
        answer()
    })
}

pub(crate) fn rate_limited(retry_after: Option<Duration>) -> BackendError {
    backend_error(BackendErrorKind::RateLimited { retry_after })
}

fn other_hash(hash: PaymentHash) -> PaymentHash {
    let mut bytes = *hash.as_bytes();
    bytes[0] ^= 1;
    PaymentHash::from_bytes(bytes)
}
