//! The GraphQL API of Blink, as far as invoices and payments need it.

use std::sync::{Arc, OnceLock};

use l402_core::ports::BackendErrorKind;
use l402_core::{Msat, Network, PaymentHash, Preimage};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::http::{Call, CallError, ConfigError, Endpoint, Http, Secret, fields};

const ME: &str = "query Me { me { defaultAccount { wallets { id walletCurrency balance } } } }";

const CREATE: &str = "mutation Create($input: LnInvoiceCreateInput!) { lnInvoiceCreate(input: $input) { \
    invoice { paymentRequest paymentHash } errors { message code } } }";

const STATUS: &str = "query Status($input: LnInvoicePaymentStatusByHashInput!) { \
    lnInvoicePaymentStatusByHash(input: $input) { status paymentPreimage } }";

/// A Blink account, reached with an API key.
#[derive(Clone, Debug)]
pub struct Api {
    http: Http,
    wallet_id: Arc<OnceLock<String>>,
    /// The network of its invoices.
    pub network: Network,
}

/// An error among the answers, which come with status 200.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Problem {
    /// For people.
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    extensions: Option<Extensions>,
}

#[derive(Debug, Deserialize)]
struct Extensions {
    #[serde(default)]
    code: Option<String>,
}

#[derive(Serialize)]
struct Request<'a, V> {
    query: &'a str,
    variables: V,
}

#[derive(Deserialize)]
struct Problems {
    #[serde(default)]
    errors: Option<Vec<Problem>>,
}

#[derive(Deserialize)]
struct Data<T> {
    data: T,
}

