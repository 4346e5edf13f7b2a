//! [`DevWallet`]: the development node of `l402-dev`, over its control interface (`l402_dev::control`).
//!
//! That crate depends on this one, so its own client cannot be used here.

use l402_client::reqwest::{self, Client, Response, StatusCode, Url};
use l402_core::ports::{
    BackendError, BackendErrorKind, PayOutcome, PayRequest, Payment, PortFuture, Wallet, WalletCapabilities,
};
use l402_core::{Msat, Network, PaymentHash};

use crate::cli::failure::Failure;

const FEE_HEADER: &str = "l402-dev-fee-msat";

/// What a `dev://` address names. No real money.
#[derive(Clone, Debug)]
pub(crate) struct DevWallet {
    client: Client,
    base: Url,
}

impl DevWallet {
    pub(crate) fn is_meant(text: &str) -> bool {
        text.starts_with("dev:")
    }

    /// The node at `dev://host:port`, as `l402-dev serve` and `l402-dev demo --serve` print it, below `/node` unless a
    /// path says otherwise.
    pub(crate) fn new(text: &str) -> Result<Self, Failure> {
        let wrong = || Failure::usage("a development node is written like dev://127.0.0.1:3402");
        let place = text.strip_prefix("dev://").ok_or_else(wrong)?;
        let mut base = Url::parse(&format!("http://{place}")).map_err(|_| wrong())?;
        if base.path() == "/" {
            base.set_path("/node");
        }
        let client =
            Client::builder().no_proxy().build().map_err(|error| Failure::failed(error.to_string()))?;
        Ok(Self { client, base })
    }

    fn at(&self, segments: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

impl Wallet for DevWallet {
    fn pay(&self, request: PayRequest) -> PortFuture<Result<PayOutcome, BackendError>> {
        let mut url = self.at(&["pay"]);
        url.query_pairs_mut().append_pair("max_fee_msat", &request.max_fee.as_msat().to_string());
        let sending = self.client.post(url).body(request.bolt11).timeout(request.timeout).send();
        PortFuture::new(async move {
            match sending.await {
                Ok(answer) if answer.status().is_success() => {
                    Ok(payment(answer).await.map_or(PayOutcome::Pending, PayOutcome::Paid))
                }
                Ok(answer) if answer.status().is_client_error() => Ok(refusal(answer).await),
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
                StatusCode::NOT_FOUND => Err(error(BackendErrorKind::NotFound)),
                StatusCode::ACCEPTED => Ok(PayOutcome::Pending),
                StatusCode::CONFLICT => Ok(refusal(answer).await),
                status if status.is_success() => payment(answer)
                    .await
                    .map(PayOutcome::Paid)
                    .ok_or_else(|| error(BackendErrorKind::Protocol)),
                _ => Err(error(BackendErrorKind::Protocol)),
            }
        })
    }

    fn balance(&self) -> PortFuture<Result<Msat, BackendError>> {
        let sending = self.client.get(self.at(&["balance"])).send();
        PortFuture::new(async move {
            let text = sending.await.map_err(unavailable)?.text().await.map_err(unavailable)?;
            text.trim().parse().map(Msat::from_msat).map_err(|_| error(BackendErrorKind::Protocol))
        })
    }

    fn network(&self) -> Network {
        Network::Regtest
    }

    fn capabilities(&self) -> WalletCapabilities {
        WalletCapabilities::FULL
    }
}

async fn payment(answer: Response) -> Option<Payment> {
    let fee = answer.headers().get(FEE_HEADER).and_then(|fee| fee.to_str().ok()?.parse().ok());
    let preimage = answer.text().await.ok()?.trim().parse().ok()?;
    Some(Payment::new(preimage, fee.map(Msat::from_msat)))
}

/// The reason comes as text. A conflict without a known one is a payment under way.
async fn refusal(answer: Response) -> PayOutcome {
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
    let status = answer.status();
    let text = answer.text().await.unwrap_or_default();
    match KINDS.into_iter().find(|kind| text.starts_with(&kind.to_string())) {
        Some(kind) => PayOutcome::Failed(kind),
        None if status == StatusCode::CONFLICT => PayOutcome::Pending,
        None => PayOutcome::Failed(BackendErrorKind::InvalidInvoice),
    }
}

const fn error(kind: BackendErrorKind) -> BackendError {
    BackendError::new("dev", kind)
}

fn unavailable(source: reqwest::Error) -> BackendError {
    error(BackendErrorKind::Unavailable).with_source(source)
}
