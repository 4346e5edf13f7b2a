//! Payments: send, and track what was sent. Both answer a stream.

use std::time::Duration;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt as _};
use l402_core::ports::{BackendErrorKind, PayOutcome};
use l402_core::{Msat, PaymentHash};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Rpc, caller, failure, integer};
use crate::account::DevAccount;
use crate::node::DevNode;

/// LND keeps a stream open as long as a payment is in flight.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) async fn send(
    State(node): State<DevNode>,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Response, Rpc> {
    let caller = caller(&node, &headers)?;
    if !caller.may_spend {
        return Err(Rpc::unknown("permission denied"));
    }
    let Json(body) = body.map_err(|error| Rpc::invalid(error.body_text()))?;
    let bolt11 = body["payment_request"].as_str().unwrap_or_default();
    let in_msat = integer(&body["fee_limit_msat"]).map(Msat::from_msat);
    let in_sats = integer(&body["fee_limit_sat"]).and_then(Msat::checked_from_sat);
    // Not set means routes without a fee only.
    let max_fee = in_msat.or(in_sats).unwrap_or(Msat::ZERO);
    let quiet = body["no_inflight_updates"].as_bool().unwrap_or(false);
    let (hash, amount, outcome) = match caller.account.buy(bolt11, max_fee, FOREVER).await {
        Ok((facts, outcome)) => (facts.payment_hash, facts.amount.unwrap_or(Msat::ZERO), outcome),
        Err(kind) => return refused(kind).map_or_else(|| Ok(failure(kind)), Err),
    };
    if let PayOutcome::Failed(kind) = outcome
        && let Some(rpc) = refused(kind)
    {
        return Err(rpc);
    }
    Ok(stream(caller.account, &Payment { hash, amount, outcome }, quiet))
}

#[derive(Deserialize)]
pub(super) struct Track {
    #[serde(default)]
    no_inflight_updates: bool,
}

pub(super) async fn track(
    State(node): State<DevNode>,
    headers: HeaderMap,
    Path(hash): Path<String>,
    Query(track): Query<Track>,
) -> Result<Response, Rpc> {
    let caller = caller(&node, &headers)?;
    let bytes = base64_simd::URL_SAFE.decode_to_vec(&hash).ok();
    let bytes = bytes.or_else(|| base64_simd::URL_SAFE_NO_PAD.decode_to_vec(&hash).ok());
    let bytes: [u8; 32] = bytes
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| Rpc::invalid("the payment hash must be 32 bytes in URL-safe base64"))?;
    let hash = PaymentHash::from_bytes(bytes);
    match caller.account.sent(hash).await {
        Ok(Some(sent)) => {
            let payment = Payment { hash, amount: sent.invoice.amount, outcome: sent.outcome };
            Ok(stream(caller.account, &payment, track.no_inflight_updates))
        }
        Ok(None) => Err(Rpc::not_found("payment isn't initiated")),
        Err(kind) => Ok(failure(kind)),
    }
}

struct Payment {
    hash: PaymentHash,
    amount: Msat,
    outcome: PayOutcome,
}

/// The payment as it is, unless nobody wants to know, and its end.
fn stream(account: DevAccount, payment: &Payment, quiet: bool) -> Response {
    let in_flight = matches!(payment.outcome, PayOutcome::Pending);
    let first = (!in_flight || !quiet).then(|| payment.line());
    let Payment { hash, amount, .. } = *payment;
    let end = stream::once(async move {
        let outcome = account.ended(hash, FOREVER).await;
        Payment { hash, amount, outcome }.line()
    });
    let lines = stream::iter(first).chain(stream::iter(in_flight.then_some(end)).flatten());
    let body = axum::body::Body::from_stream(lines.map(Ok::<_, std::convert::Infallible>));
    (StatusCode::OK, [("content-type", "application/json")], body).into_response()
}

impl Payment {
    fn line(&self) -> String {
        let nothing = "0".repeat(64);
        let (status, preimage, fee, reason) = match &self.outcome {
            PayOutcome::Paid(payment) => {
                let fee = payment.fee.unwrap_or(Msat::ZERO);
                ("SUCCEEDED", payment.preimage.expose_hex(), fee, "FAILURE_REASON_NONE")
            }
            PayOutcome::Failed(kind) => ("FAILED", nothing, Msat::ZERO, failure_reason(*kind)),
            _ => ("IN_FLIGHT", nothing, Msat::ZERO, "FAILURE_REASON_NONE"),
        };
        let value = self.amount.as_msat();
        let payment = json!({
            "payment_hash": self.hash.to_string(), "payment_preimage": preimage, "status": status,
            "value_sat": (value / 1000).to_string(), "value_msat": value.to_string(),
            "fee_sat": (fee.as_msat() / 1000).to_string(), "fee_msat": fee.as_msat().to_string(),
            "failure_reason": reason, "htlcs": [],
        });
        format!("{}\n", json!({"result": payment}))
    }
}

fn failure_reason(kind: BackendErrorKind) -> &'static str {
    match kind {
        BackendErrorKind::Timeout => "FAILURE_REASON_TIMEOUT",
        BackendErrorKind::InsufficientBalance => "FAILURE_REASON_INSUFFICIENT_BALANCE",
        BackendErrorKind::NoRoute | BackendErrorKind::FeeTooHigh => "FAILURE_REASON_NO_ROUTE",
        _ => "FAILURE_REASON_ERROR",
    }
}

/// What LND refuses before it makes a payment of it.
fn refused(kind: BackendErrorKind) -> Option<Rpc> {
    let exists = |message: &str| Rpc::new(StatusCode::CONFLICT, 6, message);
    Some(match kind {
        BackendErrorKind::AlreadyPaid => exists("invoice is already paid"),
        BackendErrorKind::InFlight => exists("payment is in transition"),
        BackendErrorKind::Expired => Rpc::unknown("invoice expired. Valid until an earlier time"),
        BackendErrorKind::SelfPayment => Rpc::unknown("self-payments not allowed"),
        BackendErrorKind::InvalidInvoice => {
            Rpc::unknown("invalid payment request: checksum failed or other network")
        }
        _ => return None,
    })
}
