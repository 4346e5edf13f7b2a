//! Blink's GraphQL API, as far as invoices and payments of a BTC wallet need it.
//!
//! Contract: <https://dev.blink.sv/api/btc-ln-receive>. There is no GraphQL engine here: an operation is known by the
//! field it asks for, its input comes from the variables, and the answer has every field of it, selected or not.

use std::time::Duration;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{BackendErrorKind, NewInvoice, PayOutcome, Payment};
use l402_core::{Msat, PaymentHash};
use serde::Deserialize;
use serde_json::{Value, json};

use super::desk::{Caller, header_text, outage};
use crate::ledger::InvoiceStatus;
use crate::node::DevNode;

/// Blink's own patience with its node.
const PAY_WAIT: Duration = Duration::from_secs(45);
const DEFAULT_MINUTES: u64 = 240;

/// The interface, at `/graphql`.
#[must_use = "a router does nothing until it is served"]
pub fn router(node: &DevNode) -> Router {
    Router::new().route("/graphql", post(graphql)).with_state(node.clone())
}

#[derive(Deserialize)]
struct Request {
    query: String,
    #[serde(default)]
    variables: Value,
}

async fn graphql(
    State(node): State<DevNode>,
    headers: HeaderMap,
    request: Result<Json<Request>, JsonRejection>,
) -> Response {
    let Ok(Json(request)) = request else {
        return (StatusCode::BAD_REQUEST, errors("Must provide query string.")).into_response();
    };
    let Request { query, variables } = request;
    let caller = header_text(&headers, "x-api-key").and_then(|key| Caller::find(&node, key));
    let input = &variables["input"];
    let answer = match (&caller, field(&query)) {
        (_, Some(field @ ("lnInvoicePaymentStatusByHash" | "lnInvoicePaymentStatusByPaymentRequest"))) => {
            status(&node, field, input).await
        }
        (None, Some(_)) => return errors("Not authorized").into_response(),
        (Some(caller), Some("lnInvoiceCreate")) => create(caller, input).await,
        (Some(caller), Some("lnInvoicePaymentSend")) => send(caller, input).await,
        (Some(caller), Some("transactionsByPaymentHash")) => transactions(caller, &variables).await,
        (Some(caller), Some(_)) => Ok(me(caller)),
        (_, None) => {
            return (StatusCode::BAD_REQUEST, errors("Cannot query such a field here.")).into_response();
        }
    };
    match answer {
        Ok(data) => Json(json!({"data": data})).into_response(),
        // Its words for whatever it has no invoice of.
        Err(BackendErrorKind::NotFound) => {
            let message = "User tried to pay invoice with that hash, but it does not exist";
            Json(json!({"errors": [problem(message, "LIGHTNING_PAYMENT_ERROR")], "data": null}))
                .into_response()
        }
        Err(kind) => outage(kind).unwrap_or_else(|| errors(&kind.to_string()).into_response()),
    }
}

/// The field that says what is asked for.
fn field(query: &str) -> Option<&'static str> {
    const FIELDS: [&str; 6] = [
        "lnInvoicePaymentStatusByHash",
        "lnInvoicePaymentStatusByPaymentRequest",
        "lnInvoiceCreate",
        "lnInvoicePaymentSend",
        "transactionsByPaymentHash",
        "defaultAccount",
    ];
    FIELDS
        .into_iter()
        .find(|field| query.contains(&format!("{field}(")) || query.contains(&format!("{field} ")))
}

fn me(caller: &Caller) -> Value {
    let sats = caller.account.balance().as_msat() / 1000;
    let wallet = json!({"id": caller.account.name(), "walletCurrency": "BTC", "balance": sats});
    json!({"me": {"defaultAccount": {"wallets": [wallet]}}})
}

async fn create(caller: &Caller, input: &Value) -> Result<Value, BackendErrorKind> {
    let refuse = |message: &str, code: &str| json!({"lnInvoiceCreate": {"invoice": null, "errors": [problem(message, code)]}});
    if input["walletId"].as_str() != Some(&caller.account.name()) {
        return Ok(refuse("Invalid value for WalletId", "INVALID_INPUT"));
    }
    let Some(amount) = input["amount"].as_u64().and_then(Msat::checked_from_sat) else {
        return Ok(refuse("Invalid value for SatAmount", "INVALID_INPUT"));
    };
    // What is out of range becomes the default, silently.
    let minutes = input["expiresIn"].as_u64().filter(|minutes| (1..=1440).contains(minutes));
    let expiry = Duration::from_secs(minutes.unwrap_or(DEFAULT_MINUTES) * 60);
    let memo = input["memo"].as_str().unwrap_or_default().to_owned();
    match caller.account.sell(NewInvoice::new(amount, memo, expiry)).await {
        Ok(invoice) => {
            let invoice = json!({
                "paymentRequest": invoice.bolt11, "paymentHash": invoice.payment_hash.to_string(),
                "satoshis": amount.to_sat_ceil(), "paymentStatus": "PENDING",
            });
            Ok(json!({"lnInvoiceCreate": {"invoice": invoice, "errors": []}}))
        }
        Err(BackendErrorKind::InvalidInvoice) => Ok(refuse("Invalid amount", "INVALID_INPUT")),
        Err(kind) => Err(kind),
    }
}

