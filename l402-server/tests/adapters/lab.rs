//! A shop whose every part a test can break, and a buyer.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use l402_core::header::ChallengeRef;
use l402_core::ports::{
    BackendError, BackendErrorKind, Claim, Claimed, Invoice, InvoiceProvider, NewInvoice, PayOutcome,
    PayRequest, PortFuture, ProviderCapabilities, ReplayStore, Settlement, StoreError, Wallet,
};
use l402_core::{Limits, ManualClock, Msat, Network, Preimage, UnixTime};
use l402_dev::{DevNode, DevProvider};
use l402_server::keys::{RevocationList, RotatingKeys};
use l402_server::stores::MemoryReplayStore;
use l402_server::{Gate, GateBuilder};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::secrecy;
use crate::token::Token;
use crate::wire::{Answer, PATIENCE};

pub(crate) const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);
pub(crate) const PRICE: Msat = Msat::from_sat(10);

#[derive(Clone)]
pub(crate) struct Lab {
    pub(crate) node: DevNode,
    pub(crate) clock: ManualClock,
    pub(crate) provider: Provider,
    pub(crate) store: Store,
    pub(crate) keys: RotatingKeys,
    pub(crate) revoked: RevocationList,
}

impl Lab {
    pub(crate) fn new() -> Self {
        Self::over(Arc::new(MemoryReplayStore::default()))
    }

    /// Counts uses in `store`.
    pub(crate) fn over(store: Arc<dyn ReplayStore>) -> Self {
        let clock = ManualClock::at(NOW);
        let node = DevNode::builder().seed([1; 32]).clock(clock.clone()).build().unwrap();
        Self {
            provider: Provider { inner: node.provider(), fault: Arc::default(), calls: Arc::default() },
            node,
            clock,
            store: Store { inner: store, fault: Arc::default(), unheard: Arc::default() },
            keys: RotatingKeys::new(secrecy::master_key()),
            revoked: RevocationList::default(),
        }
    }

    pub(crate) fn builder(&self) -> GateBuilder {
        Gate::builder(self.provider.clone())
            .root_keys(self.keys.clone())
            .revocations(self.revoked.clone())
            .store(self.store.clone())
            .store_timeout(PATIENCE)
            .clock(self.clock.clone())
            .price(PRICE)
    }

    pub(crate) fn invoices(&self) -> usize {
        self.node.invoices().len()
    }

    /// Pays a challenge.
    pub(crate) async fn pay(&self, challenge: &Answer) -> Token {
        let header = challenge.values("www-authenticate").last().expect("no challenge").to_owned();
        let offer = ChallengeRef::parse_all(header.as_bytes(), &Limits::default()).next().unwrap().unwrap();
        let facts: l402_core::bolt11::InvoiceFacts = offer.invoice.parse().unwrap();
        let (invoice, hash) = (offer.invoice.to_owned(), facts.payment_hash);
        let request = PayRequest::new(invoice, hash, Msat::ZERO, Duration::from_secs(1));
        let PayOutcome::Paid(payment) = self.node.wallet().pay(request).await.unwrap() else {
            panic!("the invoice cannot be paid")
        };
        Token::new(offer.macaroon, &payment.preimage)
    }
}

/// What the provider does instead of its work.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ProviderFault {
    Down,
    Busy,
    OtherAmount,
    OtherHash,
    NoInvoice,
}

#[derive(Clone)]
pub(crate) struct Provider {
    inner: DevProvider,
    fault: Arc<Mutex<Option<ProviderFault>>>,
    calls: Arc<AtomicUsize>,
}

impl Provider {
    pub(crate) fn breaks(&self, fault: impl Into<Option<ProviderFault>>) {
        *self.fault.lock().unwrap() = fault.into();
    }

    pub(crate) fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl InvoiceProvider for Provider {
    fn create_invoice(&self, mut request: NewInvoice) -> PortFuture<Result<Invoice, BackendError>> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        let fails = |kind| PortFuture::ready(Err(BackendError::new("lab", kind)));
        let fault = *self.fault.lock().unwrap();
        let edit: fn(&mut Invoice) = match fault {
            Some(ProviderFault::Down) => return fails(BackendErrorKind::Unavailable),
            Some(ProviderFault::Busy) => {
                return fails(BackendErrorKind::RateLimited { retry_after: Some(Duration::from_secs(7)) });
            }
            Some(ProviderFault::OtherAmount) => {
                request.amount = Msat::from_sat(11);
                |_| {}
            }
            Some(ProviderFault::OtherHash) => |invoice| {
                invoice.payment_hash = Preimage::from_bytes([3; 32]).payment_hash();
            },
            Some(ProviderFault::NoInvoice) => |invoice| invoice.bolt11 = "lnbcrt1\r\nset-cookie: a=b".into(),
            None => |_| {},
        };
        self.inner.create_invoice(request).then(move |made| {
            PortFuture::ready(made.map(|mut invoice| {
                edit(&mut invoice);
                invoice
            }))
        })
    }

