//! The methods of a wallet, as far as invoices and payments need them.

mod relay;
mod seal;
mod session;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use l402_core::ports::BackendErrorKind;
use l402_core::{Msat, Network, PaymentHash, Preimage};
use nostr::{Keys, PublicKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::NwcUri;
use crate::http::{CallError, ConfigError, Endpoint, Redactor, WebSocketHost, fields, retry};
use session::Session;

/// A wallet at the other end of some relays.
#[derive(Clone)]
pub struct Api {
    link: Arc<Link>,
    session: Session,
    /// The network of its invoices.
    pub network: Network,
    /// Whether invoices and payments can be looked up.
    pub can_lookup: bool,
}

/// Who talks to whom, and where.
struct Link {
    wallet: PublicKey,
    keys: Keys,
    relays: Vec<WebSocketHost>,
    redactor: Redactor,
    timeout: Duration,
    pause: Duration,
}

impl Link {
    /// How long a relay may take for what it does at once. A read leaves time for another connection after it.
    fn patience(&self) -> Duration {
        self.timeout / 3
    }
}

/// What a wallet says instead of a result.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Refusal {
    /// One of NIP-47's codes, or one that a wallet has added.
    pub code: String,
    /// Its text, for people. Nothing to print before [`Api::refused`] has cleaned it.
    #[serde(default)]
    pub message: String,
}

/// An invoice, or a payment.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Transaction {
    /// `incoming` or `outgoing`.
    #[serde(default, rename = "type")]
    pub direction: Option<String>,
    /// `pending`, `settled`, `accepted`, `expired` or `failed`; or nothing, from old wallets.
    #[serde(default)]
    pub state: Option<String>,
    #[serde(default)]
    pub(super) invoice: Option<String>,
    #[serde(default, deserialize_with = "fields::hash")]
    pub(super) payment_hash: Option<PaymentHash>,
    /// Of an invoice, some wallets tell it before payment.
    #[serde(default, deserialize_with = "fields::preimage")]
    pub preimage: Option<Preimage>,
    /// The fee.
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    pub fees_paid: Option<Msat>,
    /// When it was paid.
    #[serde(default, deserialize_with = "fields::maybe_secs")]
    pub settled_at: Option<u64>,
}

#[derive(Serialize)]
pub(super) struct NewInvoice<'a> {
    pub(super) amount: u64,
    pub(super) description: &'a str,
    pub(super) expiry: u64,
}

#[derive(Serialize)]
struct ByHash {
    payment_hash: String,
}

#[derive(Serialize)]
struct Request<'a, P> {
    method: &'a str,
    params: &'a P,
}

#[derive(Deserialize)]
struct Response<T> {
    result_type: String,
    #[serde(default)]
    error: Option<Refusal>,
    #[serde(default = "none")]
    result: Option<T>,
}

/// `T` itself has no default.
const fn none<T>() -> Option<T> {
    None
}

impl Api {
    /// The short name in errors.
    pub const NAME: &'static str = "nwc";

    /// Connects (lazily) to the first relay that answers.
    ///
    /// # Errors
    /// [`ConfigError`] when TLS cannot be set up.
    pub fn new(uri: NwcUri) -> Result<Self, ConfigError> {
        let mut redactor = Redactor::default();
        redactor.hide(&Zeroizing::new(uri.keys.secret_key().to_secret_hex()));
        let (timeout, pause) = uri.relays.first().map_or_else(Default::default, Endpoint::times);
        let relays = uri.relays.into_iter().map(WebSocketHost::new).collect::<Result<_, _>>()?;
        let link = Link { wallet: uri.wallet, keys: uri.keys, relays, redactor, timeout, pause };
        let session = Session::default();
        Ok(Self { link: Arc::new(link), session, network: Network::Bitcoin, can_lookup: true })
    }

    /// The pause before a second look at something.
    #[must_use]
    pub fn pause(&self) -> Duration {
        self.link.pause
    }

    /// Asks the wallet what this connection may do, and notes whether that is to look up.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unsupported`] when the method that is needed is not among it; otherwise when no relay can be
    /// reached.
    pub async fn check(&mut self, needed: &str) -> Result<(), CallError> {
        let methods = self.session.methods(&self.link);
        // Some wallets do not tell.
        let Some(methods) = in_time(self.link.timeout, methods).await? else { return Ok(()) };
        let offers = |method: &str| methods.iter().any(|it| it == method);
        if !offers(needed) {
            return Err(not_offered(needed));
        }
        self.can_lookup = offers("lookup_invoice");
        Ok(())
    }

