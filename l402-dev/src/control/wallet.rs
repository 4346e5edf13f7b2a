//! The payer's side as a wallet: [`ControlWallet`].

use std::fmt;

use l402_core::ports::{
    BackendError, BackendErrorKind, PayOutcome, PayRequest, Payment, PortFuture, Wallet, WalletCapabilities,
};
use l402_core::{Msat, Network, PaymentHash};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response, StatusCode, Url};

use super::FEE_HEADER;
use super::client::{ControlError, PLAIN_TEXT, client, text, url_below};
use crate::node::DevNode;

/// The default wallet of a dev node in another process. Clones share its connections.
///
/// ```no_run
/// use l402_core::ports::Wallet;
/// use l402_dev::control::ControlWallet;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let wallet = ControlWallet::new("http://127.0.0.1:3402/node")?;
/// println!("{}", wallet.balance().await?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ControlWallet {
    client: Client,
    pay: Url,
    payments: Url,
    balance: Url,
}

impl ControlWallet {
    /// The wallet of the node at `node_url`, such as `http://127.0.0.1:3402`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ControlError::Url`] for an address that is no `http://` URL.
    pub fn new(node_url: &str) -> Result<Self, ControlError> {
        Ok(Self {
            client: client()?,
            pay: url_below(node_url, &["pay"])?,
            payments: url_below(node_url, &["payments", ""])?,
            balance: url_below(node_url, &["balance"])?,
        })
    }
}

impl Wallet for ControlWallet {
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>> {
        let Self { client, mut pay, .. } = self.clone();
        PortFuture::new(async move {
            pay.query_pairs_mut().append_pair("max_fee_msat", &request.max_fee.as_msat().to_string());
            let sending = client.post(pay).header(CONTENT_TYPE, PLAIN_TEXT).body(request.bolt11);
            match sending.timeout(request.timeout).send().await {
                Ok(response) if response.status().is_success() => {
                    Ok(payment(response).await.map_or(PayOutcome::Pending, PayOutcome::Paid))
                }
                Ok(response) if response.status().is_client_error() => Ok(refusal(response).await),
                Err(error) if error.is_connect() => Ok(PayOutcome::Failed(BackendErrorKind::Unavailable)),
                _ => Ok(PayOutcome::Pending),
            }
        })
    }

    fn lookup(&self, payment_hash: PaymentHash) -> PortFuture<Result<PayOutcome, BackendError>> {
        let Self { client, payments, .. } = self.clone();
        PortFuture::new(async move {
            let url =
                payments.join(&payment_hash.to_string()).map_err(|_| failed(BackendErrorKind::Protocol))?;
            let response = client.get(url).send().await.map_err(unavailable)?;
            match response.status() {
                StatusCode::NOT_FOUND => Err(failed(BackendErrorKind::NotFound)),
                StatusCode::ACCEPTED => Ok(PayOutcome::Pending),
                StatusCode::CONFLICT => Ok(refusal(response).await),
                status if status.is_success() => {
                    let payment =
                        payment(response).await.ok_or_else(|| failed(BackendErrorKind::Protocol))?;
                    Ok(PayOutcome::Paid(payment))
                }
                _ => Err(failed(BackendErrorKind::Protocol)),
            }
        })
    }

    fn balance(&self) -> PortFuture<Result<Msat, BackendError>> {
        let Self { client, balance, .. } = self.clone();
        PortFuture::new(async move {
            let response = client.get(balance).send().await.map_err(unavailable)?;
            let text = text(response, PLAIN_TEXT).await.map_err(|_| failed(BackendErrorKind::Protocol))?;
            text.trim().parse().map(Msat::from_msat).map_err(|_| failed(BackendErrorKind::Protocol))
        })
    }

    fn network(&self) -> Network {
        DevNode::NETWORK
    }

    fn capabilities(&self) -> WalletCapabilities {
        WalletCapabilities::FULL
    }
}

impl fmt::Debug for ControlWallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ControlWallet").finish_non_exhaustive()
    }
}

async fn payment(response: Response) -> Option<Payment> {
    let fee = response.headers().get(FEE_HEADER).and_then(|fee| fee.to_str().ok()?.parse().ok());
    let preimage = text(response, PLAIN_TEXT).await.ok()?.trim().parse().ok()?;
    Some(Payment::new(preimage, fee.map(Msat::from_msat)))
}

/// What the node's refusal says in words, and partly in its status. What is not clear may be under way.
async fn refusal(response: Response) -> PayOutcome {
    const KINDS: [BackendErrorKind; 8] = [
        BackendErrorKind::AlreadyPaid,
        BackendErrorKind::InsufficientBalance,
        BackendErrorKind::SelfPayment,
        BackendErrorKind::FeeTooHigh,
        BackendErrorKind::LimitExceeded,
        BackendErrorKind::NoRoute,
        BackendErrorKind::Expired,
        BackendErrorKind::InvalidInvoice,
    ];
    let status = response.status();
    let text = text(response, PLAIN_TEXT).await.unwrap_or_default();
    let said = KINDS.into_iter().find(|kind| text.starts_with(&kind.to_string()));
    match (status, said) {
        (_, Some(kind)) => PayOutcome::Failed(kind),
        (StatusCode::CONFLICT, None) => PayOutcome::Pending,
        (_, None) => PayOutcome::Failed(BackendErrorKind::InvalidInvoice),
    }
}

const fn failed(kind: BackendErrorKind) -> BackendError {
    BackendError::new("dev", kind)
}

fn unavailable(error: reqwest::Error) -> BackendError {
    failed(BackendErrorKind::Unavailable).with_source(error)
}
