//! The commands of lightningd, whichever way they travel.

use std::time::Duration;

use l402_core::ports::BackendErrorKind;
use l402_core::{Msat, Network, PaymentHash, Preimage};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Rune;
#[cfg(unix)]
use super::socket::Socket;
use crate::http::{CallError, ConfigError, Endpoint, Http, Redactor, fields};

/// The channels of a large node.
pub(super) const MAX_BODY: usize = 4 * 1024 * 1024;

/// A lightningd.
#[derive(Clone, Debug)]
pub struct Api {
    transport: Transport,
    /// The network of its invoices.
    pub network: Network,
}

#[derive(Clone, Debug)]
enum Transport {
    Rest(Http),
    #[cfg(unix)]
    Socket(Socket),
}

/// What lightningd says instead of a result.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Rpc {
    /// Which error it is, of those that each command documents.
    pub code: i64,
    /// Its text, for people. Nothing to print before [`failure`] has cleaned it.
    #[serde(default)]
    pub message: String,
}

/// Whether a command may be given again when its answer is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Effect {
    /// It changes nothing.
    Reads,
    /// It does something, and may take this long.
    Writes(Option<Duration>),
}

#[derive(Serialize)]
pub(super) struct NewInvoice<'a> {
    /// A bare number is in millisatoshi.
    pub(super) amount_msat: u64,
    /// Must be new.
    pub(super) label: &'a str,
    pub(super) description: &'a str,
    pub(super) expiry: u64,
}

#[derive(Deserialize)]
pub(super) struct Created {
    pub(super) bolt11: String,
    #[serde(default, deserialize_with = "fields::hash")]
    pub(super) payment_hash: Option<PaymentHash>,
}

#[derive(Serialize)]
struct ByHash {
    payment_hash: String,
}

#[derive(Deserialize)]
struct Invoices {
    invoices: Vec<Invoice>,
}

#[derive(Deserialize)]
pub(super) struct Invoice {
    pub(super) status: String,
    #[serde(default, deserialize_with = "fields::preimage")]
    pub(super) payment_preimage: Option<Preimage>,
    #[serde(default, deserialize_with = "fields::maybe_secs")]
    pub(super) paid_at: Option<u64>,
}

#[derive(Deserialize)]
struct Pays {
    pays: Vec<Pay>,
}

/// One entry of `listpays`.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Pay {
    /// `pending`, `failed` or `complete`.
    pub status: String,
    /// Here it is not called `payment_preimage`.
    #[serde(default, deserialize_with = "fields::preimage")]
    pub preimage: Option<Preimage>,
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    amount_msat: Option<Msat>,
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    amount_sent_msat: Option<Msat>,
    /// In seconds since 1970.
    #[serde(default, deserialize_with = "fields::maybe_secs")]
    pub created_at: Option<u64>,
}

impl Pay {
    /// What was sent beyond the amount.
    #[must_use]
    pub fn fee(&self) -> Option<Msat> {
        self.amount_sent_msat?.checked_sub(self.amount_msat?)
    }
}

impl Api {
    /// The short name in errors.
    pub const NAME: &'static str = "cln";

    /// # Errors
    /// [`ConfigError`] when the rune cannot stand in a header.
    pub fn rest(endpoint: Endpoint, rune: Rune) -> Result<Self, ConfigError> {
        let http = Http::new(Self::NAME, endpoint, Some(("rune", rune.0)))?.with_max_body(MAX_BODY);
        Ok(Self { transport: Transport::Rest(http), network: Network::Bitcoin })
    }

    /// # Errors
    /// [`ConfigError`] when the path is too long for a socket.
    #[cfg(unix)]
    pub fn socket(path: &std::path::Path) -> Result<Self, ConfigError> {
        let transport = Transport::Socket(Socket::new(path)?);
        Ok(Self { transport, network: Network::Bitcoin })
    }

    /// The pause before a second look at something.
    #[must_use]
    pub fn pause(&self) -> Duration {
        match &self.transport {
            Transport::Rest(http) => http.pause(),
            #[cfg(unix)]
            Transport::Socket(_) => Duration::from_millis(250),
        }
    }

    /// Gives a command. The inner error is lightningd's own.
    ///
    /// # Errors
    /// [`CallError`] when the command was not accepted, or its answer is lost.
    pub async fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        params: &(impl Serialize + Sync),
        effect: Effect,
    ) -> Result<Result<T, Rpc>, CallError> {
        match &self.transport {
            Transport::Rest(http) => rest(http, method, params, effect).await,
            #[cfg(unix)]
            Transport::Socket(socket) => socket.call(method, params, effect).await,
        }
    }

    pub(super) async fn create(&self, invoice: &NewInvoice<'_>) -> Result<Created, CallError> {
        self.call("invoice", invoice, Effect::Writes(None)).await?.map_err(|rpc| failure(&rpc))
    }

    pub(super) async fn invoice(&self, hash: PaymentHash) -> Result<Option<Invoice>, CallError> {
        let params = ByHash { payment_hash: hash.to_string() };
        let found: Result<Invoices, Rpc> = self.call("listinvoices", &params, Effect::Reads).await?;
        Ok(found.map_err(|rpc| failure(&rpc))?.invoices.pop())
    }

    /// Every attempt to pay this hash.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn pays(&self, hash: PaymentHash) -> Result<Vec<Pay>, CallError> {
        let params = ByHash { payment_hash: hash.to_string() };
        let found: Result<Pays, Rpc> = self.call("listpays", &params, Effect::Reads).await?;
        Ok(found.map_err(|rpc| failure(&rpc))?.pays)
    }
}

/// An error of lightningd that is not expected from this command.
#[must_use]
pub fn failure(rpc: &Rpc) -> CallError {
    let kind = match rpc.code {
        METHOD_NOT_FOUND => BackendErrorKind::Unsupported,
        INVALID_PARAMS => BackendErrorKind::Protocol,
        _ => BackendErrorKind::Unavailable,
    };
    let said = Redactor::default().clean(&rpc.message);
    CallError::unclear(Api::NAME, kind).because(format!("error {}: {said}", rpc.code))
}

/// The command does not exist in this version.
pub const METHOD_NOT_FOUND: i64 = -32601;
/// The command does not take these parameters.
pub const INVALID_PARAMS: i64 = -32602;

async fn rest<T: DeserializeOwned>(
    http: &Http,
    method: &str,
    params: &(impl Serialize + Sync),
    effect: Effect,
) -> Result<Result<T, Rpc>, CallError> {
    let call = http.post(&["v1", method]).json(params);
    let answer = match effect {
        Effect::Reads => call.read().await?,
        Effect::Writes(None) => call.send().await?,
        Effect::Writes(Some(time)) => call.within(time).send().await?,
    };
    if answer.is_success() {
        return answer.json().map(Ok);
    }
    match answer.status() {
        // The rune does not cover this command.
        401 if answer.text().contains("Not permitted") => Err(answer.error_as(BackendErrorKind::Forbidden)),
        // Every error of lightningd itself comes with status 500, an unknown command with 404.
        404 | 500 => answer.json().map(Err).map_err(|_| answer.error()),
        _ => Err(answer.error()),
    }
}
