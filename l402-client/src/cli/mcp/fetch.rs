//! The tool `fetch`: one request, paid for if need be.

use std::collections::BTreeMap;

use l402_client::reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use l402_client::reqwest::{Method, Response, Url};
use l402_client::{Receipt, RequestBuilder};
use rmcp::schemars::{self, JsonSchema};
use serde::{Deserialize, Serialize};

use super::Desk;
use super::answer::{Body, ReadError, Secrets, shown_headers};
use super::outcome::{Outcome, Refusal};
use crate::cli::amount;

/// What to ask for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    /// https, or http on this machine.
    url: String,
    /// GET unless said otherwise.
    method: Option<String>,
    /// Header fields, such as {"accept": "application/json"}.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The body, as text. Give a content-type with it.
    body: Option<String>,
    /// What this call may cost at most, fee included, such as `50sat` or `1500msat`. It can lower the caps of the
    /// owner's budget, and not raise them.
    max_cost: Option<String>,
}

/// An answer, whatever its status.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Answer {
    /// The HTTP status.
    status: u16,
    /// Some of its header fields.
    headers: BTreeMap<String, String>,
    body: Body,
}

pub(super) async fn run(desk: &Desk, request: Request) -> Outcome<Answer> {
    let url = match request.allowed_url(desk) {
        Ok(url) => url,
        Err(refusal) => return refusal.into(),
    };
    let request = match request.prepare(desk, url.clone()) {
        Ok(request) => request,
        Err(refusal) => return refusal.into(),
    };
    match request.send().await {
        Ok(response) => read(desk, &url, response).await,
        Err(error) => error.into(),
    }
}

async fn read(desk: &Desk, url: &Url, mut response: Response) -> Outcome<Answer> {
    let receipt = Receipt::of(&response).cloned();
    let secrets = match Secrets::of(&desk.client, url).await {
        Ok(secrets) => secrets,
        Err(error) => return Outcome::after(receipt.as_ref(), error.into()),
    };
    let (status, headers) = (response.status().as_u16(), shown_headers(response.headers(), &secrets));
    match Body::read(&mut response, desk, &secrets).await {
        Ok(body) => Outcome::paid(Answer { status, headers, body }, receipt.as_ref()),
        Err(ReadError::CutOff(error)) => Outcome::after(receipt.as_ref(), Refusal::cut_off(&error)),
        Err(ReadError::NotSaved(error)) => {
            let reason = format!("the answer is too long to be shown, and cannot be saved: {error}");
            Outcome::after(receipt.as_ref(), Refusal::new("not_saved", reason, "tell the user"))
        }
    }
}

impl Request {
    /// The URL, if it may be asked.
    ///
    /// # Security
    /// Where there is a list of hosts, a model reaches no other: neither with money nor without.
    pub(super) fn allowed_url(&self, desk: &Desk) -> Result<Url, Refusal> {
        let url = Url::parse(&self.url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let url = url.ok_or_else(|| {
            Refusal::wrong_arguments("a URL is written like https://api.example.com/report")
        })?;
        let host = url.host_str().unwrap_or_default();
        match desk.settings.allowed_hosts() {
            Some(hosts) if !hosts.iter().any(|it| it.eq_ignore_ascii_case(host)) => {
                Err(Refusal::host_not_allowed(host))
            }
            _ => Ok(url),
        }
    }

    pub(super) fn method(&self) -> Result<Method, Refusal> {
        let method = self.method.as_deref().unwrap_or("GET").to_ascii_uppercase();
        Method::from_bytes(method.as_bytes())
            .map_err(|_| Refusal::wrong_arguments("a method is a word such as GET"))
    }

    pub(super) fn prepare(self, desk: &Desk, url: Url) -> Result<RequestBuilder, Refusal> {
        let method = self.method()?;
        let mut request =
            desk.client.request(method, url).headers(headers(&self.headers)?).timeout(desk.timeout);
        if let Some(body) = self.body {
            request = request.body(body);
        }
        if let Some(text) = self.max_cost {
            let max_cost = amount::parse(&text)
                .map_err(|reason| Refusal::wrong_arguments(format!("max_cost: {reason}")))?;
            request = request.max_cost(max_cost);
        }
        Ok(request)
    }
}

/// # Security
/// The values may be secret, so no error has one.
fn headers(given: &BTreeMap<String, String>) -> Result<HeaderMap, Refusal> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let name = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| Refusal::wrong_arguments("the name of a header field is a word such as accept"))?;
        let value = HeaderValue::from_str(value)
            .map_err(|_| Refusal::wrong_arguments(format!("the value of {name} cannot be sent")))?;
        headers.insert(name, value);
    }
    Ok(headers)
}
