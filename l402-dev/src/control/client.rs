//! The payer's side: [`pay`].

use std::time::Duration;

use l402_core::Preimage;
use l402_core::bolt11::{InvoiceError, InvoiceFacts};
use l402_core::ports::BoxError;
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use super::MAX_BODY_BYTES;

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
    let response = client()?
        .post(url_below(node_url, &["pay"])?)
        .header(CONTENT_TYPE, PLAIN_TEXT)
        .body(invoice.to_owned())
        .send()
        .await
        .map_err(unreachable)?;
    let status = response.status();
    let text = plain_text(response).await?;
    if status.is_client_error() {
        return Err(ControlError::Refused { status: status.as_u16(), reason: printable_line(&text) });
    }
    let preimage: Preimage = text.trim().parse().map_err(|_| ControlError::NotADevNode)?;
    if preimage.payment_hash() != facts.payment_hash {
        return Err(ControlError::WrongPreimage);
    }
    Ok(preimage)
}

/// Why a dev node did not pay.
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
    /// The node does not pay this invoice.
    #[error("the dev node refused: {reason}")]
    Refused {
        /// The HTTP status, a 4xx.
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

pub(super) const PLAIN_TEXT: &str = "text/plain";

/// Far more than a node in memory needs.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A client that goes nowhere but to the address given: through no proxy, and along no redirect.
pub(super) fn client() -> Result<Client, ControlError> {
    Client::builder().no_proxy().redirect(Policy::none()).timeout(TIMEOUT).build().map_err(unreachable)
}

/// The URL of a path below the node's own.
pub(super) fn url_below(node_url: &str, path: &[&str]) -> Result<Url, ControlError> {
    let mut url = Url::parse(node_url).map_err(|_| ControlError::Url)?;
    if url.scheme() != "http" {
        return Err(ControlError::Url);
    }
    url.path_segments_mut().map_err(|()| ControlError::Url)?.pop_if_empty().extend(path);
    Ok(url)
}

/// The body, if it is as short and as plain as those of a dev node.
pub(super) async fn plain_text(mut response: Response) -> Result<String, ControlError> {
    let content_type = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.is_some_and(|value| value.starts_with(PLAIN_TEXT)) {
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
