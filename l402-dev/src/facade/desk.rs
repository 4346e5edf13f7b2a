//! What all facades do with an account, in the node's own words.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{
    BackendErrorKind, Invoice, InvoiceProvider, NewInvoice, PayOutcome, PayRequest, Settlement, Wallet,
};
use l402_core::{Msat, PaymentHash, Preimage};
use tokio::sync::watch;

use crate::account::DevAccount;
use crate::ledger::{InvoiceRecord, Ledger};
use crate::node::DevNode;

/// Whoever asks, as their key says.
pub(super) struct Caller {
    pub(super) account: DevAccount,
    pub(super) may_spend: bool,
}

impl Caller {
    pub(super) fn find(node: &DevNode, key: &str) -> Option<Self> {
        let (account, may_spend) = node.account_by_key(key)?;
        Some(Self { account, may_spend })
    }
}

/// The text of a header, if there is one and it is text.
pub(super) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A payment as its payer sees it.
pub(super) struct Sent {
    pub(super) invoice: InvoiceRecord,
    pub(super) outcome: PayOutcome,
}

impl DevAccount {
    pub(super) async fn sell(&self, order: NewInvoice) -> Result<Invoice, BackendErrorKind> {
        self.provider().create_invoice(order).await.map_err(|error| error.kind())
    }

    /// An invoice of this account, and its preimage, which a payee knows from the beginning.
    pub(super) async fn received(
        &self,
        hash: PaymentHash,
    ) -> Result<Option<(InvoiceRecord, Preimage)>, BackendErrorKind> {
        // For its faults: the ledger says more than the port.
        let settlement = self.provider().settlement(hash.to_string()).await;
        match settlement.map_err(|error| error.kind())? {
            Settlement::NotFound => Ok(None),
            _ => Ok(self.ledger().received(self.id(), hash)),
        }
    }

    pub(super) async fn buy(
        &self,
        bolt11: &str,
        max_fee: Msat,
        timeout: Duration,
    ) -> Result<(InvoiceFacts, PayOutcome), BackendErrorKind> {
        self.ledger().ordered(self.id(), bolt11);
        let facts: InvoiceFacts = bolt11.trim().parse().map_err(|_| BackendErrorKind::InvalidInvoice)?;
        // The node itself would tell the same outcome again; the originals do not.
        match self.ledger().outcome(self.id(), facts.payment_hash) {
            Some(PayOutcome::Paid(_)) => return Err(BackendErrorKind::AlreadyPaid),
            Some(PayOutcome::Pending) => return Err(BackendErrorKind::InFlight),
            _ => {}
        }
        let request = PayRequest::new(bolt11.trim().to_owned(), facts.payment_hash, max_fee, timeout);
        let outcome = self.wallet().pay(request).await.map_err(|error| error.kind())?;
        Ok((facts, outcome))
    }

    /// Waits for the end of a payment in flight, but no longer than `limit`.
    pub(super) async fn ended(&self, hash: PaymentHash, limit: Duration) -> PayOutcome {
        let mut watch = Watch::new(self.ledger());
        let ended = async {
            loop {
                match self.ledger().outcome(self.id(), hash) {
                    Some(PayOutcome::Pending) | None => watch.changed().await,
                    Some(outcome) => return outcome,
                }
            }
        };
        tokio::time::timeout(limit, ended).await.unwrap_or(PayOutcome::Pending)
    }

    /// A payment from this account; `None` when there never was one.
    pub(super) async fn sent(&self, hash: PaymentHash) -> Result<Option<Sent>, BackendErrorKind> {
        let outcome = match self.wallet().lookup(hash).await {
            Ok(outcome) => outcome,
            Err(error) if error.kind() == BackendErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.kind()),
        };
        Ok(self.ledger().invoice(hash).map(|invoice| Sent { invoice, outcome }))
    }
}

/// Waits for changes of the ledger.
pub(super) struct Watch(watch::Receiver<u64>);

impl Watch {
    pub(super) fn new(ledger: &Ledger) -> Self {
        Self(ledger.watch())
    }

    /// Resolves after the next change, or when it is time to look whether the clock has changed something.
    pub(super) async fn changed(&mut self) {
        const LOOK_AGAIN: Duration = Duration::from_millis(250);
        // Both ends mean: look again.
        let _ = tokio::time::timeout(LOOK_AGAIN, self.0.changed()).await;
    }
}

/// The answer of a server that is away or overrun, which is the same whatever runs behind it.
pub(super) fn outage(kind: BackendErrorKind) -> Option<Response> {
    match kind {
        BackendErrorKind::Unavailable => {
            Some((StatusCode::SERVICE_UNAVAILABLE, "the node is down").into_response())
        }
        BackendErrorKind::RateLimited { retry_after } => {
            let mut response = (StatusCode::TOO_MANY_REQUESTS, "too many requests").into_response();
            if let Some(after) = retry_after {
                response.headers_mut().insert(header::RETRY_AFTER, after.as_secs().into());
            }
            Some(response)
        }
        _ => None,
    }
}