/// Public: no key is needed.
async fn status(node: &DevNode, field: &str, input: &Value) -> Result<Value, BackendErrorKind> {
    let by_hash = input["paymentHash"].as_str().and_then(|hash| hash.parse::<PaymentHash>().ok());
    let by_request = || input["paymentRequest"].as_str()?.parse::<InvoiceFacts>().ok();
    let hash = by_hash.or_else(|| by_request().map(|facts| facts.payment_hash));
    let payee = hash.and_then(|hash| node.account(&node.invoice(hash)?.payee));
    let received = match (payee, hash) {
        (Some(payee), Some(hash)) => payee.received(hash).await?,
        _ => None,
    };
    let (record, preimage) = received.ok_or(BackendErrorKind::NotFound)?;
    let (status, preimage) = match record.status {
        InvoiceStatus::Paid => ("PAID", Some(preimage.expose_hex())),
        InvoiceStatus::Expired => ("EXPIRED", None),
        InvoiceStatus::Open | InvoiceStatus::InFlight => ("PENDING", None),
    };
    let hash = record.payment_hash.to_string();
    Ok(json!({field: {"status": status, "paymentPreimage": preimage, "paymentHash": hash,
        "paymentRequest": record.bolt11}}))
}

async fn send(caller: &Caller, input: &Value) -> Result<Value, BackendErrorKind> {
    if !caller.may_spend {
        return Ok(failed("Not authorized", "NOT_AUTHORIZED"));
    }
    let bolt11 = input["paymentRequest"].as_str().unwrap_or_default();
    let (facts, mut outcome) = match caller.account.buy(bolt11, Msat::MAX, PAY_WAIT).await {
        Ok(sent) => sent,
        Err(BackendErrorKind::AlreadyPaid) => return Ok(already_paid(caller, bolt11)),
        Err(kind @ (BackendErrorKind::Unavailable | BackendErrorKind::RateLimited { .. })) => {
            return Err(kind);
        }
        Err(kind) => return Ok(refused(kind)),
    };
    if matches!(outcome, PayOutcome::Pending) {
        outcome = caller.account.ended(facts.payment_hash, PAY_WAIT).await;
    }
    Ok(match outcome {
        PayOutcome::Paid(payment) => sent("SUCCESS", &transaction("SUCCESS", Some(&payment))),
        PayOutcome::Failed(kind) => refused(kind),
        _ => sent("PENDING", &transaction("PENDING", None)),
    })
}

/// With the account's own transaction, if it was the one that paid.
fn already_paid(caller: &Caller, bolt11: &str) -> Value {
    let hash = bolt11.parse::<InvoiceFacts>().map(|facts| facts.payment_hash);
    let outcome = hash.ok().and_then(|hash| caller.account.ledger().outcome(caller.account.id(), hash));
    match outcome {
        Some(PayOutcome::Paid(payment)) => sent("ALREADY_PAID", &transaction("SUCCESS", Some(&payment))),
        _ => sent("ALREADY_PAID", &Value::Null),
    }
}

async fn transactions(caller: &Caller, variables: &Value) -> Result<Value, BackendErrorKind> {
    let hash = variables["paymentHash"].as_str().and_then(|hash| hash.parse::<PaymentHash>().ok());
    let found = match hash {
        Some(hash) => caller.account.sent(hash).await?,
        None => None,
    };
    let found: Vec<Value> = (found.iter())
        .map(|sent| match &sent.outcome {
            PayOutcome::Paid(payment) => transaction("SUCCESS", Some(payment)),
            PayOutcome::Failed(_) => transaction("FAILURE", None),
            _ => transaction("PENDING", None),
        })
        .collect();
    let wallet = json!({"transactionsByPaymentHash": found});
    Ok(json!({"me": {"defaultAccount": {"walletById": wallet}}}))
}

/// Accounts of one node pay each other as Blink's do, within its ledger.
fn transaction(status: &str, payment: Option<&Payment>) -> Value {
    let fee = payment.and_then(|payment| payment.fee).unwrap_or(Msat::ZERO).to_sat_ceil();
    let preimage = payment.map(|payment| payment.preimage.expose_hex());
    let via = json!({"__typename": "SettlementViaIntraLedger", "preImage": preimage});
    json!({"status": status, "direction": "SEND", "settlementFee": fee, "settlementVia": via})
}

fn sent(status: &str, transaction: &Value) -> Value {
    json!({"lnInvoicePaymentSend": {"status": status, "errors": [], "transaction": transaction}})
}

fn failed(message: &str, code: &str) -> Value {
    let errors = [problem(message, code)];
    json!({"lnInvoicePaymentSend": {"status": "FAILURE", "errors": errors, "transaction": null}})
}

fn refused(kind: BackendErrorKind) -> Value {
    match kind {
        BackendErrorKind::InFlight => failed("There is a pending payment for this invoice", "INVALID_INPUT"),
        BackendErrorKind::InsufficientBalance => failed("balance is too low", "INSUFFICIENT_BALANCE"),
        BackendErrorKind::InvalidInvoice => failed("Unable to decode invoice", "INVOICE_DECODE_ERROR"),
        BackendErrorKind::SelfPayment => failed("User tried to pay themselves", "CANT_PAY_SELF"),
        BackendErrorKind::LimitExceeded => failed("Cannot transfer more", "TRANSACTION_RESTRICTED"),
        BackendErrorKind::AlreadyPaid => sent("ALREADY_PAID", &Value::Null),
        BackendErrorKind::NoRoute => failed("Unable to find a route for payment", "ROUTE_FINDING_ERROR"),
        kind => failed(&kind.to_string(), "LIGHTNING_PAYMENT_ERROR"),
    }
}

fn problem(message: &str, code: &str) -> Value {
    json!({"message": message, "code": code, "path": null})
}

fn errors(message: &str) -> Json<Value> {
    Json(json!({"errors": [{"message": message}], "data": null}))
}
