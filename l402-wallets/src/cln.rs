//! [Core Lightning](https://corelightning.org) 23.08 and later, over clnrest or on the same machine over its Unix socket.
//!
//! **Set up, over clnrest.** Start `lightningd` with `clnrest-port=3010` and make a rune that can do these things and nothing
//! else; the certificate of its authority is `ca.pem` in lightningd's folder of the network:
//!
//! ```text
//! lightning-cli createrune \
//!     restrictions='[["method=xpay","method=pay","method=listpays","method=listpeerchannels"]]'
//! ```
//!
//! ```no_run
//! use l402_wallets::{Endpoint, cln::{ClnWallet, Rune}};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let rune = std::env::var("CLN_RUNE")?;
//! let endpoint = Endpoint::new("https://node.example.com:3010")?.root_certificate(&std::fs::read("ca.pem")?)?;
//! let wallet = ClnWallet::rest(endpoint, Rune::new(rune))?;
//! # Ok(())
//! # }
//! ```
//!
//! **Set up, over the socket.** `ClnWallet::socket("/home/bitcoin/.lightning/bitcoin/lightning-rpc")`, and the right to open
//! that file.
//!
//! **Fees.** [`PayRequest::max_fee`](l402_core::ports::PayRequest::max_fee) is honoured to the millisatoshi.
//!
//! **Answers.** Pays with `xpay`, before 24.11 with `pay`; both stop trying at the request's timeout, or after ten minutes. A
//! failure is believed when no attempt is under way any more. `listpays` calls a payment failed between two attempts, too
//! ([#9036](https://github.com/ElementsProject/lightning/issues/9036)), so a lookup that finds one says that it is pending
//! until no attempt can follow. A node pays one payment hash once.

use std::cmp::Reverse;
use std::time::Duration;

use l402_core::ports::{BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash, Preimage};
pub use l402_providers::cln::Rune;
use l402_providers::cln::api::{Api, Effect, INVALID_PARAMS, METHOD_NOT_FOUND, Pay, Rpc, failure};
use l402_providers::http::{CallError, fields};
use l402_providers::{ConfigError, Endpoint};
use serde::{Deserialize, Serialize};

use crate::attempts;
use crate::driver::{Bill, PaymentApi, Reply, wallet};

/// Pays from a lightningd. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct ClnWallet {
    api: Api,
}

impl ClnWallet {
    /// The lightningd behind this clnrest.
    ///
    /// # Errors
    /// [`ConfigError`] when the rune is empty.
    pub fn rest(endpoint: Endpoint, rune: Rune) -> Result<Self, ConfigError> {
        Api::rest(endpoint, rune).map(|api| Self { api })
    }

    /// The lightningd of this socket, a file called `lightning-rpc`.
    ///
    /// # Errors
    /// [`ConfigError`] when the path is too long for a socket.
    #[cfg(unix)]
    pub fn socket(path: impl AsRef<std::path::Path>) -> Result<Self, ConfigError> {
        Api::socket(path.as_ref()).map(|api| Self { api })
    }

    /// What a failure means, unless an attempt goes on after it. None begins any more.
    async fn failed(&self, hash: PaymentHash, kind: BackendErrorKind) -> Reply {
        match self.best(hash).await.map(|found| found.map(attempt)) {
            Ok(None | Some(Reply::Failed(_))) => Reply::Failed(kind),
            Ok(Some(reply)) => reply,
            Err(_) => Reply::Unclear,
        }
    }

    /// One hash has an entry for each time it was to be paid. The best of them counts, and of several that failed the last.
    async fn best(&self, hash: PaymentHash) -> Result<Option<Pay>, CallError> {
        let pays = self.api.pays(hash).await?;
        Ok(pays.into_iter().min_by_key(|pay| {
            let rank = match pay.status.as_str() {
                "complete" => 0,
                "failed" => 2,
                _ => 1,
            };
            (rank, Reverse(pay.created_at))
        }))
    }
}

wallet!(ClnWallet, WalletCapabilities::FULL);

#[derive(Serialize)]
struct Xpay<'a> {
    invstring: &'a str,
    maxfee: u64,
    retry_for: u64,
}

/// Deprecated since 26.06, for versions before 24.11.
#[derive(Serialize)]
struct OldPay<'a> {
    bolt11: &'a str,
    maxfee: u64,
    retry_for: u64,
}

