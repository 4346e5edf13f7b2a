//! [phoenixd](https://phoenix.acinq.co/server), a Lightning node that manages its own channels, over its HTTP API.
//!
//! **Set up.** Read `http-password` in `~/.phoenix/phoenix.conf`. The limited password cannot pay. This one can spend
//! everything the node has: keep in it what may be lost.
//!
//! ```no_run
//! use l402_wallets::{Endpoint, phoenixd::PhoenixdWallet};
//!
//! # fn main() -> Result<(), l402_wallets::ConfigError> {
//! let password = std::env::var("PHOENIXD_PASSWORD").unwrap_or_default();
//! let wallet = PhoenixdWallet::new(Endpoint::new("http://127.0.0.1:9740")?, password)?;
//! # Ok(())
//! # }
//! ```
//!
//! **Fees.** phoenixd has no limit per payment (it pays 0.4 % and 4 sat);
//! [`PayRequest::max_fee`](l402_core::ports::PayRequest::max_fee) is not honoured.
//!
//! **Answers.** The call lasts as long as the payment. After the request's timeout the payment goes on, and lookups tell how
//! it ended; they need a version of 2025-02 or later. A node pays one payment hash once.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash, Preimage};
use l402_providers::http::{CallError, fields};
use l402_providers::phoenixd::api::Api;
use l402_providers::{ConfigError, Endpoint, Secret};
use serde::Deserialize;

use crate::driver::{Bill, PaymentApi, Reply, wallet};

/// Pays from a phoenixd. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct PhoenixdWallet {
    api: Api,
}

impl PhoenixdWallet {
    /// The phoenixd with this (full) password.
    ///
    /// # Errors
    /// [`ConfigError`] when the password is empty.
    pub fn new(endpoint: Endpoint, password: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, &password.into()).map(|api| Self { api })
    }
}

wallet!(PhoenixdWallet, WalletCapabilities::FULL.with_fee_limit(false));

/// Success and failure both come with status 200. One has a preimage, the other a reason.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Paid {
    #[serde(default, deserialize_with = "fields::preimage")]
    payment_preimage: Option<Preimage>,
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    routing_fee_sat: Option<Msat>,
    #[serde(default)]
    payment_id: Option<String>,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outgoing {
    #[serde(default, deserialize_with = "fields::preimage")]
    preimage: Option<Preimage>,
    is_paid: bool,
    /// In millisatoshi.
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    fees: Option<Msat>,
    #[serde(default)]
    completed_at: Option<u64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Balance {
    #[serde(deserialize_with = "fields::sat")]
    balance_sat: Msat,
}

impl PaymentApi for PhoenixdWallet {
    const NAME: &'static str = Api::NAME;

    fn network(&self) -> Network {
        self.api.network
    }

    fn pause(&self) -> Duration {
        self.api.http().pause()
    }

    async fn send(&self, bill: &Bill) -> Result<Reply, CallError> {
        let call = self.api.http().post(&["payinvoice"]).form(&[("invoice", &bill.bolt11)]);
        let answer = call.within(bill.timeout).send().await?;
        if answer.status() == 400 {
            return Err(answer.error_as(BackendErrorKind::InvalidInvoice));
        }
        let paid: Paid = answer.success()?.json()?;
        Ok(match paid.reason {
            Some(reason) if paid.payment_preimage.is_none() => failed(&reason),
            None if paid.payment_id.is_none() && paid.payment_preimage.is_none() => Reply::Unclear,
            _ => {
                // This one is in satoshi.
                let fee = paid.routing_fee_sat.and_then(|sat| Msat::checked_from_sat(sat.as_msat()));
                Reply::Paid { preimage: paid.payment_preimage, fee }
            }
        })
    }

    async fn find(&self, hash: PaymentHash) -> Result<Reply, CallError> {
        let outgoing: Option<Outgoing> = self.api.find("outgoingbyhash", hash).await?;
        Ok(match outgoing {
            None => Reply::NotFound,
            Some(it) if it.is_paid => Reply::Paid { preimage: it.preimage, fee: it.fees },
            Some(it) if it.completed_at.is_some() => Reply::Failed(BackendErrorKind::NoRoute),
            Some(_) => Reply::Pending,
        })
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        let balance: Balance = self.api.http().get(&["getbalance"]).read().await?.success()?.json()?;
        Ok(balance.balance_sat)
    }
}

/// What the node's reasons mean. They are sentences of lightning-kmp (`OutgoingPaymentFailure`).
fn failed(reason: &str) -> Reply {
    const REASONS: [(&str, BackendErrorKind); 7] = [
        ("already been paid", BackendErrorKind::AlreadyPaid),
        ("not enough funds", BackendErrorKind::InsufficientBalance),
        ("channel is not connected", BackendErrorKind::Unavailable),
        ("channel creation is in progress", BackendErrorKind::Unavailable),
        ("channel closing is in progress", BackendErrorKind::Unavailable),
        ("amount must be positive", BackendErrorKind::InvalidInvoice),
        ("features not supported", BackendErrorKind::InvalidInvoice),
    ];
    // These do not say that it is over.
    const UNCLEAR: [&str; 3] = ["another payment is in progress", "wallet restarted", "unknown error"];
    if UNCLEAR.iter().any(|part| reason.contains(part)) {
        return Reply::Unclear;
    }
    let known = REASONS.into_iter().find(|(part, _)| reason.contains(part));
    Reply::Failed(known.map_or(BackendErrorKind::NoRoute, |(_, kind)| kind))
}