    fn settlement(&self, lookup_id: String) -> PortFuture<Result<Settlement, BackendError>> {
        match *self.fault.lock().unwrap() {
            Some(_) => PortFuture::ready(Err(BackendError::new("lab", BackendErrorKind::Unavailable))),
            None => self.inner.settlement(lookup_id),
        }
    }

    fn network(&self) -> Network {
        self.inner.network()
    }

    fn capabilities(&self) -> ProviderCapabilities {
        self.inner.capabilities()
    }
}

/// What the store does instead of its work.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StoreFault {
    Down,
    Full,
    /// Lets in, and cannot charge.
    CommitFails,
    /// Lets in, and says that the lease is over.
    LeaseLost,
    /// Lets in, and charges, but the answer is for ever on its way.
    CommitUnheard,
}

#[derive(Clone)]
pub(crate) struct Store {
    inner: Arc<dyn ReplayStore>,
    fault: Arc<Mutex<Option<StoreFault>>>,
    unheard: Arc<Unheard>,
}

/// How it stands with a commit whose answer is for ever on its way.
#[derive(Default)]
struct Unheard {
    made: Notify,
    abandoned: Notify,
    is_heard: AtomicBool,
}

impl Drop for Abandoned {
    fn drop(&mut self) {
        self.0.abandoned.notify_one();
    }
}

struct Abandoned(Arc<Unheard>);

impl Store {
    pub(crate) fn breaks(&self, fault: impl Into<Option<StoreFault>>) {
        *self.fault.lock().unwrap() = fault.into();
    }

    fn fault(&self) -> Option<StoreFault> {
        *self.fault.lock().unwrap()
    }

    /// Waits until a commit is made; returns whether its answer is on its way for ever. If not, the store was so fast that it
    /// answered at once.
    pub(crate) async fn charged_unheard(&self) -> bool {
        timeout(PATIENCE, self.unheard.made.notified()).await.expect("nothing is charged");
        !self.unheard.is_heard.swap(false, Ordering::SeqCst)
    }

    /// Waits until nobody waits for it any more.
    pub(crate) async fn abandoned(&self) {
        timeout(PATIENCE, self.unheard.abandoned.notified()).await.expect("nobody leaves");
    }

    async fn commit_unheard(self, claim: Claim) -> Result<bool, StoreError> {
        let _abandoned = Abandoned(self.unheard.clone());
        let mut commit = self.inner.commit(claim);
        let begun = poll_fn(|context| Poll::Ready(Pin::new(&mut commit).poll(context))).await;
        if let Poll::Ready(answer) = begun {
            self.unheard.is_heard.store(true, Ordering::SeqCst);
            self.unheard.made.notify_one();
            return answer;
        }
        // Whatever answers one request after the other has come to the commit then.
        let mut nothing = claim;
        nothing.payment_hash = Preimage::from_bytes([0; 32]).payment_hash();
        self.inner.release(nothing).await?;
        self.unheard.made.notify_one();
        std::future::pending().await
    }
}

fn down<T>() -> PortFuture<Result<T, StoreError>> {
    PortFuture::ready(Err(StoreError::unavailable("lab", "it is down, as it should be")))
}

impl ReplayStore for Store {
    fn claim(&self, claim: Claim) -> PortFuture<Result<Claimed, StoreError>> {
        match self.fault() {
            Some(StoreFault::Down) => down(),
            Some(StoreFault::Full) => PortFuture::ready(Err(StoreError::full("lab"))),
            _ => self.inner.claim(claim),
        }
    }

    fn commit(&self, claim: Claim) -> PortFuture<Result<bool, StoreError>> {
        match self.fault() {
            Some(StoreFault::Down | StoreFault::CommitFails) => down(),
            Some(StoreFault::LeaseLost) => PortFuture::ready(Ok(false)),
            Some(StoreFault::CommitUnheard) => PortFuture::new(self.clone().commit_unheard(claim)),
            _ => self.inner.commit(claim),
        }
    }

    fn release(&self, claim: Claim) -> PortFuture<Result<(), StoreError>> {
        match self.fault() {
            Some(StoreFault::Down) => down(),
            _ => self.inner.release(claim),
        }
    }
}