#[derive(Deserialize)]
struct Paid {
    #[serde(default, deserialize_with = "fields::preimage")]
    payment_preimage: Option<Preimage>,
    #[serde(deserialize_with = "fields::msat")]
    amount_msat: Msat,
    #[serde(deserialize_with = "fields::msat")]
    amount_sent_msat: Msat,
    /// Of `pay` alone.
    #[serde(default)]
    status: Option<String>,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Deserialize)]
struct Channels {
    channels: Vec<Channel>,
}

#[derive(Deserialize)]
struct Channel {
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    spendable_msat: Option<Msat>,
}

impl PaymentApi for ClnWallet {
    const NAME: &'static str = Api::NAME;

    fn network(&self) -> Network {
        self.api.network
    }

    fn pause(&self) -> Duration {
        self.api.pause()
    }

    async fn send(&self, bill: &Bill) -> Result<Reply, CallError> {
        let (invoice, maxfee) = (bill.bolt11.as_str(), bill.max_fee.as_msat());
        // A little less than we wait, so that lightningd's own end of it is heard.
        let retry_for = bill.timeout.as_secs().saturating_sub(1).clamp(1, attempts::LONGEST);
        let effect = Effect::Writes(Some(bill.timeout));
        let xpay = Xpay { invstring: invoice, maxfee, retry_for };
        let mut said: Result<Paid, Rpc> = self.api.call("xpay", &xpay, effect).await?;
        if said.as_ref().is_err_and(|rpc| rpc.code == METHOD_NOT_FOUND) {
            let pay = OldPay { bolt11: invoice, maxfee, retry_for };
            said = self.api.call("pay", &pay, effect).await?;
        }
        match said {
            Ok(paid) => Ok(reply(paid)),
            // Before the first attempt.
            Err(Rpc { code: INVALID_PARAMS, .. }) => Ok(Reply::Failed(BackendErrorKind::InvalidInvoice)),
            Err(rpc) => match meaning(&rpc) {
                Some(BackendErrorKind::AlreadyPaid) => Ok(Reply::Failed(BackendErrorKind::AlreadyPaid)),
                Some(kind) => Ok(self.failed(bill.facts.payment_hash, kind).await),
                None => Ok(Reply::Pending),
            },
        }
    }

    async fn find(&self, hash: PaymentHash) -> Result<Reply, CallError> {
        Ok(match self.best(hash).await? {
            None => Reply::NotFound,
            Some(pay) if pay.status == "failed" && !pay.created_at.is_some_and(attempts::are_over) => {
                Reply::Pending
            }
            Some(pay) => attempt(pay),
        })
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        let said: Result<Channels, Rpc> =
            self.api.call("listpeerchannels", &Nothing {}, Effect::Reads).await?;
        let channels = said.map_err(|rpc| failure(&rpc))?.channels;
        let amounts = channels.iter().filter_map(|channel| channel.spendable_msat);
        let sum = amounts.map(Msat::as_msat).fold(0, u64::saturating_add);
        Ok(Msat::from_msat(sum))
    }
}

fn reply(paid: Paid) -> Reply {
    match paid.status.as_deref() {
        None | Some("complete") => {
            let fee = paid.amount_sent_msat.checked_sub(paid.amount_msat);
            Reply::Paid { preimage: paid.payment_preimage, fee }
        }
        _ => Reply::Pending,
    }
}

fn attempt(pay: Pay) -> Reply {
    match pay.status.as_str() {
        "complete" => Reply::Paid { fee: pay.fee(), preimage: pay.preimage },
        "failed" => Reply::Failed(BackendErrorKind::NoRoute),
        _ => Reply::Pending,
    }
}

/// What the codes of `xpay` and `pay` mean; `None` when they do not say that it is over.
fn meaning(rpc: &Rpc) -> Option<BackendErrorKind> {
    Some(match rpc.code {
        METHOD_NOT_FOUND => BackendErrorKind::Unsupported,
        201 | 219 => BackendErrorKind::AlreadyPaid,
        203 => BackendErrorKind::InvalidInvoice,
        206 => BackendErrorKind::FeeTooHigh,
        207 => BackendErrorKind::Expired,
        210 => BackendErrorKind::Timeout,
        205 | 209 if rpc.message.to_lowercase().contains("insufficient") => {
            BackendErrorKind::InsufficientBalance
        }
        205 | 209 => BackendErrorKind::NoRoute,
        _ => return None,
    })
}
