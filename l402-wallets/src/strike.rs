//! [Strike](https://strike.me), a custodial service, over its REST API.
//!
//! **Set up.** At <https://dashboard.strike.me> make an API key with the scopes `partner.payment-quote.lightning.create`,
//! `partner.payment-quote.execute`, `partner.payment.read` and `partner.balances.read`. It can spend the account's bitcoin
//! balance.
//!
//! ```no_run
//! use l402_wallets::strike::StrikeWallet;
//!
//! # fn main() -> Result<(), l402_wallets::ConfigError> {
//! let wallet = StrikeWallet::new(std::env::var("STRIKE_API_KEY").unwrap_or_default())?;
//! # Ok(())
//! # }
//! ```
//!
//! **Fees.** [`PayRequest::max_fee`](l402_core::ports::PayRequest::max_fee) is honoured: Strike quotes what a payment takes
//! altogether before it pays, and a quote above amount and limit is not executed.
//!
//! **Answers.** The preimage stands in the record of the payment (`lightning.preImage`), for which the key needs
//! `partner.payment.read`; a payment without one stays pending. Strike finds payments by its own ids alone, and not by
//! payment hash. So a payment is followed to its end within the call that began it, and cannot be looked up afterwards. A
//! wallet remembers what it sent and sends no invoice twice, and Strike refuses one that it has paid; a program that starts
//! anew has to remember for itself, as `l402-client` does with a journal.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash, Preimage};
use l402_providers::http::{Answer, CallError, fields};
use l402_providers::strike::api::Api;
use l402_providers::strike::btc;
use l402_providers::{ConfigError, Endpoint, Secret};
use serde::{Deserialize, Serialize};

use crate::driver::{Bill, PaymentApi, Reply, wallet};
use crate::sent::Sent;

/// Pays from a Strike account. See the [module](self). Clones share the connection and the memory of payments.
#[derive(Clone, Debug)]
pub struct StrikeWallet {
    api: Api,
    sent: Sent,
}

impl StrikeWallet {
    /// The account with this API key.
    ///
    /// # Errors
    /// [`ConfigError`] when the key is empty or cannot stand in a header.
    pub fn new(api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::at(Endpoint::new(Api::URL)?, api_key)
    }

    /// The account with this API key, at another service that speaks Strike's API. The URL is without `/v1`.
    ///
    /// # Errors
    /// As for [`StrikeWallet::new`].
    pub fn at(endpoint: Endpoint, api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, &api_key.into()).map(|api| Self { api, sent: Sent::default() })
    }
}

wallet!(StrikeWallet, WalletCapabilities::FULL.with_lookup(false));

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewQuote<'a> {
    ln_invoice: &'a str,
    source_currency: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Quote {
    payment_quote_id: String,
    total_amount: Money,
}

#[derive(Deserialize)]
struct Money {
    amount: String,
    currency: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    #[serde(default)]
    payment_id: Option<String>,
    state: String,
    #[serde(default)]
    lightning: Option<Lightning>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Lightning {
    #[serde(default, deserialize_with = "fields::preimage")]
    pre_image: Option<Preimage>,
    #[serde(default)]
    network_fee: Option<Money>,
}

#[derive(Deserialize)]
struct Balance {
    currency: String,
    available: String,
}

#[derive(Deserialize)]
struct Failure {
    data: FailureData,
}

#[derive(Deserialize)]
struct FailureData {
    code: String,
}

impl PaymentApi for StrikeWallet {
    const NAME: &'static str = Api::NAME;

    fn network(&self) -> Network {
        self.api.network
    }

    fn pause(&self) -> Duration {
        self.api.http().pause()
    }

    async fn send(&self, bill: &Bill) -> Result<Reply, CallError> {
        let hash = bill.facts.payment_hash;
        if !self.sent.begin(Api::NAME, hash)? {
            return Ok(Reply::Unclear);
        }
        let said = match self.quote(bill).await {
            Ok(Ok(quote)) => self.execute(bill, &quote).await,
            Ok(Err(refused)) => Ok(refused),
            Err(error) => Err(error.before_acting()),
        };
        self.sent.conclude(hash, said)
    }

