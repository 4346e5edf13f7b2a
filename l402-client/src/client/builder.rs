//! [`L402ClientBuilder`]: the settings of a client, with their defaults and reasons.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, SystemTime};

use l402_core::ports::Wallet;
use l402_core::{Clock, Limits, Msat};

use super::L402Client;
use super::transport::Transport;
use crate::approval::Approver;
use crate::budget::Budget;
use crate::engine::Engine;
use crate::store::{MemoryStore, Store};
use crate::token::TokenCache;

/// Builds an [`L402Client`]. Everything has a default; the ones to think about are
/// [`budget`](L402ClientBuilder::budget) and [`store`](L402ClientBuilder::store).
#[must_use]
pub struct L402ClientBuilder {
    wallet: Arc<dyn Wallet>,
    http: Option<reqwest::Client>,
    clock: Arc<dyn Clock>,
    store: Option<Arc<dyn Store>>,
    budget: Budget,
    hosts: Option<Vec<String>>,
    approver: Option<Arc<dyn Approver>>,
    max_fee: Option<Msat>,
    pay_timeout: Duration,
}

impl L402ClientBuilder {
    pub(crate) fn new(wallet: impl Wallet + 'static) -> Self {
        Self {
            wallet: Arc::new(wallet),
            http: None,
            clock: Arc::new(|| SystemTime::now().into()),
            store: None,
            budget: Budget::default(),
            hosts: None,
            approver: None,
            max_fee: None,
            pay_timeout: Duration::from_secs(60),
        }
    }

    /// How much may be spent. Default: [`Budget::default`], with caps of 1 000 sat per request, 10 000 per hour and
    /// 50 000 per day.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = budget;
        self
    }

    /// Where payments are remembered. Default: in memory, which forgets budgets and tokens when the program ends.
    pub fn store(mut self, store: impl Store + 'static) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Pays these hosts only, named without scheme and port, such as `api.example.com`. Default: any.
    pub fn allow_hosts<H: AsRef<str>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        let hosts = hosts.into_iter().map(|host| host.as_ref().to_ascii_lowercase());
        self.hosts = Some(hosts.collect());
        self
    }

    /// Asks before each payment. Default: nobody.
    pub fn approve(mut self, approver: impl Approver + 'static) -> Self {
        self.approver = Some(Arc::new(approver));
        self
    }

    /// Spends at most this much on the routing fee of one payment. Default: 1 % of its amount, but 10 sat at least,
    /// because nodes on the way ask for a base fee that a small amount is no measure of.
    ///
    /// It is lowered to what the cap on a request leaves beside the price. The wallet enforces it; one without
    /// [`fee_limit`](l402_core::ports::WalletCapabilities::fee_limit) pays the fee it thinks right, whatever is
    /// set here, and what it paid counts.
    pub const fn max_fee(mut self, fee: Msat) -> Self {
        self.max_fee = Some(fee);
        self
    }

    /// How long the wallet may try to pay. Default: one minute. A payment that is not over by then has an unknown
    /// outcome ([`ClientError::PaymentPending`](crate::ClientError::PaymentPending)), so a short time costs more
    /// than patience.
    pub const fn pay_timeout(mut self, timeout: Duration) -> Self {
        self.pay_timeout = timeout;
        self
    }

    /// Takes the time from this clock. Default: the system's.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Sends requests with this client, for proxies, certificates, timeouts and the like. Default: one that
    /// follows redirects within their origin only, waits ten seconds for a connection, and uses the proxies that the
    /// environment names for other machines, but not for this one.
    ///
    /// # Security
    /// Nothing is paid where a redirect has led to another origin, whatever this client follows. It is better not
    /// to follow such redirects at all: reqwest drops the proof of payment on them, so a detour through another
    /// origin costs money for nothing.
    ///
    /// An `Authorization` among its default headers goes out with the first request, and gives way to the proof of
    /// payment in the second.
    pub fn http_client(mut self, client: reqwest::Client) -> Self {
        self.http = Some(client);
        self
    }

    /// Builds the client.
    ///
    /// # Errors
    /// [`BuildError`] says what cannot work.
    pub fn build(self) -> Result<L402Client, BuildError> {
        if !self.wallet.capabilities().preimage_on_pay {
            return Err(BuildError::NoPreimages);
        }
        if self.pay_timeout.is_zero() {
            return Err(BuildError::ZeroPayTimeout);
        }
        let transport = match self.http {
            Some(client) => Transport::from_client(client),
            None => Transport::new().map_err(BuildError::HttpClient)?,
        };
        let engine = Engine {
            wallet: self.wallet,
            store: self.store.unwrap_or_else(|| Arc::new(MemoryStore::new())),
            clock: self.clock,
            budget: Arc::new(self.budget),
            hosts: self.hosts,
            approver: self.approver,
            max_fee: self.max_fee,
            pay_timeout: self.pay_timeout,
            limits: Limits::default(),
            tokens: TokenCache::default(),
            are_tokens_loaded: AtomicBool::new(false),
        };
        Ok(L402Client::new(engine, transport))
    }
}

impl fmt::Debug for L402ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("L402ClientBuilder").field("budget", &self.budget).finish_non_exhaustive()
    }
}

/// Why a client cannot be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The wallet returns no preimages, which are what is bought.
    #[error("the wallet pays without returning the preimage, and only the preimage opens a paid API")]
    NoPreimages,
    /// A payment needs some time.
    #[error("the pay timeout is zero, so every payment would have an unknown outcome")]
    ZeroPayTimeout,
    /// reqwest cannot start, mostly for want of root certificates.
    #[error("the HTTP client cannot be built")]
    HttpClient(#[source] reqwest::Error),
}
