//! [`RequestBuilder`]: reqwest's, sent by a client that pays.

use std::fmt;
use std::time::Duration;

use l402_core::Msat;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Body, Response};
use serde::Serialize;

use super::{L402Client, Quote};
use crate::error::ClientError;

/// A request in the making. Has the methods of [`reqwest::RequestBuilder`] that are used most;
/// [`RequestBuilder::map`] reaches the others.
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    client: L402Client,
    inner: reqwest::RequestBuilder,
    max_cost: Option<Msat>,
}

impl RequestBuilder {
    pub(crate) const fn new(client: L402Client, inner: reqwest::RequestBuilder) -> Self {
        Self { client, inner, max_cost: None }
    }

    /// Adds a header.
    ///
    /// With an `Authorization` of your own the request cannot be paid for, since that is where the proof of
    /// payment goes.
    pub fn header<K, V>(self, name: K, value: V) -> Self
    where
        HeaderName: TryFrom<K>,
        <HeaderName as TryFrom<K>>::Error: Into<http::Error>,
        HeaderValue: TryFrom<V>,
        <HeaderValue as TryFrom<V>>::Error: Into<http::Error>,
    {
        self.map(|request| request.header(name, value))
    }

    /// Sets all headers of the map.
    pub fn headers(self, headers: HeaderMap) -> Self {
        self.map(|request| request.headers(headers))
    }

    /// Adds parameters to the URL's query.
    pub fn query<T: Serialize + ?Sized>(self, query: &T) -> Self {
        self.map(|request| request.query(query))
    }

    /// Sends this value as JSON.
    pub fn json<T: Serialize + ?Sized>(self, json: &T) -> Self {
        self.map(|request| request.json(json))
    }

    /// Sends these fields as an HTML form does.
    pub fn form<T: Serialize + ?Sized>(self, form: &T) -> Self {
        self.map(|request| request.form(form))
    }

    /// Sends these bytes. A body that is a stream can be sent once only, so such a request is not paid for.
    pub fn body(self, body: impl Into<Body>) -> Self {
        self.map(|request| request.body(body))
    }

    /// Limits how long the server may take, each time the request is sent, which for a paid one is twice. The payment
    /// has a limit of its own ([`L402ClientBuilder::pay_timeout`](crate::L402ClientBuilder::pay_timeout)).
    pub fn timeout(self, timeout: Duration) -> Self {
        self.map(|request| request.timeout(timeout))
    }

    /// Pays at most this much for this request, fee included, where the budget would allow more.
    pub const fn max_cost(mut self, max_cost: Msat) -> Self {
        self.max_cost = Some(max_cost);
        self
    }

    /// Does anything else that reqwest can do.
    ///
    /// ```
    /// use l402_client::reqwest::Version;
    ///
    /// fn prepared(client: &l402_client::L402Client) -> l402_client::RequestBuilder {
    ///     client.get("https://api.example.com/report").map(|request| request.version(Version::HTTP_11))
    /// }
    /// ```
    pub fn map(self, change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder) -> Self {
        Self { inner: change(self.inner), ..self }
    }

    /// Sends the request, and pays for it if need be. See [`L402Client::execute`].
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::spent`] says whether money was spent.
    pub fn send(self) -> impl Future<Output = Result<Response, ClientError>> + Send {
        let Self { client, inner, max_cost } = self;
        let sent = inner.build().map(|request| client.execute_up_to(request, max_cost));
        async move { sent.map_err(ClientError::http)?.await }
    }

    /// Asks what the request costs, and pays nothing. See [`L402Client::quote`].
    ///
    /// # Errors
    /// As [`L402Client::quote`].
    pub async fn quote(self) -> Result<Quote, ClientError> {
        let request = self.inner.build().map_err(ClientError::http)?;
        self.client.quote(request).await
    }
}

/// Says nothing of headers, URL or body, which may hold secrets.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestBuilder").finish_non_exhaustive()
    }
}