    async fn find(&self, hash: PaymentHash) -> Result<Reply, CallError> {
        let id = self.sent.id(Api::NAME, hash)?;
        let answer = self.api.http().get(&["v1", "payments", &id]).read().await?.success()?;
        self.sent.conclude(hash, answer.json().map(reply))
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        let answer = self.api.http().get(&["v1", "balances"]).read().await?.success()?;
        let bitcoin = answer.list::<Balance>()?.into_iter().find(|balance| balance.currency == "BTC");
        // An account without one holds none.
        let Some(bitcoin) = bitcoin else { return Ok(Msat::ZERO) };
        btc::to_msat(&bitcoin.available).ok_or_else(|| answer.error_as(BackendErrorKind::Protocol))
    }
}

impl StrikeWallet {
    /// A quote that is within the limit, or why there is none. Nothing is paid by it.
    async fn quote(&self, bill: &Bill) -> Result<Result<String, Reply>, CallError> {
        let body = NewQuote { ln_invoice: &bill.bolt11, source_currency: "BTC" };
        let answer = self.api.http().post(&["v1", "payment-quotes", "lightning"]).json(&body).send().await?;
        if !answer.is_success() {
            return failed(&answer).map(Err);
        }
        let quote: Quote = answer.json()?;
        let total = Some(quote.total_amount).filter(|total| total.currency == "BTC");
        let total = total.and_then(|total| btc::to_msat(&total.amount));
        let Some(total) = total else { return Err(answer.error_as(BackendErrorKind::Protocol)) };
        let limit = bill.facts.amount.unwrap_or(Msat::ZERO).checked_add(bill.max_fee);
        if limit.is_some_and(|limit| total > limit) {
            return Ok(Err(Reply::Failed(BackendErrorKind::FeeTooHigh)));
        }
        Ok(Ok(quote.payment_quote_id))
    }

    async fn execute(&self, bill: &Bill, quote: &str) -> Result<Reply, CallError> {
        let call = self.api.http().patch(&["v1", "payment-quotes", quote, "execute"]);
        let answer = call.within(bill.timeout).send().await?;
        if !answer.is_success() {
            // A code that is not known may say that the payment is under way, as some with this status do.
            return if answer.status() == 422 {
                Ok(failed(&answer).unwrap_or(Reply::Unclear))
            } else {
                failed(&answer)
            };
        }
        let payment: Payment = answer.json()?;
        self.sent.found_by(bill.facts.payment_hash, payment.payment_id.clone());
        Ok(reply(payment))
    }
}

fn reply(payment: Payment) -> Reply {
    match (payment.state.as_str(), payment.lightning) {
        ("COMPLETED", Some(Lightning { pre_image: Some(preimage), network_fee })) => {
            let fee =
                network_fee.filter(|fee| fee.currency == "BTC").and_then(|fee| btc::to_msat(&fee.amount));
            Reply::Paid { preimage: Some(preimage), fee }
        }
        ("FAILED", _) => Reply::Failed(BackendErrorKind::NoRoute),
        // It may be completed before its preimage is recorded.
        _ => Reply::Pending,
    }
}

/// What the code in an error means; otherwise, what its status does.
fn failed(answer: &Answer) -> Result<Reply, CallError> {
    let code = answer.json().map(|failure: Failure| failure.data.code).unwrap_or_default();
    Ok(match code.as_str() {
        "BALANCE_TOO_LOW" => Reply::Failed(BackendErrorKind::InsufficientBalance),
        "INVALID_LN_INVOICE" => Reply::Failed(BackendErrorKind::InvalidInvoice),
        "INVALID_STATE_FOR_INVOICE_EXPIRED" => Reply::Failed(BackendErrorKind::Expired),
        "LN_ROUTE_NOT_FOUND" => Reply::Failed(BackendErrorKind::NoRoute),
        "PAYMENT_QUOTE_EXPIRED" => Reply::Failed(BackendErrorKind::Timeout),
        "LN_INVOICE_PROCESSED" | "PAYMENT_PROCESSED" => Reply::Failed(BackendErrorKind::AlreadyPaid),
        "PROCESSING_PAYMENT" | "PROCESSING_CONFLICT" | "DUPLICATE_PAYMENT_QUOTE" => Reply::Unclear,
        _ => return Err(answer.error()),
    })
}
