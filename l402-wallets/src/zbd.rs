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

use std::time::Duration;

use l402_core::ports::{BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash, Preimage};
use l402_providers::http::{CallError, fields};
use l402_providers::zbd::api::{Api, read};
use l402_providers::{ConfigError, Endpoint, Secret};
use serde::{Deserialize, Serialize};

use crate::driver::{Bill, PaymentApi, Reply, wallet};
use crate::sent::Sent;

/// Pays from a ZBD project. See the [module](self). Clones share the connection and the memory of payments.
#[derive(Clone, Debug)]
pub struct ZbdWallet {
    api: Api,
    sent: Sent,
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
        Api::new(endpoint, api_key.into()).map(|api| Self { api, sent: Sent::default() })
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
        if !self.sent.begin(Api::NAME, bill.facts.payment_hash)? {
            return Ok(Reply::Unclear);
        }
        let call = self.api.http().post(&["v0", "payments"]).json(&Pay { invoice: &bill.bolt11 });
        let said = call.within(bill.timeout).send().await.and_then(read::<Payment>);
        self.note(bill.facts.payment_hash, said)
    }

    async fn find(&self, hash: PaymentHash) -> Result<Reply, CallError> {
        let id = self.sent.id(Api::NAME, hash)?;
        let said = self.api.http().get(&["v0", "payments", &id]).read().await.and_then(read::<Payment>);
        self.note(hash, said)
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        let answer = self.api.http().get(&["v0", "wallet"]).read().await?;
        read::<Balance>(answer).map(|wallet| wallet.balance)
    }
}

impl ZbdWallet {
    fn note(&self, hash: PaymentHash, said: Result<Payment, CallError>) -> Result<Reply, CallError> {
        let said = said.map(|payment| {
            self.sent.found_by(hash, payment.id.clone());
            reply(payment)
        });
        self.sent.conclude(hash, said)
    }
}

fn reply(payment: Payment) -> Reply {
    match payment.status.as_str() {
        "completed" => Reply::Paid { preimage: payment.preimage, fee: payment.fee },
        "failed" | "error" | "expired" => Reply::Failed(BackendErrorKind::NoRoute),
        _ => Reply::Pending,
    }
}
