//! Paying, as far as it is the same with every backend: when to answer [`PayOutcome::Pending`], whose word to take, and
//! what proves a payment.

use std::fmt;
use std::time::Duration;

use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{BackendError, BackendErrorKind, PayOutcome, PayRequest, Payment};
use l402_core::{Msat, Network, PaymentHash, Preimage};
use l402_providers::http::CallError;

/// What differs between backends.
pub(crate) trait PaymentApi: Clone + Send + Sync + 'static {
    /// The short name in errors.
    const NAME: &'static str;

    /// The network it pays on.
    fn network(&self) -> Network;

    /// The pause before a second look.
    fn pause(&self) -> Duration;

    /// Asks once for a payment.
    fn send(&self, bill: &Bill) -> impl Future<Output = Result<Reply, CallError>> + Send;

    /// Asks what became of a payment.
    fn find(&self, hash: PaymentHash) -> impl Future<Output = Result<Reply, CallError>> + Send;

    /// Asks what can be spent.
    fn funds(&self) -> impl Future<Output = Result<Msat, CallError>> + Send;
}

/// What to pay. The invoice has been read: its hash, network and amount are what they should be.
#[derive(Debug)]
#[allow(dead_code, reason = "not every backend needs all of it")]
pub(crate) struct Bill {
    pub(crate) bolt11: String,
    pub(crate) facts: InvoiceFacts,
    pub(crate) max_fee: Msat,
    pub(crate) timeout: Duration,
}

/// What a backend says of a payment. Nothing of it is believed yet.
#[derive(Debug)]
#[allow(dead_code, reason = "not every backend gives all of them")]
pub(crate) enum Reply {
    Paid {
        preimage: Option<Preimage>,
        fee: Option<Msat>,
    },
    Pending,
    Failed(BackendErrorKind),
    NotFound,
    /// It may be under way, and nothing this backend says of a failure may be taken for its end.
    Unclear,
}

/// Implements the port for a backend whose network the user says, as [`port!`] does.
macro_rules! wallet {
    ($wallet:ident, |$this:ident| $capabilities:expr) => {
        impl $wallet {
            /// The network it pays on. Default: [`Network::Bitcoin`](l402_core::Network::Bitcoin).
            #[must_use]
            pub const fn with_network(mut self, network: l402_core::Network) -> Self {
                self.api.network = network;
                self
            }
        }

        $crate::driver::port!($wallet, |$this| $capabilities);
    };
    ($wallet:ident, $capabilities:expr) => {
        wallet!($wallet, |_wallet| $capabilities);
    };
}
pub(crate) use wallet;

/// Implements the port for a backend, on its [`PaymentApi`].
macro_rules! port {
    ($wallet:ident, |$this:ident| $capabilities:expr) => {
        impl l402_core::ports::Wallet for $wallet {
            fn pay(
                &self,
                request: l402_core::ports::PayRequest,
            ) -> l402_core::ports::PortFuture<
                Result<l402_core::ports::PayOutcome, l402_core::ports::BackendError>,
            > {
                l402_core::ports::PortFuture::new($crate::driver::pay(self.clone(), request))
            }

            fn lookup(
                &self,
                payment_hash: l402_core::PaymentHash,
            ) -> l402_core::ports::PortFuture<
                Result<l402_core::ports::PayOutcome, l402_core::ports::BackendError>,
            > {
                l402_core::ports::PortFuture::new($crate::driver::look_up(self.clone(), payment_hash))
            }

            fn balance(
                &self,
            ) -> l402_core::ports::PortFuture<Result<l402_core::Msat, l402_core::ports::BackendError>> {
                l402_core::ports::PortFuture::new($crate::driver::balance(self.clone()))
            }

            fn network(&self) -> l402_core::Network {
                $crate::driver::PaymentApi::network(self)
            }

            fn capabilities(&self) -> l402_core::ports::WalletCapabilities {
                let $this = self;
                $capabilities
            }
        }
    };
}
pub(crate) use port;

/// Pays once and waits for the end of it, at most as long as the request says.
pub(crate) async fn pay<A: PaymentApi>(api: A, request: PayRequest) -> Result<PayOutcome, BackendError> {
    let Some(facts) = payable(&request, api.network()) else {
        return Ok(PayOutcome::Failed(BackendErrorKind::InvalidInvoice));
    };
    let PayRequest { bolt11, payment_hash: hash, max_fee, timeout, .. } = request;
    let bill = Bill { bolt11, facts, max_fee, timeout };
    let paying = async {
        let failed = match api.send(&bill).await {
            Ok(Reply::Paid { preimage, fee }) => match proven(preimage, fee, hash) {
                Some(payment) => return Ok(PayOutcome::Paid(payment)),
                None => {
                    tracing::warn!(backend = A::NAME, "paid without proof: {Lied}");
                    Failure::MayBeOld
                }
            },
            Ok(Reply::Failed(BackendErrorKind::AlreadyPaid)) => return already_paid(&api, hash).await,
            Ok(Reply::Failed(kind)) => return Ok(PayOutcome::Failed(kind)),
            Ok(Reply::Pending) => Failure::IsOurs,
            Ok(Reply::Unclear | Reply::NotFound) => Failure::MayBeOld,
            Err(error) if !error.may_have_acted() => return refused(error),
            Err(error) => {
                tracing::warn!(backend = A::NAME, error = %error.kind(), "no answer to a payment");
                Failure::MayBeOld
            }
        };
        Ok(watch(&api, hash, failed).await)
    };
    tokio::time::timeout(timeout, paying).await.unwrap_or(Ok(PayOutcome::Pending))
}

