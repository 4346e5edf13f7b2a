//! The Lightning node of a [BTCPay Server](https://btcpayserver.org) store, over the Greenfield API.
//!
//! **Set up.** Under *Account → API Keys* make a key with the permission *Use the Lightning node of a store*
//! (`btcpay.store.canuselightningnode`) for that store alone. It can spend everything the node has. The store's id stands in its
//! general settings.
//!
//! ```no_run
//! use l402_wallets::{Endpoint, btcpay::BtcPayWallet};
//!
//! # fn main() -> Result<(), l402_wallets::ConfigError> {
//! let key = std::env::var("BTCPAY_API_KEY").unwrap_or_default();
//! let wallet = BtcPayWallet::new(Endpoint::new("https://pay.example.com")?, "store id", key)?;
//! # Ok(())
//! # }
//! ```
//!
//! **Fees.** [`PayRequest::max_fee`](l402_core::ports::PayRequest::max_fee) is sent, in whole satoshi rounded down. Whether it
//! is honoured depends on the store's node: LND and Core Lightning do, phoenixd does not. So no promise is made.
//!
//! **Answers.** Not every node that BTCPay can use returns preimages; LND, Core Lightning and phoenixd do. A payment without
//! one stays pending here. Before paying, it is asked whether that was done already, since not every node refuses to pay
//! twice.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash, Preimage};
use l402_providers::btcpay::api::{Api, Problem, success};
use l402_providers::http::{CallError, fields};
use l402_providers::{ConfigError, Endpoint, Secret};
use serde::{Deserialize, Serialize};

use crate::attempts;
use crate::driver::{Bill, PaymentApi, Reply, wallet};

/// Pays from the Lightning node of a store. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct BtcPayWallet {
    api: Api,
}

impl BtcPayWallet {
    /// The store of this id, with this API key. `endpoint` is the server, without `/api`.
    ///
    /// # Errors
    /// [`ConfigError`] when the key is empty or the id is none.
    pub fn new(
        endpoint: Endpoint,
        store_id: impl Into<String>,
        api_key: impl Into<Secret>,
    ) -> Result<Self, ConfigError> {
        Api::new(endpoint, store_id.into(), &api_key.into()).map(|api| Self { api })
    }
}

wallet!(BtcPayWallet, WalletCapabilities::FULL.with_fee_limit(false));

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Pay<'a> {
    #[serde(rename = "BOLT11")]
    bolt11: &'a str,
    /// In satoshi.
    max_fee_flat: String,
    /// In seconds.
    send_timeout: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    status: String,
    #[serde(default, deserialize_with = "fields::preimage")]
    preimage: Option<Preimage>,
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    fee_amount: Option<Msat>,
    /// In seconds since 1970.
    #[serde(default, deserialize_with = "fields::maybe_secs")]
    created_at: Option<u64>,
}

#[derive(Deserialize)]
struct Balance {
    offchain: Offchain,
}

#[derive(Deserialize)]
struct Offchain {
    #[serde(deserialize_with = "fields::msat")]
    local: Msat,
}

impl BtcPayWallet {
    async fn payment(&self, hash: PaymentHash) -> Result<Option<Payment>, CallError> {
        match success(self.api.get(&["payments", &hash.to_string()]).read().await?) {
            Ok(answer) => answer.json().map(Some),
            Err(error) if error.kind() == BackendErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl PaymentApi for BtcPayWallet {
    const NAME: &'static str = Api::NAME;

    fn network(&self) -> Network {
        self.api.network
    }

    fn pause(&self) -> Duration {
        self.api.http().pause()
    }

    async fn send(&self, bill: &Bill) -> Result<Reply, CallError> {
        match self.payment(bill.facts.payment_hash).await.map_err(CallError::before_acting)?.map(reply) {
            None | Some(Reply::Failed(_)) => {}
            Some(earlier) => return Ok(earlier),
        }
        let body = Pay {
            bolt11: &bill.bolt11,
            max_fee_flat: (bill.max_fee.as_msat() / 1000).to_string(),
            send_timeout: bill.timeout.as_secs().saturating_sub(1).clamp(1, attempts::LONGEST),
        };
        let call = self.api.post(&["invoices", "pay"]).json(&body).within(bill.timeout);
        let answer = call.send().await?;
        match answer.status() {
            400 => {
                let kind = meaning(&answer.json::<Problem>().unwrap_or_default());
                // The node's text says why, and not whether it is over.
                Ok(match self.payment(bill.facts.payment_hash).await.map(|found| found.map(reply)) {
                    Ok(None | Some(Reply::Failed(_))) => Reply::Failed(kind),
                    Ok(Some(found)) => found,
                    Err(_) => Reply::Unclear,
                })
            }
            422 => Err(answer.refusal(BackendErrorKind::InvalidInvoice)),
            _ => success(answer)?.json().map(reply),
        }
    }

    async fn find(&self, hash: PaymentHash) -> Result<Reply, CallError> {
        Ok(match self.payment(hash).await? {
            None => Reply::NotFound,
            // Core Lightning says so between two attempts, too. Nodes without a time do not.
            Some(payment)
                if payment.status == "Failed" && !payment.created_at.is_none_or(attempts::are_over) =>
            {
                Reply::Pending
            }
            Some(payment) => reply(payment),
        })
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        let answer = success(self.api.get(&["balance"]).read().await?)?;
        Ok(answer.json::<Balance>()?.offchain.local)
    }
}

fn reply(payment: Payment) -> Reply {
    match payment.status.as_str() {
        "Complete" => Reply::Paid { preimage: payment.preimage, fee: payment.fee_amount },
        "Failed" => Reply::Failed(BackendErrorKind::NoRoute),
        _ => Reply::Pending,
    }
}

fn meaning(problem: &Problem) -> BackendErrorKind {
    let message = problem.message.to_lowercase();
    match problem.code.as_str() {
        _ if message.contains("already paid") => BackendErrorKind::AlreadyPaid,
        _ if message.contains("insufficient") => BackendErrorKind::InsufficientBalance,
        _ if message.contains("expired") => BackendErrorKind::Expired,
        "could-not-find-route" => BackendErrorKind::NoRoute,
        "invoice-error" => BackendErrorKind::InvalidInvoice,
        _ => BackendErrorKind::Unavailable,
    }
}
