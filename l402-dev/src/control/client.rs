//! The other side: what another process asks of a node.

use std::time::Duration;

use l402_core::Preimage;
use l402_core::bolt11::{InvoiceError, InvoiceFacts};
use l402_core::ports::BoxError;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, StatusCode, Url};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::MAX_BODY_BYTES;
use super::order::{FaultOrder, InvoiceCreated, InvoiceOrder};

/// Asks the dev node at `node_url`, such as `http://127.0.0.1:3402`, to pay `invoice`, and returns the proof.
///
/// The preimage is checked against the invoice. Asking again for the same invoice costs nothing, so a lost
/// answer can be asked for again.
///
/// # Errors
/// [`ControlError`], whose text says what to do.
pub async fn pay(node_url: &str, invoice: &str) -> Result<Preimage, ControlError> {
    let invoice = invoice.trim();
    let facts: InvoiceFacts = invoice.parse().map_err(ControlError::Invoice)?;
    let request = client()?.post(url_below(node_url, &["pay"])?).header(CONTENT_TYPE, PLAIN_TEXT);
    let text = answer(request.body(invoice.to_owned()), PLAIN_TEXT).await?;
    let preimage: Preimage = text.trim().parse().map_err(|_| ControlError::NotADevNode)?;
    if preimage.payment_hash() != facts.payment_hash {
        return Err(ControlError::WrongPreimage);
    }
    Ok(preimage)
}

/// Asks the dev node at `node_url` for an invoice, and returns its text.
///
/// # Errors
/// [`ControlError`].
pub async fn create_invoice(node_url: &str, order: &InvoiceOrder) -> Result<String, ControlError> {
    let request = json_request(client()?.post(url_below(node_url, &["invoices"])?), order)?;
    let created: InvoiceCreated = json_answer(request).await?;
    Ok(created.bolt11)
}

/// The [faults](crate::fault) that wait to happen on the dev node at `node_url`, in words.
///
/// # Errors
/// [`ControlError`].
pub async fn faults(node_url: &str) -> Result<Vec<String>, ControlError> {
    json_answer(client()?.get(url_below(node_url, &["faults"])?)).await
}

/// Orders a fault on the dev node at `node_url`, and returns all that wait to happen.
///
/// # Errors
/// [`ControlError`].
pub async fn add_fault(node_url: &str, order: &FaultOrder) -> Result<Vec<String>, ControlError> {
    json_answer(json_request(client()?.post(url_below(node_url, &["faults"])?), order)?).await
}

/// Makes the dev node at `node_url` work again.
///
/// # Errors
/// [`ControlError`].
pub async fn clear_faults(node_url: &str) -> Result<(), ControlError> {
    let response = client()?.delete(url_below(node_url, &["faults"])?).send().await.map_err(unreachable)?;
    if response.status() == StatusCode::NO_CONTENT { Ok(()) } else { Err(ControlError::NotADevNode) }
}

/// Why a dev node did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The text is not an invoice; nothing was sent.
    #[error("{0}; copy the lnbcrt... text of the challenge, unchanged")]
    Invoice(#[source] InvoiceError),
    /// The address is no `http://` URL; nothing was sent.
    #[error("the dev node's address must be a URL such as http://127.0.0.1:3402")]
    Url,
    /// Nothing answers there, or not in time.
    #[error("the dev node does not answer; is the demo running? start it with `{START}`, then pay again")]
    Unreachable(#[source] BoxError),
    /// What answers there does not speak like a dev node.
    #[error("what answers there is not a dev node; use the address that `{START}` prints")]
    NotADevNode,
    /// The node does not do it.
    #[error("the dev node refused: {reason}")]
    Refused {
        /// The HTTP status, a 4xx or 503.
        status: u16,
        /// The node's own words: one line, with what to do.
        reason: String,
    },
    /// The answer is a preimage, but not of this invoice.
    #[error("the dev node answered with a preimage of another payment; get a fresh challenge and pay that")]
    WrongPreimage,
}

/// How to start a node to pay with.
const START: &str = "cargo run -p l402-dev -- demo --serve";

const PLAIN_TEXT: &str = "text/plain";
const JSON: &str = "application/json";

/// Far more than a node in memory needs.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client that goes nowhere but to the address given: through no proxy, and along no redirect.
fn client() -> Result<Client, ControlError> {
    Client::builder().no_proxy().redirect(Policy::none()).timeout(TIMEOUT).build().map_err(unreachable)
}

/// The URL of a path below the node's own.
fn url_below(node_url: &str, path: &[&str]) -> Result<Url, ControlError> {
    let mut url = Url::parse(node_url).map_err(|_| ControlError::Url)?;
    if url.scheme() != "http" {
        return Err(ControlError::Url);
    }
    url.path_segments_mut().map_err(|()| ControlError::Url)?.pop_if_empty().extend(path);
    Ok(url)
}

fn json_request(request: RequestBuilder, body: &impl Serialize) -> Result<RequestBuilder, ControlError> {
    let body = serde_json::to_vec(body).map_err(|_| ControlError::NotADevNode)?;
    Ok(request.header(CONTENT_TYPE, JSON).body(body))
}

async fn json_answer<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, ControlError> {
    let text = answer(request, JSON).await?;
    serde_json::from_str(&text).map_err(|_| ControlError::NotADevNode)
}

/// The body of a success, which has this content type; a refusal is plain text.
async fn answer(request: RequestBuilder, content_type: &str) -> Result<String, ControlError> {
    let response = request.send().await.map_err(unreachable)?;
    let status = response.status();
    // 503 is an outage on order; no other failure of a server is in a node's nature.
    if status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE {
        let reason = printable_line(&text(response, PLAIN_TEXT).await?);
        return Err(ControlError::Refused { status: status.as_u16(), reason });
    }
    if !status.is_success() {
        return Err(ControlError::NotADevNode);
    }
    text(response, content_type).await
}

/// The body, if it is as short as those of a dev node, and of the type expected.
async fn text(mut response: Response, expected: &str) -> Result<String, ControlError> {
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|value| value.starts_with(expected)) {
        return Err(ControlError::NotADevNode);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > MAX_BODY_BYTES {
            return Err(ControlError::NotADevNode);
        }
    }
    String::from_utf8(body).map_err(|_| ControlError::NotADevNode)
}

/// The first line, without what could steer a terminal.
fn printable_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().filter(|c| !c.is_control()).collect()
}

fn unreachable(error: reqwest::Error) -> ControlError {
    ControlError::Unreachable(error.into())
}