pub(crate) async fn look_up<A: PaymentApi>(api: A, hash: PaymentHash) -> Result<PayOutcome, BackendError> {
    let error = |kind| BackendError::new(A::NAME, kind);
    match api.find(hash).await? {
        Reply::Paid { preimage, fee } => {
            let payment = proven(preimage, fee, hash);
            payment.map(PayOutcome::Paid).ok_or_else(|| error(BackendErrorKind::Protocol).with_source(Lied))
        }
        Reply::Pending | Reply::Unclear => Ok(PayOutcome::Pending),
        Reply::Failed(kind) => Ok(PayOutcome::Failed(kind)),
        Reply::NotFound => Err(error(BackendErrorKind::NotFound)),
    }
}

pub(crate) async fn balance<A: PaymentApi>(api: A) -> Result<Msat, BackendError> {
    Ok(api.funds().await?)
}

/// Whose failure a lookup may report.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Failure {
    /// The backend has said that it is paying.
    IsOurs,
    /// The backend has not answered: this payment may yet begin, and a failure may be that of an earlier one.
    MayBeOld,
}

/// Looks again and again until it is over. The caller sets the deadline.
async fn watch<A: PaymentApi>(api: &A, hash: PaymentHash, failure: Failure) -> PayOutcome {
    const LONGEST: u32 = 8;
    let mut factor = 1;
    loop {
        match api.find(hash).await {
            Ok(Reply::Paid { preimage, fee }) => {
                // Without proof now, without proof later.
                return proven(preimage, fee, hash).map_or(PayOutcome::Pending, PayOutcome::Paid);
            }
            Ok(Reply::Failed(kind)) if failure == Failure::IsOurs => return PayOutcome::Failed(kind),
            Err(error) if is_hopeless(error.kind()) => return PayOutcome::Pending,
            _ => tokio::time::sleep(api.pause() * factor).await,
        }
        factor = LONGEST.min(factor * 2);
    }
}

/// Whether looking again will not help, either.
const fn is_hopeless(kind: BackendErrorKind) -> bool {
    matches!(kind, BackendErrorKind::Auth | BackendErrorKind::Forbidden | BackendErrorKind::Unsupported)
}

/// Somebody paid it before. If it was this wallet, the proof is here.
async fn already_paid<A: PaymentApi>(api: &A, hash: PaymentHash) -> Result<PayOutcome, BackendError> {
    let found = match api.find(hash).await {
        Ok(Reply::Paid { preimage, fee }) => proven(preimage, fee, hash),
        _ => None,
    };
    Ok(found.map_or(PayOutcome::Failed(BackendErrorKind::AlreadyPaid), PayOutcome::Paid))
}

/// A call that did nothing. Callers take some errors for a payment that may be under way; those are said to be none.
fn refused(error: CallError) -> Result<PayOutcome, BackendError> {
    match error.kind() {
        kind @ (BackendErrorKind::Unavailable
        | BackendErrorKind::Timeout
        | BackendErrorKind::Protocol
        | BackendErrorKind::NotFound) => {
            tracing::warn!(backend = BackendError::from(error).backend(), error = %kind, "payment not sent");
            Ok(PayOutcome::Failed(kind))
        }
        _ => Err(error.into()),
    }
}

/// The payment, if this preimage proves it.
fn proven(preimage: Option<Preimage>, fee: Option<Msat>, hash: PaymentHash) -> Option<Payment> {
    let preimage = preimage.filter(|preimage| preimage.payment_hash() == hash)?;
    Some(Payment::new(preimage, fee))
}

/// What the invoice says, if it is the one that the caller means, for this network, and with an amount.
fn payable(request: &PayRequest, network: Network) -> Option<InvoiceFacts> {
    let facts: InvoiceFacts = request.bolt11.parse().ok()?;
    let is_meant = facts.payment_hash == request.payment_hash && facts.network == network;
    (is_meant && facts.amount.is_some_and(|amount| !amount.is_zero())).then_some(facts)
}

/// The wallet says that it paid, and has nothing to show for it.
#[derive(Clone, Copy, Debug)]
struct Lied;

impl fmt::Display for Lied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the wallet says that it paid, but gives no preimage that hashes to the payment hash")
    }
}

impl std::error::Error for Lied {}
