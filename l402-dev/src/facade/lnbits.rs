//! LNbits 1.x: `/api/v1/payments` and `/api/v1/wallet`, as its FakeWallet answers.
//!
//! Contract: <https://demo.lnbits.com/docs>. An amount is whole satoshi in requests and millisatoshi in answers.
//!
//! ```
//! use l402_dev::{DevNode, facade};
//!
//! let node = DevNode::new()?;
//! let app: axum::Router = facade::lnbits::router(&node);
//! # Ok::<(), l402_dev::DevNodeError>(())
//! ```

use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{BackendErrorKind, NewInvoice, PayOutcome};
use l402_core::{Msat, PaymentHash};
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::{Caller, header_text, outage};
use crate::ledger::InvoiceStatus;
use crate::node::DevNode;

/// How long a payment may take before the answer is that it is pending.
const PAY_WAIT: Duration = Duration::from_secs(5);

const DEFAULT_EXPIRY: u64 = 3600;

/// The interface, at `/api/v1` of wherever it is served.
#[must_use = "a router does nothing until it is served"]
pub fn router(node: &DevNode) -> Router {
    Router::new()
        .route("/api/v1/payments", post(payments))
        .route("/api/v1/payments/{hash}", get(payment))
        .route("/api/v1/wallet", get(wallet))
        .with_state(node.clone())
}

#[derive(Deserialize)]
struct Order {
    /// The server's default, and a trap.
    #[serde(default = "yes")]
    out: bool,
    #[serde(default)]
    amount: Option<f64>,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default)]
    memo: Option<String>,
    #[serde(default)]
    expiry: Option<u64>,
    #[serde(default)]
    bolt11: Option<String>,
}

const fn yes() -> bool {
    true
}

async fn payments(
    State(node): State<DevNode>,
    headers: HeaderMap,
    order: Result<Json<Order>, JsonRejection>,
) -> Response {
    let caller = match caller(&node, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response(),
    };
    let Ok(Json(order)) = order else {
        return detail(StatusCode::BAD_REQUEST, "JSON decode error");
    };
    if order.out { pay(&caller, order).await } else { create(&caller, order).await }
}

async fn create(caller: &Caller, order: Order) -> Response {
    if order.unit.as_deref().is_some_and(|unit| unit != "sat") {
        return detail(StatusCode::BAD_REQUEST, "The provided unit is not supported");
    }
    let Some(amount) = order.amount.and_then(whole_sats) else {
        return detail(StatusCode::BAD_REQUEST, "ensure this value is greater than or equal to 0");
    };
    if amount.is_zero() {
        return refused("Amountless invoices not supported.", "failed");
    }
    let expiry = Duration::from_secs(order.expiry.unwrap_or(DEFAULT_EXPIRY));
    let memo = order.memo.unwrap_or_default();
    let invoice = match caller.account.sell(NewInvoice::new(amount, memo.clone(), expiry)).await {
        Ok(invoice) => invoice,
        Err(kind) => return failure(kind),
    };
    let preimage = caller.account.ledger().received(caller.account.id(), invoice.payment_hash);
    let hash = invoice.payment_hash.to_string();
    let body = json!({
        "checking_id": hash, "payment_hash": hash, "wallet_id": caller.account.name(),
        "amount": amount.as_msat(), "fee": 0, "bolt11": invoice.bolt11, "payment_request": invoice.bolt11,
        "status": "pending", "memo": memo, "extra": {},
        "preimage": preimage.map(|(_, preimage)| preimage.expose_hex()),
    });
    (StatusCode::CREATED, Json(body)).into_response()
}

async fn pay(caller: &Caller, order: Order) -> Response {
    if !caller.may_spend {
        return detail(StatusCode::FORBIDDEN, "Invoice (or Admin) key required.");
    }
    let Some(bolt11) = order.bolt11.filter(|bolt11| !bolt11.is_empty()) else {
        return detail(StatusCode::BAD_REQUEST, "Missing BOLT11 invoice");
    };
    match caller.account.buy(&bolt11, Msat::MAX, PAY_WAIT).await {
        Ok((_, PayOutcome::Failed(kind))) | Err(kind) => failure(kind),
        Ok((facts, outcome)) => {
            (StatusCode::CREATED, Json(outgoing(&bolt11, &facts, &outcome))).into_response()
        }
    }
}

fn outgoing(bolt11: &str, facts: &InvoiceFacts, outcome: &PayOutcome) -> Value {
    let hash = facts.payment_hash.to_string();
    let (status, preimage, fee) = told(outcome);
    json!({
        "checking_id": format!("internal_{hash}"), "payment_hash": hash, "bolt11": bolt11,
        "amount": minus(facts.amount.unwrap_or(Msat::ZERO)), "fee": minus(fee),
        "status": status, "preimage": preimage, "extra": {},
    })
}

async fn payment(State(node): State<DevNode>, headers: HeaderMap, Path(hash): Path<String>) -> Response {
    let unknown = || detail(StatusCode::NOT_FOUND, "Payment does not exist.");
    let Ok(hash) = hash.parse::<PaymentHash>() else { return unknown() };
    let caller = header_text(&headers, "x-api-key").and_then(|key| Caller::find(&node, key));
    let answer = match &caller {
        Some(caller) => state_for(caller, hash).await,
        None => state_for_anybody(&node, hash).await,
    };
    match answer {
        Ok(Some(body)) => Json(body).into_response(),
        Ok(None) => unknown(),
        Err(kind) => failure(kind),
    }
}

