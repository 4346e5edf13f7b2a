//! phoenixd 0.8: forms go in, JSON or a line of text comes out.
//!
//! Contract: <https://phoenix.acinq.co/server/api>. Amounts are whole satoshi unless a name says otherwise.

use std::time::Duration;

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use l402_core::ports::{BackendErrorKind, NewInvoice, PayOutcome};
use l402_core::{Msat, PaymentHash, UnixTime};
use serde::Deserialize;
use serde_json::json;

use super::desk::{Caller, header_text, outage};
use crate::ledger::InvoiceStatus;
use crate::node::DevNode;

const DEFAULT_EXPIRY: u64 = 3600;

/// phoenixd itself waits for ever; so long that nobody notices.
const PAY_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// The interface, at the root of wherever it is served.
#[must_use = "a router does nothing until it is served"]
pub fn router(node: &DevNode) -> Router {
    Router::new()
        .route("/createinvoice", post(create))
        .route("/payinvoice", post(pay))
        .route("/payments/incoming/{hash}", get(incoming))
        .route("/payments/outgoingbyhash/{hash}", get(outgoing))
        .route("/getbalance", get(balance))
        .with_state(node.clone())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NewForm {
    description: Option<String>,
    amount_sat: Option<u64>,
    expiry_seconds: Option<u64>,
}

async fn create(
    State(node): State<DevNode>,
    headers: HeaderMap,
    form: Result<Form<NewForm>, FormRejection>,
) -> Response {
    let Some(caller) = caller(&node, &headers) else { return unauthorized() };
    let Ok(Form(form)) = form else { return bad("Bad request") };
    let Some(description) = form.description.filter(|text| text.chars().count() <= 128) else {
        return bad("Must provide either a description or descriptionHash of at most 128 characters");
    };
    let Some(amount) = form.amount_sat.and_then(Msat::checked_from_sat) else {
        return bad("Missing or invalid parameter: amountSat");
    };
    let expiry = Duration::from_secs(form.expiry_seconds.unwrap_or(DEFAULT_EXPIRY));
    match caller.account.sell(NewInvoice::new(amount, description, expiry)).await {
        Ok(invoice) => Json(json!({
            "amountSat": amount.to_sat_ceil(),
            "paymentHash": invoice.payment_hash.to_string(),
            "serialized": invoice.bolt11,
        }))
        .into_response(),
        Err(kind) => failure(kind),
    }
}

#[derive(Deserialize)]
struct PayForm {
    invoice: String,
}

async fn pay(
    State(node): State<DevNode>,
    headers: HeaderMap,
    form: Result<Form<PayForm>, FormRejection>,
) -> Response {
    let Some(caller) = caller(&node, &headers).filter(|caller| caller.may_spend) else {
        return unauthorized();
    };
    let Ok(Form(PayForm { invoice })) = form else { return bad("Missing or invalid parameter: invoice") };
    let (facts, mut outcome) = match caller.account.buy(&invoice, Msat::MAX, PAY_WAIT).await {
        Ok(sent) => sent,
        Err(BackendErrorKind::InvalidInvoice) => return bad("Missing or invalid parameter: invoice"),
        Err(kind) => return outage(kind).unwrap_or_else(|| not_paid(None, reason(kind))),
    };
    if matches!(outcome, PayOutcome::Pending) {
        outcome = caller.account.ended(facts.payment_hash, PAY_WAIT).await;
    }
    match outcome {
        PayOutcome::Paid(payment) => {
            let hash = facts.payment_hash.to_string();
            Json(json!({
                "recipientAmountSat": facts.amount.unwrap_or(Msat::ZERO).to_sat_ceil(),
                "routingFeeSat": payment.fee.unwrap_or(Msat::ZERO).to_sat_ceil(),
                "paymentId": hash, "paymentHash": hash, "paymentPreimage": payment.preimage.expose_hex(),
            }))
            .into_response()
        }
        PayOutcome::Failed(kind) => not_paid(Some(facts.payment_hash), reason(kind)),
        _ => not_paid(Some(facts.payment_hash), reason(BackendErrorKind::InFlight)),
    }
}

/// A failure has status 200, too.
fn not_paid(hash: Option<PaymentHash>, reason: &str) -> Response {
    let hash = hash.map(|hash| hash.to_string());
    Json(json!({"paymentHash": hash, "reason": reason})).into_response()
}

fn reason(kind: BackendErrorKind) -> &'static str {
    match kind {
        BackendErrorKind::AlreadyPaid => "this invoice has already been paid",
        BackendErrorKind::InFlight => "another payment is in progress for that invoice",
        BackendErrorKind::InsufficientBalance => "not enough funds in wallet to afford payment",
        BackendErrorKind::Unavailable => "channel is not connected yet, please retry when connected",
        BackendErrorKind::InvalidInvoice => "payment request features not supported",
        BackendErrorKind::NoRoute => "payment attempts exhausted without success",
        _ => "the recipient was offline or did not have enough liquidity to receive the payment",
    }
}

