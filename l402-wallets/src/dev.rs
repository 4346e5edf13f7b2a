//! A development node of `l402-dev` in another process. No real money.
//!
//! ```no_run
//! use l402_core::ports::Wallet;
//! use l402_wallets::dev::DevNodeWallet;
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let wallet = DevNodeWallet::new("http://127.0.0.1:3402/node")?; // as `l402-dev serve` prints it
//! println!("{}", wallet.balance().await?);
//! # Ok(())
//! # }
//! ```
//!
//! The interface is that of `l402_dev::control`.

use std::fmt;
use std::time::Duration;

use l402_core::ports::{
    BackendError, BackendErrorKind, PayOutcome, PayRequest, Payment, PortFuture, Wallet, WalletCapabilities,
};
use l402_core::{Msat, Network, PaymentHash};
use reqwest::header::CONTENT_TYPE;
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use url::Url;

const FEE_HEADER: &str = "l402-dev-fee-msat";
const PLAIN_TEXT: &str = "text/plain";
/// Far more than a preimage, a balance or a refusal has.
const LONGEST_ANSWER: usize = 4096;
/// Far more than a node in memory needs.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The default wallet of a development node. Clones share its connections.
#[derive(Clone)]
pub struct DevNodeWallet {
    client: Client,
    node: Url,
}

/// The address is none of a development node.
#[derive(Debug, thiserror::Error)]
#[error("a development node is found at a URL such as http://127.0.0.1:3402/node")]
pub struct DevNodeUrlError(pub(crate) ());

impl DevNodeWallet {
    /// The wallet of the node at this address. Nothing is sent yet.
    ///
    /// # Errors
    /// [`DevNodeUrlError`] for an address that is no `http://` URL.
    pub fn new(node_url: &str) -> Result<Self, DevNodeUrlError> {
        let node = Url::parse(node_url).ok().filter(|url| url.scheme() == "http");
        let node = node.ok_or(DevNodeUrlError(()))?;
        // Through no proxy and along no redirect: the node is at this address.
        let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(TIMEOUT).build();
        Ok(Self { client: client.map_err(|_| DevNodeUrlError(()))?, node })
    }

    fn at(&self, path: &[&str]) -> Url {
        let mut url = self.node.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }
}

impl Wallet for DevNodeWallet {
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>> {
        let mut url = self.at(&["pay"]);
        url.query_pairs_mut().append_pair("max_fee_msat", &request.max_fee.as_msat().to_string());
        let sending = self.client.post(url).header(CONTENT_TYPE, PLAIN_TEXT).body(request.bolt11);
        let sending = sending.timeout(request.timeout).send();
        PortFuture::new(async move {
            match sending.await {
                Ok(answer) if answer.status().is_success() => {
                    Ok(payment(answer).await.map_or(PayOutcome::Pending, PayOutcome::Paid))
                }
                Ok(answer) if is_refusal(answer.status()) => Ok(refusal(answer).await),
                Err(error) if error.is_connect() => Ok(PayOutcome::Failed(BackendErrorKind::Unavailable)),
                _ => Ok(PayOutcome::Pending),
            }
        })
    }

    fn lookup(&self, payment_hash: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>> {
        let sending = self.client.get(self.at(&["payments", &payment_hash.to_string()])).send();
        PortFuture::new(async move {
            let answer = sending.await.map_err(unavailable)?;
            match answer.status() {
                StatusCode::NOT_FOUND => Err(failed(BackendErrorKind::NotFound)),
                StatusCode::ACCEPTED => Ok(PayOutcome::Pending),
                StatusCode::CONFLICT => Ok(refusal(answer).await),
                StatusCode::SERVICE_UNAVAILABLE => Err(failed(BackendErrorKind::Unavailable)),
                status if status.is_success() => {
                    let payment = payment(answer).await;
                    payment.map(PayOutcome::Paid).ok_or_else(|| failed(BackendErrorKind::Protocol))
                }
                _ => Err(failed(BackendErrorKind::Protocol)),
            }
        })
    }

    fn balance(&self) -> PortFuture<Result<Msat, BackendError>> {
        let sending = self.client.get(self.at(&["balance"])).send();
        PortFuture::new(async move {
            let text = text(sending.await.map_err(unavailable)?).await.unwrap_or_default();
            text.trim().parse().map(Msat::from_msat).map_err(|_| failed(BackendErrorKind::Protocol))
        })
    }

    fn network(&self) -> Network {
        Network::Regtest
    }

    fn capabilities(&self) -> WalletCapabilities {
        WalletCapabilities::FULL
    }
}

impl fmt::Debug for DevNodeWallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DevNodeWallet").finish_non_exhaustive()
    }
}

async fn payment(answer: Response) -> Option<Payment> {
    let fee = answer.headers().get(FEE_HEADER).and_then(|fee| fee.to_str().ok()?.parse().ok());
    let preimage = text(answer).await?.trim().parse().ok()?;
    Some(Payment::new(preimage, fee.map(Msat::from_msat)))
}

/// Whether this is the node's own: a 4xx, or a 503 for an outage on order.
fn is_refusal(status: StatusCode) -> bool {
    status.is_client_error() || status == StatusCode::SERVICE_UNAVAILABLE
}

/// What the node's refusal says in words. What is not clear may be under way.
async fn refusal(answer: Response) -> PayOutcome {
    /// All but [`BackendErrorKind::InFlight`], which is no failure.
    const FAILURES: [BackendErrorKind; 16] = [
        BackendErrorKind::Auth,
        BackendErrorKind::Forbidden,
        BackendErrorKind::RateLimited { retry_after: None },
        BackendErrorKind::InvalidInvoice,
        BackendErrorKind::Expired,
        BackendErrorKind::AlreadyPaid,
        BackendErrorKind::NoRoute,
        BackendErrorKind::InsufficientBalance,
        BackendErrorKind::LimitExceeded,
        BackendErrorKind::FeeTooHigh,
        BackendErrorKind::SelfPayment,
        BackendErrorKind::NotFound,
        BackendErrorKind::Unsupported,
        BackendErrorKind::Unavailable,
        BackendErrorKind::Timeout,
        BackendErrorKind::Protocol,
    ];
    let status = answer.status();
    let text = text(answer).await.unwrap_or_default();
    match FAILURES.into_iter().find(|kind| text.starts_with(&kind.to_string())) {
        Some(kind) => PayOutcome::Failed(kind),
        // The text is no invoice, which the node says in other words.
        None if matches!(status, StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE) => {
            PayOutcome::Failed(BackendErrorKind::InvalidInvoice)
        }
        None => PayOutcome::Pending,
    }
}

/// The body, if it is as short as a node's, and text.
async fn text(mut answer: Response) -> Option<String> {
    let kind = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with(PLAIN_TEXT)) {
        return None;
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.ok()? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST_ANSWER {
            return None;
        }
    }
    String::from_utf8(body).ok()
}

const fn failed(kind: BackendErrorKind) -> BackendError {
    BackendError::new("dev", kind)
}

fn unavailable(error: reqwest::Error) -> BackendError {
    failed(BackendErrorKind::Unavailable).with_source(error)
}