/// The owner's view, as payer or as payee.
async fn state_for(caller: &Caller, hash: PaymentHash) -> Result<Option<Value>, BackendErrorKind> {
    if let Some(sent) = caller.account.sent(hash).await? {
        let (status, preimage, fee) = told(&sent.outcome);
        let details = json!({
            "payment_hash": hash.to_string(), "bolt11": sent.invoice.bolt11, "status": status,
            "amount": minus(sent.invoice.amount), "fee": minus(fee), "memo": sent.invoice.description,
        });
        let paid = status == "success";
        return Ok(Some(json!({"paid": paid, "status": status, "preimage": preimage, "details": details})));
    }
    let Some((record, preimage)) = caller.account.received(hash).await? else { return Ok(None) };
    let paid = record.status == InvoiceStatus::Paid;
    let status = if paid { "success" } else { "pending" };
    let preimage = preimage.expose_hex();
    let details = json!({
        "payment_hash": hash.to_string(), "bolt11": record.bolt11, "status": status, "fee": 0,
        "amount": record.amount.as_msat(), "memo": record.description, "preimage": preimage,
    });
    let shown = paid.then_some(preimage);
    Ok(Some(json!({"paid": paid, "status": status, "preimage": shown, "details": details})))
}

/// Whoever knows the hash of a paid invoice gets its preimage.
async fn state_for_anybody(node: &DevNode, hash: PaymentHash) -> Result<Option<Value>, BackendErrorKind> {
    let Some(payee) = node.invoice(hash).and_then(|record| node.account(&record.payee)) else {
        return Ok(None);
    };
    let Some((record, preimage)) = payee.received(hash).await? else { return Ok(None) };
    let paid = record.status == InvoiceStatus::Paid;
    let preimage = paid.then(|| preimage.expose_hex());
    Ok(Some(json!({"paid": paid, "preimage": preimage})))
}

async fn wallet(State(node): State<DevNode>, headers: HeaderMap) -> Response {
    let caller = match caller(&node, &headers) {
        Ok(caller) => caller,
        Err(refusal) => return refusal.into_response(),
    };
    let account = &caller.account;
    let mut body = json!({"name": account.name(), "balance": account.balance().as_msat()});
    if caller.may_spend {
        body["id"] = account.name().into();
    }
    Json(body).into_response()
}

fn caller(node: &DevNode, headers: &HeaderMap) -> Result<Caller, Refusal> {
    let Some(key) = header_text(headers, "x-api-key") else {
        return Err(Refusal(StatusCode::UNAUTHORIZED, "No Api Key provided."));
    };
    // A wrong key is a wallet that does not exist.
    Caller::find(node, key).ok_or(Refusal(StatusCode::NOT_FOUND, "Wallet not found."))
}

struct Refusal(StatusCode, &'static str);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        detail(self.0, self.1)
    }
}

/// Status, preimage and fee of a payment.
fn told(outcome: &PayOutcome) -> (&'static str, Option<String>, Msat) {
    match outcome {
        PayOutcome::Paid(payment) => {
            ("success", Some(payment.preimage.expose_hex()), payment.fee.unwrap_or(Msat::ZERO))
        }
        PayOutcome::Failed(_) => ("failed", None, Msat::ZERO),
        _ => ("pending", None, Msat::ZERO),
    }
}

/// Money that goes out is negative.
fn minus(amount: Msat) -> i64 {
    i64::try_from(amount.as_msat()).map_or(i64::MIN, |amount| -amount)
}

/// Fractions of a satoshi are cut off, as LNbits does.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the interface has floating-point amounts; what does not fit is refused before"
)]
fn whole_sats(amount: f64) -> Option<Msat> {
    (amount.is_finite() && (0.0..=21e14).contains(&amount)).then(|| Msat::from_sat(amount as u64))
}

fn failure(kind: BackendErrorKind) -> Response {
    if let Some(response) = outage(kind) {
        return response;
    }
    match kind {
        BackendErrorKind::InsufficientBalance => refused("Insufficient balance.", "failed"),
        BackendErrorKind::AlreadyPaid => refused("Internal invoice already paid.", "failed"),
        BackendErrorKind::InFlight => refused("Payment is still pending.", "pending"),
        BackendErrorKind::InvalidInvoice => refused("Bolt11 decoding failed.", "failed"),
        BackendErrorKind::Expired => refused("Invoice expired.", "failed"),
        BackendErrorKind::NoRoute => {
            refused("Payment failed: Only internal invoices can be used! No route found.", "failed")
        }
        kind => refused(&format!("Payment failed: {kind}"), "failed"),
    }
}

/// The status that LNbits made up for payments and invoices it cannot make.
fn refused(text: &str, status: &str) -> Response {
    let code = StatusCode::from_u16(520).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (code, Json(json!({"detail": text, "status": status}))).into_response()
}

fn detail(status: StatusCode, text: &str) -> Response {
    (status, Json(json!({"detail": text}))).into_response()
}
