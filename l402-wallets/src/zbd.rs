//! [ZBD](https://zbd.dev) (formerly ZEBEDEE), a custodial service, over its REST API.
//!
//! **Set up.** In the ZBD developer dashboard make a project and copy its API key. It can spend everything in the project.
//!
//! ```no_run
//! use l402_wallets::zbd::ZbdWallet;
//!
//! # fn main() -> Result<(), l402_wallets::ConfigError> {
//! let wallet = ZbdWallet::new(std::env::var("ZBD_API_KEY").unwrap_or_default())?;
//! # Ok(())
//! # }
//! ```
//!
//! **Fees.** There is no limit per payment; [`PayRequest::max_fee`](l402_core::ports::PayRequest::max_fee) is not honoured.
//!
//! **Answers.** ZBD finds payments by its own ids alone, and not by payment hash. So a payment is followed to its end within
//! the call that began it, and cannot be looked up afterwards: an outcome that is lost stays lost, and there is no way to
//! ask before paying. A wallet remembers what it sent and sends no invoice twice; a program that starts anew has to
//! remember for itself, as `l402-client` does with a journal.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use l402_core::ports::{BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash, Preimage};
use l402_providers::http::{CallError, fields};
use l402_providers::zbd::api::{Api, read};
use l402_providers::{ConfigError, Endpoint, Secret};
use serde::{Deserialize, Serialize};

use crate::driver::{Bill, PaymentApi, Reply, wallet};

/// How many payments are remembered. When it is full, nothing is forgotten and nothing more is paid.
const MOST_PAYMENTS: usize = 1_000_000;

/// Pays from a ZBD project. See the [module](self). Clones share the connection and the memory of payments.
#[derive(Clone, Debug)]
pub struct ZbdWallet {
    api: Api,
    sent: Arc<Mutex<HashMap<PaymentHash, Option<String>>>>,
}

impl ZbdWallet {
    /// The project with this API key.
    ///
    /// # Errors
    /// [`ConfigError`] when the key is empty or cannot stand in a header.
    pub fn new(api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::at(Endpoint::new(Api::URL)?, api_key)
    }

    /// The project with this API key, at another service that speaks ZBD's API.
    ///
    /// # Errors
    /// As for [`ZbdWallet::new`].
    pub fn at(endpoint: Endpoint, api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, api_key.into()).map(|api| Self { api, sent: Arc::default() })
    }
}

wallet!(ZbdWallet, WalletCapabilities::FULL.with_fee_limit(false).with_lookup(false));

#[derive(Serialize)]
struct Pay<'a> {
    invoice: &'a str,
}

#[derive(Deserialize)]
struct Payment {
    #[serde(default)]
    id: Option<String>,
    status: String,
    #[serde(default, deserialize_with = "fields::preimage")]
    preimage: Option<Preimage>,
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    fee: Option<Msat>,
}

#[derive(Deserialize)]
struct Balance {
    #[serde(deserialize_with = "fields::msat")]
    balance: Msat,
}

impl PaymentApi for ZbdWallet {
    const NAME: &'static str = Api::NAME;

    fn network(&self) -> Network {
        self.api.network
    }

    fn pause(&self) -> Duration {
        self.api.http().pause()
    }

    async fn send(&self, bill: &Bill) -> Result<Reply, CallError> {
        if !self.remember(bill.hash)? {
            return Ok(Reply::Unclear);
        }
        let call = self.api.http().post(&["v0", "payments"]).json(&Pay { invoice: &bill.bolt11 });
        let payment: Payment = match call.within(bill.timeout).send().await.and_then(read) {
            Ok(payment) => payment,
            Err(error) => {
                if !error.may_have_acted() {
                    self.sent().remove(&bill.hash);
                }
                return Err(error);
            }
        };
        if let Some(id) = payment.id.clone().filter(|id| is_id(id)) {
            self.sent().insert(bill.hash, Some(id));
        }
        Ok(self.concluded(bill.hash, reply(payment)))
    }

    async fn find(&self, hash: PaymentHash) -> Result<Reply, CallError> {
        let known = self.sent().get(&hash).cloned();
        match known {
            None | Some(None) => Err(CallError::refused(Api::NAME, BackendErrorKind::Unsupported)),
            Some(Some(id)) => {
                let payment = read(self.api.http().get(&["v0", "payments", &id]).read().await?)?;
                Ok(self.concluded(hash, reply(payment)))
            }
        }
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        let answer = self.api.http().get(&["v0", "wallet"]).read().await?;
        read::<Balance>(answer).map(|wallet| wallet.balance)
    }
}

impl ZbdWallet {
    /// Notes that this hash is about to be paid; `false` when it was before.
    fn remember(&self, hash: PaymentHash) -> Result<bool, CallError> {
        let mut sent = self.sent();
        if sent.contains_key(&hash) {
            return Ok(false);
        }
        if sent.len() >= MOST_PAYMENTS {
            let error = CallError::refused(Api::NAME, BackendErrorKind::LimitExceeded);
            return Err(error.because("this wallet remembers as many payments as it can"));
        }
        sent.insert(hash, None);
        Ok(true)
    }

    /// What has failed for good may be tried again.
    fn concluded(&self, hash: PaymentHash, reply: Reply) -> Reply {
        if matches!(reply, Reply::Failed(_)) {
            self.sent().remove(&hash);
        }
        reply
    }

    /// Nothing that is done while it is locked can stop half-way.
    fn sent(&self) -> std::sync::MutexGuard<'_, HashMap<PaymentHash, Option<String>>> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn reply(payment: Payment) -> Reply {
    match payment.status.as_str() {
        "completed" => Reply::Paid { preimage: payment.preimage, fee: payment.fee },
        "failed" | "error" | "expired" => Reply::Failed(BackendErrorKind::NoRoute),
        _ => Reply::Pending,
    }
}

fn is_id(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}
