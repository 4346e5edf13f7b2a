//! [`L402Client`](crate::L402Client) for programs without an async runtime. Feature `blocking`.
//!
//! ```no_run
//! use l402_client::blocking::L402Client;
//! use l402_core::ports::Wallet;
//!
//! fn report(wallet: impl Wallet + 'static) -> Result<String, Box<dyn std::error::Error>> {
//!     let client = L402Client::new(l402_client::L402Client::builder(wallet).build()?)?;
//!     let response = client.get("https://api.example.com/report").send()?;
//!     if let Some(receipt) = response.receipt() {
//!         println!("paid {}", receipt.amount);
//!     }
//!     Ok(response.text()?)
//! }
//! ```
//!
//! # Panics
//! As with any blocking client, all methods that wait panic inside an async runtime; use
//! [`crate::L402Client`] there.

mod request;
mod response;

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::Arc;

use l402_core::ports::StoreError;
use l402_core::{Msat, PaymentHash};
use reqwest::{IntoUrl, Method, Request};
use tokio::runtime::{Builder, Runtime};

use crate::budget::Usage;
use crate::engine::{PaidInvoice, Resumed, SettleError, Settlement};
use crate::error::ClientError;
use crate::receipt::Receipt;
use crate::store::Record;
pub use request::RequestBuilder;
pub use response::Response;

/// An HTTP client with a wallet, whose methods wait. Clones share both, and one thread that sends.
#[derive(Clone)]
pub struct L402Client {
    client: crate::L402Client,
    runtime: Arc<Runtime>,
}

impl L402Client {
    /// Lets a client wait. Wallet, budget, store and tokens stay shared with the one given.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn new(client: crate::L402Client) -> io::Result<Self> {
        let runtime =
            Builder::new_multi_thread().worker_threads(1).thread_name("l402-client").enable_all().build()?;
        Ok(Self { client, runtime: Arc::new(runtime) })
    }

    /// The client that this one waits for.
    #[must_use]
    pub const fn as_async(&self) -> &crate::L402Client {
        &self.client
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

    /// Prepares a request with any method. A URL that is none comes out as an error of [`RequestBuilder::send`].
    pub fn request(&self, method: Method, url: impl IntoUrl) -> RequestBuilder {
        RequestBuilder::new(self.clone(), self.client.request(method, url))
    }

    /// As [`crate::L402Client::execute`].
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::spent`] says whether money was spent.
    pub fn execute(&self, request: Request) -> Result<Response, ClientError> {
        self.response(self.client.execute(request))
    }

    /// As [`crate::L402Client::resume`].
    ///
    /// # Errors
    /// When the store fails.
    pub fn resume(&self) -> Result<Resumed, StoreError> {
        self.wait(self.client.resume())
    }

    /// As [`crate::L402Client::settle`].
    ///
    /// # Errors
    /// [`SettleError`]. Nothing has changed then.
    pub fn settle(
        &self,
        payment_hash: PaymentHash,
        settlement: Settlement,
    ) -> Result<Option<Receipt>, SettleError> {
        self.wait(self.client.settle(payment_hash, settlement))
    }

    /// As [`crate::L402Client::pay_invoice`].
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::spent`] says whether money was spent.
    pub fn pay_invoice(&self, bolt11: &str, max_cost: Option<Msat>) -> Result<PaidInvoice, ClientError> {
        self.wait(self.client.pay_invoice(bolt11, max_cost))
    }

    /// As [`crate::L402Client::usage`].
    ///
    /// # Errors
    /// When the store fails.
    pub fn usage(&self) -> Result<Vec<Usage>, StoreError> {
        self.wait(self.client.usage())
    }

    /// As [`crate::L402Client::history`].
    ///
    /// # Errors
    /// When the store fails.
    pub fn history(&self, count: usize) -> Result<Vec<Record>, StoreError> {
        self.wait(self.client.history(count))
    }

    fn response(
        &self,
        sent: impl Future<Output = Result<reqwest::Response, ClientError>>,
    ) -> Result<Response, ClientError> {
        self.wait(sent).map(|response| Response::new(response, Arc::clone(&self.runtime)))
    }

    fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }
}

impl fmt::Debug for L402Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("blocking::L402Client").field(&self.client).finish()
    }
}
