//! [`L402Client`]: reqwest with a wallet.

mod builder;
mod exchange;
mod request;
mod transport;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use l402_core::ports::{StoreError, Wallet};
use l402_core::{Msat, PaymentHash};
use reqwest::header::{AUTHORIZATION, HeaderValue};
use reqwest::{IntoUrl, Method, Request, Response};
use url::Url;

use crate::budget::Usage;
use crate::decision::{Answer, Asked, Decision, Offer, Terms, decide};
use crate::engine::{Engine, PaidInvoice, Resumed, SettleError, Settlement};
use crate::error::ClientError;
use crate::receipt::Receipt;
use crate::store::{Record, Store, Wanted};
use crate::token::Target;
pub use builder::{BuildError, L402ClientBuilder};
#[cfg(feature = "tower")]
pub(crate) use exchange::BODY_TIMEOUT;
pub(crate) use exchange::ReqwestExchange;
#[cfg(feature = "reqwest-middleware")]
pub(crate) use exchange::Sender;
use exchange::{head_of, read_body};
pub use request::RequestBuilder;
use transport::Transport;

/// An HTTP client with a wallet. Clones share both; keep one for the whole program.
///
/// ```no_run
/// use l402_client::{Budget, ClientError, Denial, L402Client};
/// use l402_core::Msat;
/// use l402_core::ports::Wallet;
///
/// async fn report(wallet: impl Wallet + 'static) -> Result<String, Box<dyn std::error::Error>> {
///     let budget = Budget::default().per_request(Msat::from_sat(100));
///     let client = L402Client::builder(wallet).budget(budget).build()?;
///     match client.get("https://api.example.com/report").send().await {
///         Ok(response) => Ok(response.error_for_status()?.text().await?),
///         Err(ClientError::Denied(Denial::OverCap { asked, .. })) => Ok(format!("not worth {asked}")),
///         Err(error) => Err(error.into()),
///     }
/// }
/// ```
#[derive(Clone)]
pub struct L402Client {
    engine: Arc<Engine>,
    transport: Arc<Transport>,
}

impl L402Client {
    /// Prepares a client that pays from `wallet`.
    pub fn builder(wallet: impl Wallet + 'static) -> L402ClientBuilder {
        L402ClientBuilder::new(wallet)
    }

    fn new(engine: Engine, transport: Transport) -> Self {
        Self { engine: Arc::new(engine), transport: Arc::new(transport) }
    }

