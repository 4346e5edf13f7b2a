//! [LND](https://github.com/lightningnetwork/lnd), over its REST API. Hosted nodes (Voltage) speak it, too.
//!
//! **Set up.** Bake a macaroon that can do these three things and nothing else, and take the node's certificate:
//!
//! ```text
//! lncli bakemacaroon --save_to l402-pay.macaroon uri:/routerrpc.Router/SendPaymentV2 \
//!     uri:/routerrpc.Router/TrackPaymentV2 uri:/lnrpc.Lightning/ChannelBalance
//! cp ~/.lnd/tls.cert .
//! ```
//!
//! ```no_run
//! use l402_wallets::{Endpoint, lnd::LndWallet};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = Endpoint::new("https://10.0.0.7:8080")?.pinned_certificate(&std::fs::read("tls.cert")?)?;
//! let wallet = LndWallet::new(endpoint, std::fs::read("l402-pay.macaroon")?)?;
//! # Ok(())
//! # }
//! ```
//!
//! **Fees.** [`PayRequest::max_fee`](l402_core::ports::PayRequest::max_fee) is honoured to the millisatoshi; zero means that
//! only routes without fees are used.
//!
//! **Answers.** LND starts no new attempt after the request's timeout, but what is under way can stay so for hours; lookups
//! tell how it ended. A node pays one payment hash once.
//!
//! Needs LND 0.12 or later (`/v2/router/send`; the older call is gone since 0.21).

use std::time::Duration;

use l402_core::ports::{BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash, Preimage};
use l402_providers::http::{CallError, fields};
use l402_providers::lnd::api::{Api, Rpc, refusal, success};
use l402_providers::{ConfigError, Endpoint};
use serde::{Deserialize, Serialize};

use crate::driver::{Bill, PaymentApi, Reply, wallet};

/// Pays from an LND. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct LndWallet {
    api: Api,
}

impl LndWallet {
    /// The LND with this macaroon: the bytes of its file, or the same in hex.
    ///
    /// # Errors
    /// [`ConfigError`] when the macaroon is empty.
    pub fn new(endpoint: Endpoint, macaroon: impl AsRef<[u8]>) -> Result<Self, ConfigError> {
        Api::new(endpoint, macaroon.as_ref()).map(|api| Self { api })
    }
}

wallet!(LndWallet, WalletCapabilities::FULL);

#[derive(Serialize)]
struct Send<'a> {
    payment_request: &'a str,
    timeout_seconds: u64,
    /// Without it only routes without fees are used.
    fee_limit_msat: String,
    no_inflight_updates: bool,
    max_parts: u32,
}

/// One line of a stream.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    result: Option<Payment>,
    #[serde(default)]
    error: Option<Rpc>,
}

#[derive(Deserialize)]
struct Payment {
    status: String,
    /// In hex, unlike the preimages of invoices. Zeros as long as there is none.
    #[serde(default, deserialize_with = "fields::preimage")]
    payment_preimage: Option<Preimage>,
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    fee_msat: Option<Msat>,
    #[serde(default)]
    failure_reason: String,
}

#[derive(Deserialize)]
struct Balance {
    local_balance: Amount,
}

#[derive(Deserialize)]
struct Amount {
    #[serde(deserialize_with = "fields::msat")]
    msat: Msat,
}

impl PaymentApi for LndWallet {
    const NAME: &'static str = Api::NAME;

    fn network(&self) -> Network {
        self.api.network
    }

    fn pause(&self) -> Duration {
        self.api.http().pause()
    }

    async fn send(&self, bill: &Bill) -> Result<Reply, CallError> {
        let body = Send {
            payment_request: &bill.bolt11,
            // A little less than we wait, so that LND's own end of it is heard.
            timeout_seconds: bill.timeout.as_secs().saturating_sub(1).clamp(1, 86_400),
            fee_limit_msat: bill.max_fee.as_msat().to_string(),
            no_inflight_updates: true,
            max_parts: 16,
        };
        let call = self.api.http().post(&["v2", "router", "send"]).json(&body).within(bill.timeout);
        let answer = match call.send().await? {
            // A stream that begins with an error has the status of that error.
            answer if answer.text().starts_with("{\"error\":") => answer,
            answer => success(answer)?,
        };
        let mut reply = Reply::Unclear;
        for line in answer.text().lines().filter(|line| !line.trim().is_empty()) {
            let line = fields::read::<Line>(line);
            reply = line.map(said).ok_or_else(|| answer.error_as(BackendErrorKind::Protocol))??;
        }
        Ok(reply)
    }

    async fn find(&self, hash: PaymentHash) -> Result<Reply, CallError> {
        let id = fields::base64_url(hash.as_bytes());
        // Without this the stream would begin with the end of the payment.
        let call = self.api.http().get(&["v2", "router", "track", &id]).query("no_inflight_updates", "false");
        match call.first_line_only().read().await.and_then(success) {
            Ok(answer) => said(answer.json()?),
            Err(error) if error.kind() == BackendErrorKind::NotFound => Ok(Reply::NotFound),
            Err(error) => Err(error),
        }
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        let answer = self.api.http().get(&["v1", "balance", "channels"]).read().await?;
        Ok(success(answer)?.json::<Balance>()?.local_balance.msat)
    }
}

fn said(line: Line) -> Result<Reply, CallError> {
    match line {
        Line { result: Some(payment), .. } => Ok(reply(payment)),
        Line { error: Some(rpc), .. } => refused(&rpc),
        Line { .. } => Ok(Reply::Unclear),
    }
}

fn reply(payment: Payment) -> Reply {
    match payment.status.as_str() {
        "SUCCEEDED" => Reply::Paid { preimage: payment.payment_preimage, fee: payment.fee_msat },
        "FAILED" => Reply::Failed(match payment.failure_reason.as_str() {
            "FAILURE_REASON_TIMEOUT" => BackendErrorKind::Timeout,
            "FAILURE_REASON_INSUFFICIENT_BALANCE" => BackendErrorKind::InsufficientBalance,
            "FAILURE_REASON_INCORRECT_PAYMENT_DETAILS" => BackendErrorKind::InvalidInvoice,
            "FAILURE_REASON_ERROR" => BackendErrorKind::Unavailable,
            _ => BackendErrorKind::NoRoute,
        }),
        _ => Reply::Pending,
    }
}

fn refused(rpc: &Rpc) -> Result<Reply, CallError> {
    const ALREADY_EXISTS: i64 = 6;
    if rpc.code == ALREADY_EXISTS || rpc.message.contains("already paid") {
        let paid = rpc.message.contains("already paid");
        return Ok(if paid { Reply::Failed(BackendErrorKind::AlreadyPaid) } else { Reply::Unclear });
    }
    match refusal(rpc) {
        Some(kind @ (BackendErrorKind::Expired | BackendErrorKind::SelfPayment)) => Ok(Reply::Failed(kind)),
        Some(BackendErrorKind::NotFound) => Ok(Reply::NotFound),
        Some(kind) => Err(CallError::refused(Api::NAME, kind)),
        None => Ok(Reply::Unclear),
    }
}
