//! [LNbits](https://lnbits.com), self-hosted or hosted, over its REST API (1.x; 0.12 and later should do).
//!
//! **Set up.** In the LNbits wallet that is to pay, open *API docs* and copy the *Admin key*; the invoice key cannot spend.
//! The key can spend everything in that wallet: make one for this purpose and fund it with what may be lost.
//!
//! ```no_run
//! use l402_wallets::{Endpoint, lnbits::LnbitsWallet};
//!
//! # fn main() -> Result<(), l402_wallets::ConfigError> {
//! let key = std::env::var("LNBITS_ADMIN_KEY").unwrap_or_default();
//! let wallet = LnbitsWallet::new(Endpoint::new("https://lnbits.example.com")?, key)?;
//! # Ok(())
//! # }
//! ```
//!
//! **Fees.** There is no limit per payment: LNbits reserves 1 % (2 sat at least) and
//! [`PayRequest::max_fee`](l402_core::ports::PayRequest::max_fee) is not honoured.
//!
//! **Answers.** LNbits waits some seconds for a payment and then says `pending`; this wallet then looks again until the
//! request's timeout. Its error answers (HTTP 520) can call a payment failed that is not, so what became of it is looked
//! up. An instance pays one payment hash once.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash};
use l402_providers::http::{CallError, fields};
use l402_providers::lnbits::api::{Api, Payment, failure};
use l402_providers::{ConfigError, Endpoint, Secret};
use serde::{Deserialize, Serialize};

use crate::driver::{Bill, PaymentApi, Reply, wallet};

/// Pays from a wallet of an LNbits instance. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct LnbitsWallet {
    api: Api,
}

impl LnbitsWallet {
    /// The wallet with this admin key. `endpoint` is the instance, without `/api`.
    ///
    /// # Errors
    /// [`ConfigError`] when the key is empty or cannot stand in a header.
    pub fn new(endpoint: Endpoint, admin_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, admin_key.into()).map(|api| Self { api })
    }
}

wallet!(LnbitsWallet, WalletCapabilities::FULL.with_fee_limit(false));

#[derive(Serialize)]
struct Pay<'a> {
    out: bool,
    bolt11: &'a str,
}

#[derive(Deserialize)]
struct Wallet {
    #[serde(deserialize_with = "fields::msat")]
    balance: Msat,
}

impl PaymentApi for LnbitsWallet {
    const NAME: &'static str = Api::NAME;

    fn network(&self) -> Network {
        self.api.network
    }

    fn pause(&self) -> Duration {
        self.api.http().pause()
    }

    async fn send(&self, bill: &Bill) -> Result<Reply, CallError> {
        let body = Pay { out: true, bolt11: &bill.bolt11 };
        let answer = self.api.payments().json(&body).within(bill.timeout).send().await?;
        if answer.is_success() {
            let payment: Payment = answer.json()?;
            // Versions before 1.0 answer the hash alone.
            return Ok(if payment.status.is_some() { reply(payment) } else { Reply::Pending });
        }
        let error = failure(&answer);
        // Which texts come with which state of the payment is not dependable; the payment itself is.
        match (answer.status(), error.kind()) {
            (520, kind) => Ok(self
                .find(bill.facts.payment_hash)
                .await
                .map_or(Reply::Unclear, |reply| or_kind(reply, kind))),
            _ => Err(error),
        }
    }

    async fn find(&self, hash: PaymentHash) -> Result<Reply, CallError> {
        let payment = self.api.payment(hash).await?.filter(|payment| !payment.is_incoming());
        Ok(payment.map_or(Reply::NotFound, reply))
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        let answer = self.api.http().get(&["api", "v1", "wallet"]).read().await?;
        if !answer.is_success() {
            return Err(failure(&answer));
        }
        answer.json::<Wallet>().map(|wallet| wallet.balance)
    }
}

fn reply(payment: Payment) -> Reply {
    match payment.status.as_deref() {
        Some("failed") => Reply::Failed(BackendErrorKind::NoRoute),
        Some("success") => paid(payment),
        _ if payment.paid => paid(payment),
        _ => Reply::Pending,
    }
}

fn paid(payment: Payment) -> Reply {
    let fee = payment.fee();
    Reply::Paid { preimage: payment.preimage, fee }
}

/// What the lookup says, and the reason where it has none: LNbits refused before it recorded a payment.
fn or_kind(found: Reply, kind: BackendErrorKind) -> Reply {
    match found {
        Reply::NotFound | Reply::Failed(_) if kind != BackendErrorKind::InFlight => Reply::Failed(kind),
        found => found,
    }
}
