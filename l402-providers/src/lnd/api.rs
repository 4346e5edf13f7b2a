//! The REST API of LND: what its gateway makes of gRPC. 64-bit numbers are strings, bytes are base64.

use l402_core::ports::BackendErrorKind;
use l402_core::{Network, PaymentHash, Preimage};
use serde::{Deserialize, Serialize};

use crate::http::{Answer, CallError, ConfigError, Endpoint, Http, Secret, fields};

/// A payment tells all its attempts, each with its route.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// An LND, reached with one of its macaroons.
#[derive(Clone, Debug)]
pub struct Api {
    http: Http,
    /// The network of its invoices.
    pub network: Network,
}

#[derive(Serialize)]
pub(super) struct NewInvoice<'a> {
    pub(super) value_msat: String,
    pub(super) memo: &'a str,
    pub(super) expiry: String,
    pub(super) private: bool,
}

#[derive(Deserialize)]
pub(super) struct Created {
    pub(super) payment_request: String,
    #[serde(deserialize_with = "fields::hash_base64")]
    pub(super) r_hash: PaymentHash,
}

#[derive(Deserialize)]
pub(super) struct Invoice {
    pub(super) state: String,
    /// Present before payment, too.
    #[serde(default, deserialize_with = "fields::preimage_base64")]
    pub(super) r_preimage: Option<Preimage>,
    /// In seconds; zero before.
    #[serde(default, deserialize_with = "fields::maybe_secs")]
    pub(super) settle_date: Option<u64>,
}

/// What the gateway says instead of an answer, and how it wraps that in a stream.
#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    error: Option<Rpc>,
    #[serde(default)]
    code: i64,
    #[serde(default)]
    message: String,
}

/// An error of gRPC.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Rpc {
    /// Its code, such as 5 for *not found*.
    #[serde(default)]
    pub code: i64,
    /// Its text, which is often all there is to go by.
    #[serde(default)]
    pub message: String,
}

impl Api {
    /// The short name in errors.
    pub const NAME: &'static str = "lnd";

    /// # Errors
    /// [`ConfigError`] when the macaroon is empty.
    pub fn new(endpoint: Endpoint, macaroon: &[u8]) -> Result<Self, ConfigError> {
        let macaroon = Secret::from(in_hex(macaroon));
        let http = Http::new(Self::NAME, endpoint, Some(("grpc-metadata-macaroon", macaroon)))?;
        Ok(Self { http: http.with_max_body(MAX_BODY), network: Network::Bitcoin })
    }

    /// The connection.
    #[must_use]
    pub const fn http(&self) -> &Http {
        &self.http
    }

    pub(super) async fn create(&self, invoice: &NewInvoice<'_>) -> Result<Created, CallError> {
        success(self.http.post(&["v1", "invoices"]).json(invoice).send().await?)?.json()
    }

    pub(super) async fn invoice(&self, hash: PaymentHash) -> Result<Option<Invoice>, CallError> {
        let answer = self.http.get(&["v1", "invoice", &hash.to_string()]).read().await?;
        match success(answer) {
            Ok(answer) => answer.json().map(Some),
            Err(error) if error.kind() == BackendErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// Goes on with a good answer.
///
/// # Errors
/// What the gateway says, which is told by its text more than by its status.
pub fn success(answer: Answer) -> Result<Answer, CallError> {
    if answer.is_success() {
        return Ok(answer);
    }
    let Ok(Status { error, code, message }) = answer.json() else { return Err(answer.error()) };
    let rpc = error.unwrap_or(Rpc { code, message });
    Err(match refusal(&rpc) {
        Some(kind) => answer.refusal(kind),
        None => answer.error(),
    })
}

/// The kind of an error that LND gives before it does anything.
#[must_use]
pub fn refusal(rpc: &Rpc) -> Option<BackendErrorKind> {
    const TEXTS: [(&str, BackendErrorKind); 10] = [
        ("permission denied", BackendErrorKind::Forbidden),
        ("macaroon", BackendErrorKind::Auth),
        ("verification failed", BackendErrorKind::Auth),
        ("wallet locked", BackendErrorKind::Unavailable),
        ("wallet not created", BackendErrorKind::Unavailable),
        ("in the process of starting up", BackendErrorKind::Unavailable),
        ("unable to locate invoice", BackendErrorKind::NotFound),
        ("isn't initiated", BackendErrorKind::NotFound),
        ("invoice expired", BackendErrorKind::Expired),
        ("self-payments not allowed", BackendErrorKind::SelfPayment),
    ];
    let by_text = TEXTS.into_iter().find(|(part, _)| rpc.message.contains(part)).map(|(_, kind)| kind);
    by_text.or(match rpc.code {
        3 => Some(BackendErrorKind::InvalidInvoice),
        5 => Some(BackendErrorKind::NotFound),
        7 => Some(BackendErrorKind::Forbidden),
        16 => Some(BackendErrorKind::Auth),
        _ => None,
    })
}

/// A macaroon as its file has it, or in hex already, as LND wants it.
fn in_hex(macaroon: &[u8]) -> String {
    let text = macaroon.trim_ascii();
    // A macaroon begins with the byte 2, which is no hex digit.
    if text.iter().all(u8::is_ascii_hexdigit) {
        String::from_utf8_lossy(text).into_owned()
    } else {
        hex_simd::encode_to_string(macaroon, hex_simd::AsciiCase::Lower)
    }
}