    #[cfg(any(feature = "reqwest-middleware", feature = "tower"))]
    pub(crate) const fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Prepares a `GET` request.
    pub fn get(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::GET, url)
    }

    /// Prepares a `POST` request.
    pub fn post(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::POST, url)
    }

    /// Prepares a `PUT` request.
    pub fn put(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PUT, url)
    }

    /// Prepares a `PATCH` request.
    pub fn patch(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::PATCH, url)
    }

    /// Prepares a `DELETE` request.
    pub fn delete(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::DELETE, url)
    }

    /// Prepares a `HEAD` request.
    pub fn head(&self, url: impl IntoUrl) -> RequestBuilder {
        self.request(Method::HEAD, url)
    }

    /// Prepares a request with any method. A URL that is none comes out as an error of
    /// [`RequestBuilder::send`].
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder::new(self.clone(), self.transport.client().request(method, url))
    }

    /// Sends a request, with a token at hand if there is one; if the answer is a bill within the terms, pays it and
    /// sends the request once more.
    ///
    /// The response is the server's last answer, whatever its status. If it was paid for it carries a
    /// [`Receipt`], also when the server delivers an error for the money. Where a redirect within the
    /// origin led to the bill, both requests take it.
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::spent`] says whether money was spent.
    ///
    /// # Cancellation
    /// When the future is dropped while the wallet pays, the journal remembers the payment, and
    /// [`L402Client::resume`] or the next call of the same request finds out what became of it. A timeout belongs on
    /// the request ([`RequestBuilder::timeout`]), where it counts each time it is sent and not for the payment.
    pub async fn execute(&self, request: Request) -> Result<Response, ClientError> {
        self.clone().execute_up_to(request, None).await
    }

    /// In a box: whatever waits for it holds and moves a pointer, and not all that is needed to send a request twice.
    fn execute_up_to(
        self,
        request: Request,
        max_cost: Option<Msat>,
    ) -> Pin<Box<impl Future<Output = Result<Response, ClientError>> + Send + use<>>> {
        let Self { engine, transport } = self;
        let mut exchange = ReqwestExchange::new(transport, request);
        Box::pin(async move { exchange.run(&engine, max_cost).await })
    }

    /// Asks what a request costs, and pays nothing.
    ///
    /// The request is sent once, without a token; a server that charges for it answers with an offer. Most servers
    /// make an invoice for that, so ask sparingly.
    ///
    /// # Errors
    /// [`ClientError`], for an offer that this client would not pay, too. Nothing is ever spent.
    pub async fn quote(&self, request: Request) -> Result<Quote, ClientError> {
        let (url, is_authorized) = (request.url().clone(), request.headers().contains_key(AUTHORIZATION));
        let mut response = self.transport.execute(request).await.map_err(ClientError::http)?;
        let mut body: Option<Vec<u8>> = None;
        loop {
            let answer = Answer { body: body.as_deref(), ..head_of(&response).into() };
            let terms = Terms {
                network: self.engine.wallet.network(),
                budget: &self.engine.budget,
                hosts: self.engine.hosts.as_deref(),
                limits: self.engine.limits,
            };
            match decide(Asked::new(&url, is_authorized), answer, &terms, self.engine.now()) {
                Decision::Deliver => return Ok(Quote::Free(response)),
                Decision::Pay(offer) => return Ok(Quote::Offer(offer)),
                Decision::GiveUp(error) => return Err(error),
                Decision::ReadBody(limit) => {
                    body = Some(read_body(&mut response, limit).await.map_err(ClientError::http)?);
                }
            }
        }
    }

    /// Pays an invoice that comes with no token, within the same budget and journal, and at most `max_cost`, fee
    /// included.
    ///
    /// One that was paid before, by this client or another on the same store, is not paid again: the proof is in the
    /// journal. The list of hosts says nothing about invoices; the caps for each host count them as of a host without a
    /// name.
    ///
    /// ```
    /// # use l402_client::L402Client;
    /// # use l402_core::Msat;
    /// # use l402_core::ports::{InvoiceProvider, NewInvoice};
    /// # use l402_dev::DevNode;
    /// # use std::time::Duration;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let node = DevNode::new()?;
    /// # let order = NewInvoice::new(Msat::from_sat(10), String::new(), Duration::from_secs(600));
    /// # let invoice = node.provider().create_invoice(order).await?;
    /// let client = L402Client::builder(node.wallet()).build()?;
    /// let paid = client.pay_invoice(&invoice.bolt11, Some(Msat::from_sat(50))).await?;
    /// assert_eq!(paid.preimage.payment_hash(), invoice.payment_hash);
    /// assert!(client.pay_invoice(&invoice.bolt11, None).await?.was_paid); // and nothing is spent again
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::spent`] says whether money was spent. [`ClientError::AlreadyKnown`] for an
    /// invoice whose payment failed, too: ask for a new one.
    pub async fn pay_invoice(
        &self,
        bolt11: &str,
        max_cost: Option<Msat>,
    ) -> Result<PaidInvoice, ClientError> {
        self.engine.pay_invoice(bolt11, max_cost).await
    }

    /// Asks the wallet about every payment whose outcome is open, and finishes what can be finished. Call it when the
    /// program starts, and after [`ClientError::PaymentPending`].
    ///
    /// Payments that were made give back their tokens, for the next request to use. Those that were not made give
    /// back what they reserved. The others stay as they are: a payment that the wallet knows nothing of counts as not
    /// made when its invoice has expired, and not before. Payments that a living process is at work on are left alone.
    ///
    /// # Errors
    /// When the store fails. What the wallet cannot answer is not an error: the payment stays open.
    pub async fn resume(&self) -> Result<Resumed, StoreError> {
        self.engine.resume().await
    }

    /// Says what became of a payment, where the wallet cannot: some cannot look payments up, and one may be gone.
    /// Returns the receipt, if the payment was made.
    ///
    /// A payment that was made gives back its token, for the next request to use; one that was not gives back what it
    /// reserved. A proof is believed whatever was believed before. That a payment was not made is believed only if the
    /// wallet, where it can look payments up, does not know better; if it says that the payment was made, that is what
    /// is written down.
    ///
    /// ```
    /// # use l402_client::{L402Client, SettleError, Settlement};
    /// # use l402_core::Preimage;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let client = L402Client::builder(l402_dev::DevNode::new()?.wallet()).build()?;
    /// let preimage = Preimage::from_bytes([7; 32]); // from the wallet's list of payments
    /// let settled = client.settle(preimage.payment_hash(), Settlement::Paid { preimage, fee: None }).await;
    /// assert!(matches!(settled, Err(SettleError::Unknown(_)))); // this client made no such payment
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`SettleError`]. Nothing has changed then.
    ///
    /// # Security
    /// [`Settlement::NotPaid`] is somebody's word for it. If the payment was made after all, the same request is paid
    /// for a second time. Do not take it from a server, nor from a model.
    pub async fn settle(
        &self,
        payment_hash: PaymentHash,
        settlement: Settlement,
    ) -> Result<Option<Receipt>, SettleError> {
        self.engine.settle(payment_hash, settlement).await
    }

    /// How much of each cap is used. Caps on single requests and for each host have no one number, and are left out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn usage(&self) -> Result<Vec<Usage>, StoreError> {
        self.engine.usage().await
    }

    /// The same, with the caps for each host as they are for this one.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn usage_for(&self, host: &str) -> Result<Vec<Usage>, StoreError> {
        self.engine.usage_of(Some(host)).await
    }

    /// The latest payments, newest first, at most `count`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn history(&self, count: usize) -> Result<Vec<Record>, StoreError> {
        self.engine.store.find(Wanted::Latest(count)).await
    }

    /// The payments whose tokens may still be accepted, oldest first.
    ///
    /// # Errors
    /// When the store fails.
    ///
    /// # Security
    /// The records hold the tokens.
    pub async fn tokens(&self) -> Result<Vec<Record>, StoreError> {
        let mut tokens = self.engine.store.find(Wanted::Tokens { origin: None }).await?;
        tokens.retain(|record| !record.intent.macaroon.is_empty()); // invoices that were paid by themselves
        Ok(tokens)
    }

    /// The `Authorization` that a request would be sent with, if there is a token for it at hand: for flows where
    /// something else sends the request. Does not count as a use.
    ///
    /// Tokens of earlier runs are at hand after the first request, or after [`L402Client::resume`].
    ///
    /// # Security
    /// A bearer secret: the value is marked sensitive, and belongs to this origin alone.
    #[must_use]
    pub fn credential(&self, method: &Method, url: &Url) -> Option<HeaderValue> {
        let token = self.engine.tokens.find(&Target::of(method, url)?, &*self.engine.clock)?;
        Some(token.credential.clone())
    }

    /// Where payments are remembered.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.engine.store
    }

    /// The wallet.
    #[must_use]
    pub fn wallet(&self) -> &Arc<dyn Wallet> {
        &self.engine.wallet
    }
}

impl fmt::Debug for L402Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("L402Client").field("budget", &self.engine.budget).finish_non_exhaustive()
    }
}

/// What a request costs. See [`L402Client::quote`].
#[derive(Debug)]
#[non_exhaustive]
pub enum Quote {
    /// Nothing: this is the answer.
    Free(Response),
    /// This much, on terms that this client would agree to.
    Offer(Box<Offer>),
}
