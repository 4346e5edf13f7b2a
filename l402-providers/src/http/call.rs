//! [`Call`]: one request.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, Response};
use serde::Serialize;
use url::Url;
use url::form_urlencoded;

use l402_core::ports::{BackendError, BackendErrorKind};

use super::body::{self, BodyError};
use super::{Answer, CallError, Http, retry};

/// A request in the making.
#[derive(Debug)]
#[must_use = "nothing is sent until `read` or `send`"]
pub struct Call {
    http: Http,
    method: Method,
    url: Url,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Vec<u8>>,
    timeout: Duration,
    first_line_only: bool,
}

impl Call {
    pub(super) fn new(http: Http, method: Method, url: Url) -> Self {
        let timeout = http.shared.timeout;
        Self { http, method, url, headers: Vec::new(), body: None, timeout, first_line_only: false }
    }

    /// Adds a parameter to the query.
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.url.query_pairs_mut().append_pair(name, value);
        self
    }

    /// Adds a header. Values that no header can hold are left out.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((HeaderName::from_static(name), value));
        }
        self
    }

    /// Sends `body` as JSON.
    pub fn json(mut self, body: &impl Serialize) -> Self {
        // Our own types have neither maps with odd keys nor anything else that cannot be JSON.
        self.body = serde_json::to_vec(body).ok();
        self.content_type("application/json")
    }

    /// Sends `fields` as a web form does.
    pub fn form(mut self, fields: &[(&str, &str)]) -> Self {
        let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.body = Some(encoded.into_bytes());
        self.content_type("application/x-www-form-urlencoded")
    }

    /// Allows this call a time of its own.
    pub const fn within(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Reads the answer up to its first line break: the present state, where a stream goes on to report changes.
    pub const fn first_line_only(mut self) -> Self {
        self.first_line_only = true;
        self
    }

    /// Sends a request that changes nothing, again if it fails in a way that may pass.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer. An answer with an error status is an answer.
    pub async fn read(self) -> Result<Answer, CallError> {
        let mut tries = 1;
        let all = async {
            loop {
                let outcome = self.attempt().await;
                let again = match &outcome {
                    Ok(answer) => retry::is_transient(answer.status()) && answer.retry_after().is_none(),
                    Err(error) => error.kind() == BackendErrorKind::Unavailable,
                };
                if !again || tries == retry::TRIES {
                    return outcome;
                }
                tokio::time::sleep(retry::pause(self.http.shared.pause, tries)).await;
                tries += 1;
            }
        };
        self.in_time(all).await
    }

    /// Sends a request once.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer; it tells whether the request may have arrived.
    pub async fn send(self) -> Result<Answer, CallError> {
        self.in_time(self.attempt()).await
    }

    async fn in_time(
        &self,
        work: impl Future<Output = Result<Answer, CallError>>,
    ) -> Result<Answer, CallError> {
        let outcome = match tokio::time::timeout(self.timeout, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CallError::unclear(self.http.backend(), BackendErrorKind::Timeout)),
        };
        match &outcome {
            Ok(answer) => tracing::debug!(
                backend = self.http.backend(),
                method = %self.method,
                status = answer.status(),
                "answered"
            ),
            Err(error) => tracing::debug!(
                backend = self.http.backend(),
                method = %self.method,
                error = %error.kind(),
                "not answered"
            ),
        }
        outcome
    }

    async fn attempt(&self) -> Result<Answer, CallError> {
        let response = self.request().send().await.map_err(|error| self.failed(error))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(&response);
        let max = self.http.shared.max_body;
        let body = if self.first_line_only && response.status().is_success() {
            body::first_line(response, max).await
        } else {
            body::read(response, max).await
        };
        match body {
            Ok(body) => Ok(Answer::new(self.http.clone(), status, retry_after, body)),
            Err(BodyError::TooLarge) => {
                Err(self.unclear(BackendErrorKind::Protocol).because("the answer is too large"))
            }
            Err(BodyError::Http(error)) => Err(self.failed(error)),
        }
    }

    fn request(&self) -> RequestBuilder {
        let mut request = self.http.shared.client.request(self.method.clone(), self.url.clone());
        if let Some((name, value)) = &self.http.shared.credential {
            request = request.header(name, value);
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        match &self.body {
            Some(body) => request.body(body.clone()),
            None => request,
        }
    }

    /// The URL is not part of the error: some paths hold what nobody else should read.
    fn failed(&self, error: reqwest::Error) -> CallError {
        // reqwest builds a request, connects, and only then sends.
        let unsent = error.is_builder() || error.is_connect();
        let kind = if error.is_timeout() { BackendErrorKind::Timeout } else { BackendErrorKind::Unavailable };
        let error = BackendError::new(self.http.backend(), kind).with_source(error.without_url());
        CallError::new(error, !unsent)
    }

    fn unclear(&self, kind: BackendErrorKind) -> CallError {
        CallError::unclear(self.http.backend(), kind)
    }

    fn content_type(mut self, value: &'static str) -> Self {
        self.headers.push((CONTENT_TYPE, HeaderValue::from_static(value)));
        self
    }
}

/// The seconds of `Retry-After`. The form with a date is not used by any backend here.
fn retry_after(response: &Response) -> Option<Duration> {
    let value = response.headers().get("retry-after")?.to_str().ok()?;
    value.trim().parse().ok().map(Duration::from_secs)
}
