//! [`RequestBuilder`]: the async one, whose `send` waits.

use std::fmt;
use std::time::Duration;

use l402_core::Msat;
use reqwest::Body;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

use super::{L402Client, Response};
use crate::error::ClientError;

/// A request in the making. Has the methods of [`crate::RequestBuilder`]; [`RequestBuilder::map`] reaches the others of
/// reqwest.
#[must_use = "a request does nothing until it is sent"]
pub struct RequestBuilder {
    client: L402Client,
    inner: crate::RequestBuilder,
}

impl RequestBuilder {
    pub(super) const fn new(client: L402Client, inner: crate::RequestBuilder) -> Self {
        Self { client, inner }
    }

    /// Adds a header. See [`crate::RequestBuilder::header`].
    pub fn header<K, V>(self, name: K, value: V) -> Self
    where
        HeaderName: TryFrom<K>,
        <HeaderName as TryFrom<K>>::Error: Into<http::Error>,
        HeaderValue: TryFrom<V>,
        <HeaderValue as TryFrom<V>>::Error: Into<http::Error>,
    {
        Self { inner: self.inner.header(name, value), ..self }
    }

    /// Sets all headers of the map.
    pub fn headers(self, headers: HeaderMap) -> Self {
        Self { inner: self.inner.headers(headers), ..self }
    }

    /// Adds parameters to the URL's query.
    pub fn query<T: Serialize + ?Sized>(self, query: &T) -> Self {
        Self { inner: self.inner.query(query), ..self }
    }

    /// Sends this value as JSON.
    pub fn json<T: Serialize + ?Sized>(self, json: &T) -> Self {
        Self { inner: self.inner.json(json), ..self }
    }

    /// Sends these fields as an HTML form does.
    pub fn form<T: Serialize + ?Sized>(self, form: &T) -> Self {
        Self { inner: self.inner.form(form), ..self }
    }

    /// Sends these bytes.
    pub fn body(self, body: impl Into<Body>) -> Self {
        Self { inner: self.inner.body(body), ..self }
    }

    /// Limits how long the server may take. See [`crate::RequestBuilder::timeout`].
    pub fn timeout(self, timeout: Duration) -> Self {
        Self { inner: self.inner.timeout(timeout), ..self }
    }

    /// Pays at most this much for this request, fee included.
    pub fn max_cost(self, max_cost: Msat) -> Self {
        Self { inner: self.inner.max_cost(max_cost), ..self }
    }

    /// Does anything else that reqwest can do.
    pub fn map(self, change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder) -> Self {
        Self { inner: self.inner.map(change), ..self }
    }

    /// Sends the request, and pays for it if need be. See [`crate::L402Client::execute`].
    ///
    /// # Errors
    /// [`ClientError`]; [`ClientError::spent`] says whether money was spent.
    pub fn send(self) -> Result<Response, ClientError> {
        self.client.response(self.inner.send())
    }

    /// Asks what the request costs, and pays nothing. See [`crate::L402Client::quote`].
    ///
    /// # Errors
    /// As there.
    pub fn quote(self) -> Result<crate::Quote, ClientError> {
        self.client.wait(self.inner.quote())
    }
}

/// Says nothing of headers, URL or body, which may hold secrets.
impl fmt::Debug for RequestBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("blocking::RequestBuilder").finish_non_exhaustive()
    }
}
