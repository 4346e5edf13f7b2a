//! [`AlbyAccountWallet`]: the older API, of accounts that Alby keeps.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash, Preimage};
use l402_providers::http::{Answer, CallError, Http, fields};
use l402_providers::{ConfigError, Endpoint, Secret};
use serde::{Deserialize, Serialize};

use crate::driver::{Bill, PaymentApi, Reply, wallet};
use crate::sent::Sent;

/// Where Alby is.
const URL: &str = "https://api.getalby.com";

/// Pays from an account at Alby, over the [Alby Wallet API](https://guides.getalby.com/developer-guide/alby-wallet-api), with an
/// access token of the scopes `payments:send` and `balance:read`. Clones share the connection and the memory of payments.
///
/// This is for those who have such a token already: Alby has been moving accounts to hubs of their owners, which
/// [`AlbyWallet`](super::AlbyWallet) and [`crate::nwc`] are for.
///
/// ```no_run
/// use l402_wallets::alby::AlbyAccountWallet;
///
/// # fn main() -> Result<(), l402_wallets::ConfigError> {
/// let wallet = AlbyAccountWallet::new(std::env::var("ALBY_ACCESS_TOKEN").unwrap_or_default())?;
/// # Ok(())
/// # }
/// ```
///
/// **Fees.** There is no limit per payment; [`PayRequest::max_fee`](l402_core::ports::PayRequest::max_fee) is not honoured.
///
/// **Answers.** The call lasts as long as the payment, and nothing documented looks one up afterwards: an outcome that is
/// lost stays pending. A wallet remembers what it sent and sends no invoice twice; a program that starts anew has to
/// remember for itself, as `l402-client` does with a journal.
#[derive(Clone, Debug)]
pub struct AlbyAccountWallet {
    api: Api,
    sent: Sent,
}

#[derive(Clone, Debug)]
struct Api {
    http: Http,
    network: Network,
}

impl AlbyAccountWallet {
    /// The account with this access token.
    ///
    /// # Errors
    /// [`ConfigError`] when the token is empty or cannot stand in a header.
    pub fn new(access_token: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::at(Endpoint::new(URL)?, access_token)
    }

    /// The account with this access token, at another service that speaks this API.
    ///
    /// # Errors
    /// As for [`AlbyAccountWallet::new`].
    pub fn at(endpoint: Endpoint, access_token: impl Into<Secret>) -> Result<Self, ConfigError> {
        let token = access_token.into();
        if token.expose().is_empty() {
            return Err(ConfigError::EmptyCredential);
        }
        let http = Http::new(Self::NAME, endpoint, Some(("authorization", token.after("Bearer "))))?;
        let api = Api { http: http.hiding(&token), network: Network::Bitcoin };
        Ok(Self { api, sent: Sent::default() })
    }
}

wallet!(AlbyAccountWallet, WalletCapabilities::FULL.with_fee_limit(false).with_lookup(false));

#[derive(Serialize)]
struct Pay<'a> {
    invoice: &'a str,
}

#[derive(Deserialize)]
struct Paid {
    #[serde(default, deserialize_with = "fields::preimage")]
    payment_preimage: Option<Preimage>,
    /// As a number, which is one of satoshi.
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    fee: Option<Msat>,
}

#[derive(Deserialize)]
struct Balance {
    #[serde(deserialize_with = "fields::sat")]
    balance: Msat,
    unit: String,
}

impl PaymentApi for AlbyAccountWallet {
    const NAME: &'static str = "alby-account";

    fn network(&self) -> Network {
        self.api.network
    }

    fn pause(&self) -> Duration {
        self.api.http.pause()
    }

    async fn send(&self, bill: &Bill) -> Result<Reply, CallError> {
        let hash = bill.facts.payment_hash;
        if !self.sent.begin(Self::NAME, hash)? {
            return Ok(Reply::Unclear);
        }
        let call = self.api.http.post(&["payments", "bolt11"]).json(&Pay { invoice: &bill.bolt11 });
        let said = call.within(bill.timeout).send().await.and_then(|answer| reply(&answer));
        self.sent.conclude(hash, said)
    }

    async fn find(&self, _: PaymentHash) -> Result<Reply, CallError> {
        let error = CallError::refused(Self::NAME, BackendErrorKind::Unsupported);
        Err(error.because("nothing documented looks payments of an account up; see them at Alby"))
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        let answer = self.api.http.get(&["balance"]).read().await?.success()?;
        let balance: Balance = answer.json()?;
        if balance.unit == "sat" {
            Ok(balance.balance)
        } else {
            Err(answer.error_as(BackendErrorKind::Protocol))
        }
    }
}

fn reply(answer: &Answer) -> Result<Reply, CallError> {
    if answer.is_success() {
        let Paid { payment_preimage, fee } = answer.json()?;
        let fee = fee.and_then(|sats| Msat::checked_from_sat(sats.as_msat()));
        return Ok(Reply::Paid { preimage: payment_preimage, fee });
    }
    match answer.status() {
        400 if answer.text().contains("balance") => Ok(Reply::Failed(BackendErrorKind::InsufficientBalance)),
        // Perhaps by an earlier call whose answer was lost.
        400 if ["already", "paid"].iter().all(|word| answer.text().contains(word)) => {
            Ok(Reply::Failed(BackendErrorKind::AlreadyPaid))
        }
        400 => Ok(Reply::Failed(BackendErrorKind::InvalidInvoice)),
        _ => Err(answer.error()),
    }
}