#[derive(Serialize)]
struct Input<T> {
    input: T,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Me {
    me: MyAccount,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MyAccount {
    default_account: Account,
}

#[derive(Deserialize)]
struct Account {
    wallets: Vec<Wallet>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wallet {
    id: String,
    wallet_currency: String,
    /// In satoshi for a BTC wallet, in cents for a USD wallet.
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    balance: Option<Msat>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct NewInvoice<'a> {
    wallet_id: &'a str,
    amount: u64,
    memo: &'a str,
    /// In minutes.
    expires_in: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LnInvoiceCreate {
    ln_invoice_create: Payload,
}

#[derive(Deserialize)]
struct Payload {
    invoice: Option<Created>,
    #[serde(default)]
    errors: Vec<Problem>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Created {
    pub(super) payment_request: String,
    #[serde(default, deserialize_with = "fields::hash")]
    pub(super) payment_hash: Option<PaymentHash>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ByHash {
    payment_hash: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusByHash {
    ln_invoice_payment_status_by_hash: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Status {
    pub(super) status: String,
    #[serde(default, deserialize_with = "fields::preimage")]
    pub(super) payment_preimage: Option<Preimage>,
}

impl Api {
    /// The short name in errors.
    pub const NAME: &'static str = "blink";

    /// Where Blink is.
    pub const URL: &'static str = "https://api.blink.sv/graphql";

    /// # Errors
    /// [`ConfigError`] when the key cannot stand in a header.
    pub fn new(endpoint: Endpoint, key: Secret) -> Result<Self, ConfigError> {
        let http = Http::new(Self::NAME, endpoint, Some(("x-api-key", key)))?;
        Ok(Self { http, wallet_id: Arc::default(), network: Network::Bitcoin })
    }

    /// Uses this wallet of the account.
    #[must_use]
    pub fn with_wallet_id(mut self, id: String) -> Self {
        self.wallet_id = Arc::new(id.into());
        self
    }

    /// The connection.
    #[must_use]
    pub const fn http(&self) -> &Http {
        &self.http
    }

    /// The wallet to use: the account's BTC wallet, which is asked for once.
    ///
    /// # Errors
    /// [`CallError`]; nothing else was asked for, so nothing was done.
    pub async fn wallet_id(&self) -> Result<String, CallError> {
        if let Some(id) = self.wallet_id.get() {
            return Ok(id.clone());
        }
        let wallet = self.btc_wallet().await?;
        Ok(self.wallet_id.get_or_init(|| wallet.id).clone())
    }

    /// What the wallet holds.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn balance(&self) -> Result<Msat, CallError> {
        let sats = self.btc_wallet().await?.balance.unwrap_or_default();
        Msat::checked_from_sat(sats.as_msat()).ok_or_else(|| self.unclear(BackendErrorKind::Protocol))
    }

    async fn btc_wallet(&self) -> Result<Wallet, CallError> {
        #[derive(Serialize)]
        struct Nothing {}
        let me: Me = answer(self.request(ME, Nothing {})).await?;
        let chosen = self.wallet_id.get();
        let mut wallets = me.me.default_account.wallets.into_iter();
        let wallet = wallets.find(|wallet| match chosen {
            Some(id) => wallet.id == *id,
            None => wallet.wallet_currency == "BTC",
        });
        let wallet = wallet.filter(|wallet| wallet.wallet_currency == "BTC");
        wallet.ok_or_else(|| {
            let error = CallError::refused(Self::NAME, BackendErrorKind::Unsupported);
            error.because(match chosen {
                Some(_) => {
                    "no BTC wallet of the account has the id given; leave it out to take the account's own"
                }
                None => "the account has no BTC wallet; add one at Blink",
            })
        })
    }

    pub(super) async fn create(&self, sats: u64, memo: &str, minutes: u64) -> Result<Created, CallError> {
        let id = self.wallet_id().await?;
        let input = NewInvoice { wallet_id: &id, amount: sats, memo, expires_in: minutes };
        let call = self.request(CREATE, Input { input });
        let payload = read::<LnInvoiceCreate>(&call.send().await?)?.ln_invoice_create;
        match payload.errors.first() {
            Some(problem) => Err(self.unclear(problem.kind())),
            None => payload.invoice.ok_or_else(|| self.unclear(BackendErrorKind::Protocol)),
        }
    }

    pub(super) async fn status(&self, hash: PaymentHash) -> Result<Option<Status>, CallError> {
        let call = self.request(STATUS, Input { input: ByHash { payment_hash: hash.to_string() } });
        match answer::<StatusByHash>(call).await {
            Ok(found) => Ok(Some(found.ln_invoice_payment_status_by_hash)),
            Err(error) if error.kind() == BackendErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A request, to be sent as its query or mutation deserves.
    pub fn request(&self, query: &str, variables: impl Serialize) -> Call {
        self.http.post(&[]).json(&Request { query, variables })
    }

    fn unclear(&self, kind: BackendErrorKind) -> CallError {
        CallError::unclear(self.http.backend(), kind)
    }
}

impl Problem {
    /// What it means: by its code, and where codes are vague or missing, by its text.
    #[must_use]
    pub fn kind(&self) -> BackendErrorKind {
        let extension = self.extensions.as_ref().and_then(|extensions| extensions.code.as_deref());
        match self.code.as_deref().or(extension).unwrap_or_default() {
            // Of an invoice that is looked up, too, though the text speaks of paying it.
            "LIGHTNING_PAYMENT_ERROR" if self.message.contains("does not exist") => {
                BackendErrorKind::NotFound
            }
            "NOT_AUTHENTICATED" | "UNAUTHENTICATED" => BackendErrorKind::Auth,
            "NOT_AUTHORIZED" | "FORBIDDEN" => BackendErrorKind::Forbidden,
            "TOO_MANY_REQUEST" => BackendErrorKind::RateLimited { retry_after: None },
            "INSUFFICIENT_BALANCE" => BackendErrorKind::InsufficientBalance,
            "ROUTE_FINDING_ERROR" | "LIGHTNING_PAYMENT_ERROR" => BackendErrorKind::NoRoute,
            "INVOICE_DECODE_ERROR" => BackendErrorKind::InvalidInvoice,
            "CANT_PAY_SELF" => BackendErrorKind::SelfPayment,
            "TRANSACTION_RESTRICTED" | "NEW_ACCOUNT_WITHDRAWAL_RESTRICTED" => BackendErrorKind::LimitExceeded,
            "OPERATION_RESTRICTED" | "RECEIVE_DISABLED" => BackendErrorKind::Forbidden,
            "NOT_FOUND" => BackendErrorKind::NotFound,
            "LND_OFFLINE" => BackendErrorKind::Unavailable,
            _ if self.message.contains("pending payment") => BackendErrorKind::InFlight,
            _ if self.message.contains("Not authorized") => BackendErrorKind::Auth,
            _ if self.message.to_lowercase().contains("not find") => BackendErrorKind::NotFound,
            _ => BackendErrorKind::Unavailable,
        }
    }
}

/// Sends a request that changes nothing, and reads the answer.
///
/// # Errors
/// [`CallError`], also for errors that come with status 200.
pub async fn answer<T: DeserializeOwned>(call: Call) -> Result<T, CallError> {
    read(&call.read().await?)
}

/// Reads an answer, which is one only when it has no errors beside it.
///
/// # Errors
/// [`CallError`], also for errors that come with status 200.
pub fn read<T: DeserializeOwned>(answer: &crate::http::Answer) -> Result<T, CallError> {
    if !answer.is_success() {
        return Err(answer.error());
    }
    let problems: Problems = answer.json()?;
    match problems.errors.iter().flatten().next() {
        None => answer.json::<Data<T>>().map(|answer| answer.data),
        Some(problem) => Err(match problem.kind() {
            kind @ (BackendErrorKind::Auth
            | BackendErrorKind::Forbidden
            | BackendErrorKind::RateLimited { .. }) => answer.refusal(kind),
            kind => answer.error_as(kind),
        }),
    }
}
