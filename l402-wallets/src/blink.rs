//! [Blink](https://www.blink.sv), a custodial wallet, over its GraphQL API.
//!
//! **Set up.** At <https://dashboard.blink.sv> make an API key with the scopes *Read* and *Write*. It can spend everything in
//! the account: keep in it what may be lost. The BTC wallet pays; name another one with [`BlinkWallet::with_wallet_id`].
//!
//! ```no_run
//! use l402_wallets::blink::BlinkWallet;
//!
//! # fn main() -> Result<(), l402_wallets::ConfigError> {
//! let wallet = BlinkWallet::new(std::env::var("BLINK_API_KEY").unwrap_or_default())?;
//! # Ok(())
//! # }
//! ```
//!
//! **Fees.** There is no limit per payment; Blink itself stops at 0.5 % (10 sat at least).
//! [`PayRequest::max_fee`](l402_core::ports::PayRequest::max_fee) is not honoured.
//!
//! **Answers.** Blink waits up to 45 seconds and then says that it is pending; lookups tell how it ended. It pays one payment
//! hash once. Payments between two Blink accounts return their preimage, too.

use std::time::Duration;

use l402_core::ports::{BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash, Preimage};
use l402_providers::blink::api::{Api, Problem, answer, read};
use l402_providers::http::{CallError, fields};
use l402_providers::{ConfigError, Endpoint, Secret};
use serde::{Deserialize, Serialize};

use crate::driver::{Bill, PaymentApi, Reply, wallet};

const PAY: &str = "mutation Pay($input: LnInvoicePaymentInput!) { lnInvoicePaymentSend(input: $input) { \
    status errors { message code } transaction { status direction settlementFee \
    settlementVia { ... on SettlementViaLn { preImage } ... on SettlementViaIntraLedger { preImage } } } } }";

const FIND: &str = "query Find($walletId: WalletId!, $paymentHash: PaymentHash!) { me { defaultAccount { \
    walletById(walletId: $walletId) { transactionsByPaymentHash(paymentHash: $paymentHash) { \
    status direction settlementFee \
    settlementVia { ... on SettlementViaLn { preImage } ... on SettlementViaIntraLedger { preImage } } } } } } }";

/// Pays from a Blink account. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct BlinkWallet {
    api: Api,
}

impl BlinkWallet {
    /// The account with this API key.
    ///
    /// # Errors
    /// [`ConfigError`] when the key is empty or cannot stand in a header.
    pub fn new(api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Self::at(Endpoint::new(Api::URL)?, api_key)
    }

    /// The account with this API key, at another service that speaks Blink's API. The URL has the path `/graphql`.
    ///
    /// # Errors
    /// As for [`BlinkWallet::new`].
    pub fn at(endpoint: Endpoint, api_key: impl Into<Secret>) -> Result<Self, ConfigError> {
        Api::new(endpoint, api_key.into()).map(|api| Self { api })
    }

    /// Pays from this BTC wallet, and saves asking for the account's wallets.
    #[must_use]
    pub fn with_wallet_id(mut self, id: impl Into<String>) -> Self {
        self.api = self.api.with_wallet_id(id.into());
        self
    }
}

wallet!(BlinkWallet, WalletCapabilities::FULL.with_fee_limit(false));

#[derive(Serialize)]
struct PayVariables<'a> {
    input: PayInput<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayInput<'a> {
    wallet_id: &'a str,
    payment_request: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FindVariables<'a> {
    wallet_id: &'a str,
    payment_hash: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Paid {
    ln_invoice_payment_send: Payload,
}

#[derive(Deserialize)]
struct Payload {
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    errors: Vec<Problem>,
    #[serde(default)]
    transaction: Option<Transaction>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Transaction {
    status: String,
    #[serde(default)]
    direction: Option<String>,
    /// In satoshi.
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    settlement_fee: Option<Msat>,
    #[serde(default)]
    settlement_via: Option<Via>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Via {
    #[serde(default, deserialize_with = "fields::preimage")]
    pre_image: Option<Preimage>,
}

#[derive(Deserialize)]
struct Found {
    me: FoundMe,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundMe {
    default_account: FoundAccount,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundAccount {
    wallet_by_id: FoundWallet,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FoundWallet {
    transactions_by_payment_hash: Vec<Transaction>,
}

impl PaymentApi for BlinkWallet {
    const NAME: &'static str = Api::NAME;

    fn network(&self) -> Network {
        self.api.network
    }

    fn pause(&self) -> Duration {
        self.api.http().pause()
    }

    async fn send(&self, bill: &Bill) -> Result<Reply, CallError> {
        let wallet_id = self.api.wallet_id().await.map_err(CallError::before_acting)?;
        let input = PayInput { wallet_id: &wallet_id, payment_request: &bill.bolt11 };
        let call = self.api.request(PAY, PayVariables { input }).within(bill.timeout);
        let payload = read::<Paid>(&call.send().await?)?.ln_invoice_payment_send;
        Ok(match (payload.status.as_deref(), payload.errors.first(), payload.transaction) {
            (Some("SUCCESS"), _, Some(transaction)) => paid(transaction),
            (Some("ALREADY_PAID"), _, Some(transaction)) if transaction.preimage() => paid(transaction),
            (Some("ALREADY_PAID"), ..) => Reply::Failed(BackendErrorKind::AlreadyPaid),
            (Some("PENDING"), ..) => Reply::Pending,
            (Some("FAILURE"), Some(problem), _) => match problem.kind() {
                BackendErrorKind::InFlight | BackendErrorKind::Unavailable => Reply::Unclear,
                // The payee does not know the invoice.
                BackendErrorKind::NotFound => Reply::Failed(BackendErrorKind::NoRoute),
                kind => Reply::Failed(kind),
            },
            (Some("FAILURE"), None, _) => Reply::Failed(BackendErrorKind::NoRoute),
            _ => Reply::Unclear,
        })
    }

    async fn find(&self, hash: PaymentHash) -> Result<Reply, CallError> {
        let wallet_id = self.api.wallet_id().await?;
        let variables = FindVariables { wallet_id: &wallet_id, payment_hash: hash.to_string() };
        let found: Found = answer(self.api.request(FIND, variables)).await?;
        let mut transactions = found.me.default_account.wallet_by_id.transactions_by_payment_hash;
        // A hash that was paid to this wallet is no payment from it.
        transactions.retain(|it| it.direction.as_deref() != Some("RECEIVE"));
        transactions.sort_by_key(|it| match it.status.as_str() {
            "SUCCESS" => 0,
            "FAILURE" => 2,
            _ => 1,
        });
        Ok(transactions.into_iter().next().map_or(Reply::NotFound, |it| match it.status.as_str() {
            "SUCCESS" => paid(it),
            "FAILURE" => Reply::Failed(BackendErrorKind::NoRoute),
            _ => Reply::Pending,
        }))
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        self.api.balance().await
    }
}

impl Transaction {
    fn preimage(&self) -> bool {
        self.settlement_via.as_ref().is_some_and(|via| via.pre_image.is_some())
    }
}

fn paid(transaction: Transaction) -> Reply {
    let fee = transaction.settlement_fee.and_then(|sats| Msat::checked_from_sat(sats.as_msat()));
    Reply::Paid { preimage: transaction.settlement_via.and_then(|via| via.pre_image), fee }
}
