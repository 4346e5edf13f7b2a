//! [Alby Hub](https://albyhub.com), a self-custodial node, over the HTTP API of its own front end.
//!
//! **Set up.** Ask the hub for a token, with its unlock password and as many days as suit you. It can do everything that the
//! password can.
//!
//! ```text
//! curl https://hub.example.com/api/unlock -H 'content-type: application/json' \
//!     -d '{"unlockPassword": "...", "permission": "full", "tokenExpiryDays": 365}'
//! ```
//!
//! ```no_run
//! use l402_wallets::{Endpoint, alby::AlbyWallet};
//!
//! # fn main() -> Result<(), l402_wallets::ConfigError> {
//! let token = std::env::var("ALBY_HUB_TOKEN").unwrap_or_default();
//! let wallet = AlbyWallet::new(Endpoint::new("https://hub.example.com")?, token)?;
//! # Ok(())
//! # }
//! ```
//!
//! The API is the hub's internal one and may change with any version; a connection over NWC is what Alby supports, and that
//! can have a budget.
//!
//! **Fees.** There is no limit per payment; [`PayRequest::max_fee`](l402_core::ports::PayRequest::max_fee) is not honoured.
//!
//! **Answers.** The call lasts as long as the payment. A hub pays one payment hash once.
//!
//! [`AlbyAccountWallet`] is for accounts that Alby itself still keeps.

mod account;

use std::time::Duration;

use l402_core::ports::{BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash};
use l402_providers::alby::api::{Api, Transaction};
use l402_providers::http::{Answer, CallError, fields};
use l402_providers::{ConfigError, Endpoint, Secret};
use serde::{Deserialize, Serialize};

use crate::driver::{Bill, PaymentApi, Reply, wallet};

pub use account::AlbyAccountWallet;

/// Pays from an Alby Hub. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct AlbyWallet {
    api: Api,
}

impl AlbyWallet {
    /// The hub with this token. `endpoint` is the hub, without `/api`.
    ///
    /// # Errors
    /// [`ConfigError`] when the token is empty or cannot stand in a header.
    pub fn new(endpoint: Endpoint, token: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, &token.into()).map(|api| Self { api })
    }
}

wallet!(AlbyWallet, WalletCapabilities::FULL.with_fee_limit(false));

#[derive(Serialize)]
struct Nothing {}

#[derive(Deserialize)]
struct Balances {
    lightning: Lightning,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lightning {
    #[serde(deserialize_with = "fields::msat")]
    total_spendable_msat: Msat,
}

#[derive(Deserialize)]
struct Failure {
    message: String,
}

impl PaymentApi for AlbyWallet {
    const NAME: &'static str = Api::NAME;

    fn network(&self) -> Network {
        self.api.network
    }

    fn pause(&self) -> Duration {
        self.api.http().pause()
    }

    async fn send(&self, bill: &Bill) -> Result<Reply, CallError> {
        let call = self.api.http().post(&["api", "payments", &bill.bolt11]).json(&Nothing {});
        let answer = call.within(bill.timeout).send().await?;
        if answer.is_success() {
            return answer.json().map(reply);
        }
        failed(&answer).ok_or_else(|| answer.error())
    }

    async fn find(&self, hash: PaymentHash) -> Result<Reply, CallError> {
        let transaction = self.api.transaction(hash).await?.filter(|it| it.direction != "incoming");
        Ok(transaction.map_or(Reply::NotFound, reply))
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        let answer = self.api.http().get(&["api", "balances"]).read().await?.success()?;
        Ok(answer.json::<Balances>()?.lightning.total_spendable_msat)
    }
}

fn reply(transaction: Transaction) -> Reply {
    match transaction.state.as_str() {
        "settled" => Reply::Paid { preimage: transaction.preimage, fee: transaction.fees_paid_msat },
        "failed" => Reply::Failed(BackendErrorKind::NoRoute),
        _ => Reply::Pending,
    }
}

/// What an error of the hub itself means. They come with status 500, and differ by their text.
fn failed(answer: &Answer) -> Option<Reply> {
    const TEXTS: [(&str, BackendErrorKind); 4] = [
        ("already been paid", BackendErrorKind::AlreadyPaid),
        ("has expired", BackendErrorKind::Expired),
        ("nsufficient", BackendErrorKind::InsufficientBalance),
        ("uota", BackendErrorKind::LimitExceeded),
    ];
    if answer.status() != 500 {
        return None;
    }
    let Failure { message } = answer.json().ok()?;
    if message.contains("already a payment pending") {
        return Some(Reply::Unclear);
    }
    let known = TEXTS.into_iter().find(|(part, _)| message.contains(part));
    // For anything else the hub has recorded how it ended.
    Some(known.map_or(Reply::Pending, |(_, kind)| Reply::Failed(kind)))
}
