//! [`L402ClientBuilder`]: the settings of a client, with their defaults and reasons.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use l402_core::ports::Wallet;
use l402_core::{Clock, Msat};

use crate::client::{L402Client, Settings};
use crate::transport::Transport;

/// Builds an [`L402Client`]. Everything has a default; the one to think about is
/// [`max_price`](L402ClientBuilder::max_price).
#[must_use]
pub struct L402ClientBuilder {
    wallet: Arc<dyn Wallet>,
    http: Option<reqwest::Client>,
    clock: Arc<dyn Clock>,
    max_price: Msat,
    max_fee: Option<Msat>,
    pay_timeout: Duration,
}

impl L402ClientBuilder {
    pub(crate) fn new(wallet: impl Wallet + 'static) -> Self {
        Self {
            wallet: Arc::new(wallet),
            http: None,
            clock: Arc::new(|| SystemTime::now().into()),
            max_price: Msat::from_sat(1_000),
            max_fee: None,
            pay_timeout: Duration::from_secs(60),
        }
    }

    /// Pays at most this much for one request, not counting the routing fee. Default: 1000 sat, enough for most
    /// paid APIs and bearable if lost. With [`Msat::ZERO`] the client never pays.
    pub const fn max_price(mut self, price: Msat) -> Self {
        self.max_price = price;
        self
    }

    /// Spends at most this much on the routing fee of one payment. Default: 1 % of its amount, but 10 sat at least,
    /// because nodes on the way ask for a base fee that a small amount is no measure of.
    ///
    /// The wallet enforces it. One without
    /// [`fee_limit`](l402_core::ports::WalletCapabilities::fee_limit) pays the fee it thinks right, whatever is
    /// set here.
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
        Ok(L402Client::new(Settings {
            transport,
            wallet: self.wallet,
            clock: self.clock,
            max_price: self.max_price,
            max_fee: self.max_fee,
            pay_timeout: self.pay_timeout,
        }))
    }
}

impl fmt::Debug for L402ClientBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("L402ClientBuilder").field("max_price", &self.max_price).finish_non_exhaustive()
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