async fn incoming(State(node): State<DevNode>, headers: HeaderMap, Path(hash): Path<String>) -> Response {
    let Some(caller) = caller(&node, &headers) else { return unauthorized() };
    let Ok(hash) = hash.parse::<PaymentHash>() else { return not_found() };
    let (record, preimage) = match caller.account.received(hash).await {
        Ok(Some(found)) => found,
        Ok(None) => return not_found(),
        Err(kind) => return failure(kind),
    };
    let is_paid = record.status == InvoiceStatus::Paid;
    let mut body = json!({
        "subType": "lightning", "paymentHash": hash.to_string(), "preimage": preimage.expose_hex(),
        "description": record.description, "invoice": record.bolt11, "isPaid": is_paid,
        "isExpired": record.status == InvoiceStatus::Expired,
        "requestedSat": record.amount.to_sat_ceil(),
        "receivedSat": if is_paid { record.amount.to_sat_ceil() } else { 0 },
        "fees": 0, "expiresAt": millis(record.expires_at), "createdAt": millis(record.created_at),
    });
    if let Some(at) = record.settled_at {
        body["completedAt"] = millis(at).into();
    }
    Json(body).into_response()
}

async fn outgoing(State(node): State<DevNode>, headers: HeaderMap, Path(hash): Path<String>) -> Response {
    let Some(caller) = caller(&node, &headers) else { return unauthorized() };
    let Ok(hash) = hash.parse::<PaymentHash>() else { return not_found() };
    let sent = match caller.account.sent(hash).await {
        Ok(Some(sent)) => sent,
        Ok(None) => return not_found(),
        Err(kind) => return failure(kind),
    };
    let now = millis(caller.account.ledger().now());
    let hash = hash.to_string();
    let mut body = json!({
        "paymentId": hash, "paymentHash": hash, "isPaid": false, "createdAt": millis(sent.invoice.created_at),
        "sent": sent.invoice.amount.to_sat_ceil(), "fees": 0, "invoice": sent.invoice.bolt11,
    });
    match sent.outcome {
        PayOutcome::Paid(payment) => {
            body["isPaid"] = true.into();
            body["preimage"] = payment.preimage.expose_hex().into();
            body["fees"] = payment.fee.unwrap_or(Msat::ZERO).as_msat().into();
            body["completedAt"] = sent.invoice.settled_at.map_or(now, millis).into();
        }
        PayOutcome::Failed(_) => body["completedAt"] = now.into(),
        _ => {}
    }
    Json(body).into_response()
}

async fn balance(State(node): State<DevNode>, headers: HeaderMap) -> Response {
    let Some(caller) = caller(&node, &headers) else { return unauthorized() };
    let sats = caller.account.balance().as_msat() / 1000;
    Json(json!({"balanceSat": sats, "feeCreditSat": 0})).into_response()
}

/// HTTP Basic with an empty user name.
fn caller(node: &DevNode, headers: &HeaderMap) -> Option<Caller> {
    let encoded = header_text(headers, "authorization")?.strip_prefix("Basic ")?;
    let decoded = base64_simd::STANDARD.decode_to_vec(encoded).ok()?;
    Caller::find(node, str::from_utf8(&decoded).ok()?.strip_prefix(':')?)
}

const fn millis(time: UnixTime) -> u64 {
    time.as_secs().saturating_mul(1000)
}

fn failure(kind: BackendErrorKind) -> Response {
    outage(kind).unwrap_or_else(|| (StatusCode::INTERNAL_SERVER_ERROR, kind.to_string()).into_response())
}

fn unauthorized() -> Response {
    (StatusCode::UNAUTHORIZED, "Invalid authentication (use basic auth with the http password)")
        .into_response()
}

fn bad(text: &'static str) -> Response {
    (StatusCode::BAD_REQUEST, text).into_response()
}

fn not_found() -> Response {
    (StatusCode::NOT_FOUND, "Not found").into_response()
}
