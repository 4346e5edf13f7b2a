//! The node's side: [`router`].

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use l402_core::bolt11::{InvoiceError, InvoiceFacts};
use l402_core::ports::{BackendErrorKind, PayOutcome, PayRequest, Payment, Wallet};
use l402_core::{Msat, PaymentHash};
use serde::Serialize;

use super::MAX_BODY_BYTES;
use crate::ledger::InvoiceRecord;
use crate::node::DevNode;

/// The routes `POST /pay`, `GET /payments/<payment hash>`, `GET /balance` and `GET /invoices` of `node`, to serve alone or merged into another router.
///
/// # Security
/// Everybody who can reach it can pay, and gets preimages: serve it on loopback only.
#[must_use = "a router does nothing until it is served"]
pub fn router(node: &DevNode) -> Router {
    let pay = post(pay).fallback(wrong_method_for_pay).layer(DefaultBodyLimit::max(MAX_BODY_BYTES));
    // No fallback for other paths: two routers that have one cannot be merged.
    Router::new()
        .route("/pay", pay)
        .route("/payments/{payment_hash}", get(payment))
        .route("/balance", get(balance))
        .route("/invoices", get(invoices))
        .with_state(node.clone())
}

async fn payment(
    State(node): State<DevNode>,
    Path(payment_hash): Path<String>,
) -> Result<impl IntoResponse, Refusal> {
    let advice =
        "this node's wallet made no payment with this hash; give the 64 hex digits of one that it made";
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, advice);
    let payment_hash: PaymentHash = payment_hash.parse().map_err(|_| unknown())?;
    match node.wallet().lookup(payment_hash).await {
        Ok(PayOutcome::Paid(payment)) => Ok(proof(&payment)),
        _ => Err(unknown()),
    }
}

async fn balance(State(node): State<DevNode>) -> Result<impl IntoResponse, Refusal> {
    let balance = node.wallet().balance().await.map_err(|error| Refusal::from(error.kind()))?;
    Ok(format!("{}\n", balance.as_msat()))
}

/// A preimage as a body.
fn proof(payment: &Payment) -> impl IntoResponse + use<> {
    ([(header::CACHE_CONTROL, "no-store")], payment.preimage.expose_hex() + "\n")
}

async fn pay(
    State(node): State<DevNode>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Refusal> {
    let body = body?;
    let bolt11 = str::from_utf8(&body).map_err(|_| Refusal::from(InvoiceError::Malformed))?.trim();
    let facts: InvoiceFacts = bolt11.parse()?;
    let request = PayRequest::new(bolt11.to_owned(), facts.payment_hash, Msat::ZERO, PAY_TIMEOUT);
    match node.wallet().pay(request).await {
        Ok(PayOutcome::Paid(payment)) => Ok(proof(&payment)),
        Ok(PayOutcome::Failed(kind)) => Err(kind.into()),
        Ok(_) => Err(BackendErrorKind::InFlight.into()),
        Err(error) => Err(error.kind().into()),
    }
}

/// What the port asks for; a dev wallet does not wait.
const PAY_TIMEOUT: Duration = Duration::from_secs(30);

async fn wrong_method_for_pay() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "paying is a POST with the invoice as plain text")
}

async fn invoices(State(node): State<DevNode>) -> Json<Vec<InvoiceJson>> {
    Json(node.invoices().into_iter().map(InvoiceJson::from).collect())
}

#[derive(Serialize)]
struct InvoiceJson {
    payment_hash: String,
    amount_msat: u64,
    description: String,
    created_at: u64,
    expires_at: u64,
    settled_at: Option<u64>,
}

impl From<InvoiceRecord> for InvoiceJson {
    fn from(record: InvoiceRecord) -> Self {
        Self {
            payment_hash: record.payment_hash.to_string(),
            amount_msat: record.amount.as_msat(),
            description: record.description,
            created_at: record.created_at.as_secs(),
            expires_at: record.expires_at.as_secs(),
            settled_at: record.settled_at.map(|time| time.as_secs()),
        }
    }
}

/// A 4xx with one line that says what to do.
struct Refusal {
    status: StatusCode,
    reason: String,
}

impl Refusal {
    fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.status, self.reason + "\n").into_response()
    }
}

impl From<BytesRejection> for Refusal {
    fn from(rejection: BytesRejection) -> Self {
        match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => InvoiceError::TooLong.into(),
            _ => Self::new(StatusCode::BAD_REQUEST, "the body did not arrive; send it again"),
        }
    }
}

impl From<InvoiceError> for Refusal {
    fn from(error: InvoiceError) -> Self {
        let status = match error {
            InvoiceError::TooLong => StatusCode::PAYLOAD_TOO_LARGE,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, format!("{error}; send the lnbcrt... text of the challenge, unchanged"))
    }
}

impl From<BackendErrorKind> for Refusal {
    fn from(kind: BackendErrorKind) -> Self {
        // Not 402 for an empty wallet: whoever called would take it for a paywall.
        let (status, advice) = match kind {
            BackendErrorKind::InvalidInvoice => {
                (StatusCode::BAD_REQUEST, "this node pays regtest invoices only, lnbcrt...")
            }
            BackendErrorKind::NoRoute => (
                StatusCode::NOT_FOUND,
                "this node did not issue the invoice, or was restarted since; get a fresh challenge from it",
            ),
            BackendErrorKind::Expired => (StatusCode::GONE, "get a fresh challenge and pay its invoice"),
            BackendErrorKind::AlreadyPaid => (
                StatusCode::CONFLICT,
                "another wallet has the preimage; get a fresh challenge and pay its invoice",
            ),
            BackendErrorKind::InsufficientBalance => {
                (StatusCode::CONFLICT, "restart the node to fill its wallet again")
            }
            _ => (StatusCode::CONFLICT, "send the same invoice again; it is paid once at most"),
        };
        Self::new(status, format!("{kind}; {advice}"))
    }
}
