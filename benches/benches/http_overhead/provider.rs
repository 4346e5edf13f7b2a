//! [`Premade`]: a provider that costs next to nothing.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use l402_core::ports::{
    BackendError, BackendErrorKind, Invoice, InvoiceProvider, NewInvoice, PortFuture, ProviderCapabilities,
    Settlement,
};
use l402_core::{Clock, Msat, Network, PaymentHash, UnixTime};
use l402_dev::DevNode;

/// How long its invoices can be paid.
const EXPIRY: Duration = Duration::from_secs(600);
/// So many invoices a second: what nobody pays is forgotten as fast as new ones come, as in a server that has been up
/// for a while.
const A_SECOND: usize = 8;

/// More than the longest of its invoices, in bytes, and how many come from memory at once.
const FETCHED: usize = 320;
const LINE: usize = 64;

/// Invoices that were signed before, and are copied.
pub(crate) struct Premade {
    /// One after the other, so that the next one comes from memory as fast as from a socket.
    texts: String,
    /// Of each the payment hash, and where its text ends.
    invoices: Vec<(PaymentHash, usize)>,
    given: Arc<AtomicUsize>,
}

impl Premade {
    pub(crate) fn new(price: Msat, count: usize) -> Self {
        let given = Arc::default();
        let provider = DevNode::builder().clock(clock(&given)).build().unwrap().provider();
        let mut texts = String::new();
        let invoice = |_| {
            let wanted = NewInvoice::new(price, "one call".to_owned(), EXPIRY);
            let invoice = provider.create_invoice(wanted).into_ready().unwrap().unwrap();
            texts.push_str(&invoice.bolt11);
            given.fetch_add(1, Ordering::Relaxed);
            (invoice.payment_hash, texts.len())
        };
        let invoices = (0..count).map(invoice).collect();
        given.store(0, Ordering::Relaxed);
        Self { texts, invoices, given }
    }

    /// The time by which the invoices were made: that of the system, and one second more for every few invoices given out.
    pub(crate) fn clock(&self) -> impl Clock + use<> {
        clock(&self.given)
    }

    /// Has the processor bring the invoice that begins here, while it goes on: that of a node would have come just now.
    fn fetch(&self, start: usize) {
        for byte in self.texts.as_bytes()[start..].iter().take(FETCHED).step_by(LINE) {
            black_box(*byte);
        }
    }

    /// The text of one of its invoices.
    pub(crate) fn bolt11(&self) -> &str {
        &self.texts[..self.invoices[0].1]
    }
}

fn clock(given: &Arc<AtomicUsize>) -> impl Clock + use<> {
    let given = Arc::clone(given);
    move || {
        let seconds = given.load(Ordering::Relaxed) / A_SECOND;
        UnixTime::from(SystemTime::now()).saturating_add(Duration::from_secs(seconds as u64))
    }
}

impl InvoiceProvider for Premade {
    fn create_invoice(&self, _: NewInvoice) -> PortFuture<Result<Invoice, BackendError>> {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        let Some(&(payment_hash, end)) = self.invoices.get(number) else {
            let empty = BackendError::new("premade", BackendErrorKind::LimitExceeded);
            return PortFuture::ready(Err(empty));
        };
        let start = number.checked_sub(1).map_or(0, |before| self.invoices[before].1);
        let text = self.texts[start..end].to_owned();
        self.fetch(end);
        PortFuture::ready(Ok(Invoice::new(text, payment_hash, String::new())))
    }

    fn settlement(&self, _: String) -> PortFuture<Result<Settlement, BackendError>> {
        PortFuture::ready(Ok(Settlement::Open))
    }

    fn network(&self) -> Network {
        Network::Regtest
    }

    fn capabilities(&self) -> ProviderCapabilities {
        ProviderCapabilities::FULL
    }
}