    /// Asks something that changes nothing, again if there is no answer in a way that may pass.
    ///
    /// # Errors
    /// [`CallError`] when there is no answer. The inner error is the wallet's own.
    pub async fn read<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &(impl Serialize + Sync),
    ) -> Result<Result<T, Refusal>, CallError> {
        let mut tries = 1;
        let all = async {
            loop {
                let outcome = self.once(method, params, self.link.timeout).await;
                let again = |error: &CallError| error.kind() == BackendErrorKind::Unavailable;
                if !outcome.as_ref().is_err_and(again) || tries == retry::TRIES {
                    return outcome;
                }
                tokio::time::sleep(retry::pause(self.link.pause, tries)).await;
                tries += 1;
            }
        };
        in_time(self.link.timeout, all).await
    }

    /// Asks once.
    ///
    /// # Errors
    /// As for [`Api::read`]; it tells whether the request may have arrived.
    pub async fn send<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &(impl Serialize + Sync),
        timeout: Option<Duration>,
    ) -> Result<Result<T, Refusal>, CallError> {
        let timeout = timeout.unwrap_or(self.link.timeout);
        in_time(timeout, self.once(method, params, timeout)).await
    }

    pub(super) async fn create(&self, invoice: &NewInvoice<'_>) -> Result<Transaction, CallError> {
        self.send("make_invoice", invoice, None).await?.map_err(|refusal| self.refused(&refusal))
    }

    /// The transaction of this hash; `None` when there is none.
    ///
    /// # Errors
    /// [`CallError`], also when the wallet tells of another one.
    pub async fn transaction(&self, hash: PaymentHash) -> Result<Option<Transaction>, CallError> {
        let params = ByHash { payment_hash: hash.to_string() };
        let found: Transaction = match self.read("lookup_invoice", &params).await? {
            Ok(found) => found,
            Err(refusal) if refusal.code == "NOT_FOUND" => return Ok(None),
            Err(refusal) => return Err(self.refused(&refusal)),
        };
        if found.payment_hash.is_some_and(|said| said != hash) {
            let error = CallError::unclear(Self::NAME, BackendErrorKind::Protocol);
            return Err(error.because("the wallet tells of another payment than was asked for"));
        }
        Ok(Some(found))
    }

    /// The wallet's refusal as an error that may be printed.
    #[must_use]
    pub fn refused(&self, refusal: &Refusal) -> CallError {
        let said = format!("{}: {}", refusal.code, refusal.message);
        CallError::refused(Self::NAME, refusal.kind()).because(self.link.redactor.clean(&said))
    }

    async fn once<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &(impl Serialize + Sync),
        timeout: Duration,
    ) -> Result<Result<T, Refusal>, CallError> {
        let request = serde_json::to_string(&Request { method, params })
            .map_err(|_| CallError::refused(Self::NAME, BackendErrorKind::Protocol))?;
        let outcome = self.session.ask(&self.link, method, request, timeout).await;
        match &outcome {
            Ok(_) => tracing::debug!(backend = Self::NAME, method, "answered"),
            Err(error) => {
                tracing::debug!(backend = Self::NAME, method, error = %error.kind(), "not answered");
            }
        }
        read(method, &outcome?)
    }
}

impl Refusal {
    /// What it means, by its code; and by its text where the code says nothing.
    #[must_use]
    pub fn kind(&self) -> BackendErrorKind {
        match self.code.as_str() {
            "RATE_LIMITED" => BackendErrorKind::RateLimited { retry_after: None },
            "NOT_IMPLEMENTED" | "UNSUPPORTED_ENCRYPTION" => BackendErrorKind::Unsupported,
            "INSUFFICIENT_BALANCE" => BackendErrorKind::InsufficientBalance,
            "QUOTA_EXCEEDED" => BackendErrorKind::LimitExceeded,
            "RESTRICTED" => BackendErrorKind::Forbidden,
            "UNAUTHORIZED" => BackendErrorKind::Auth,
            "PAYMENT_FAILED" => BackendErrorKind::NoRoute,
            "NOT_FOUND" => BackendErrorKind::NotFound,
            "EXPIRED" => BackendErrorKind::Expired,
            "BAD_REQUEST" => BackendErrorKind::Protocol,
            // Alby Hub's texts for its code INTERNAL.
            _ if self.message.contains("already been paid") => BackendErrorKind::AlreadyPaid,
            _ if self.message.contains("payment pending") => BackendErrorKind::InFlight,
            _ if self.message.contains("has expired") => BackendErrorKind::Expired,
            _ if self.message.contains("whole number of satoshi") => BackendErrorKind::Unsupported,
            _ => BackendErrorKind::Unavailable,
        }
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Link { wallet, relays, .. } = &*self.link;
        let wallet = wallet.to_hex();
        f.debug_struct("Api").field("wallet", &wallet).field("relays", relays).finish_non_exhaustive()
    }
}

fn read<T: DeserializeOwned>(method: &str, answer: &str) -> Result<Result<T, Refusal>, CallError> {
    let unclear = |why: &'static str| CallError::unclear(Api::NAME, BackendErrorKind::Protocol).because(why);
    // serde would read a list as a struct, too, with its fields in order; and its errors quote what they did not expect.
    let answer = answer.trim_start().strip_prefix('{').and(serde_json::from_str(answer).ok());
    let answer: Response<T> =
        answer.ok_or_else(|| unclear("the wallet's answer is not the JSON expected"))?;
    if answer.result_type != method {
        return Err(unclear("the wallet answers another method than was asked for"));
    }
    match answer {
        Response { error: Some(refusal), .. } => Ok(Err(refusal)),
        Response { result: Some(result), .. } => Ok(Ok(result)),
        _ => Err(unclear("the wallet's answer has neither a result nor an error")),
    }
}

fn not_offered(method: &str) -> CallError {
    let error = CallError::refused(Api::NAME, BackendErrorKind::Unsupported);
    error.because(format!("this connection does not offer {method}; allow it in the wallet"))
}

async fn in_time<T>(
    timeout: Duration,
    work: impl Future<Output = Result<T, CallError>>,
) -> Result<T, CallError> {
    tokio::time::timeout(timeout, work).await.unwrap_or_else(|_| {
        let error = CallError::unclear(Api::NAME, BackendErrorKind::Timeout);
        Err(error.because("no answer; is the wallet online, and the connection not deleted there?"))
    })
}
