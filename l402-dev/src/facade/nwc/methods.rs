//! What a client may ask for. Amounts are in millisatoshi.

use std::time::Duration;

use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{BackendErrorKind, NewInvoice, PayOutcome};
use l402_core::{Msat, PaymentHash};
use serde_json::{Value, json};

use crate::account::DevAccount;
use crate::facade::desk::Sent;
use crate::ledger::{InvoiceRecord, InvoiceStatus};

/// As the info event lists them.
pub(super) const METHODS: &str = "pay_invoice make_invoice lookup_invoice get_balance get_info";

const DEFAULT_EXPIRY: u64 = 86_400;

/// A wallet answers when a payment has ended, however long that takes.
const PAY_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A code of NIP-47 and a text for people.
type Refusal = (&'static str, String);

/// The result or the error; `None` while the node is down.
pub(super) async fn run(
    account: &DevAccount,
    method: &str,
    params: &Value,
) -> Option<Result<Value, Refusal>> {
    let answer = match method {
        "get_info" => Ok(info(account)),
        "get_balance" => Ok(json!({"balance": account.balance().as_msat()})),
        "make_invoice" => make_invoice(account, params).await,
        "lookup_invoice" => look_up(account, params).await,
        "pay_invoice" => pay(account, params).await,
        _ => return Some(Err(("NOT_IMPLEMENTED", format!("this wallet has no method {method}")))),
    };
    match answer {
        Err(BackendErrorKind::Unavailable) => None,
        answer => Some(answer.map_err(refusal)),
    }
}

fn info(account: &DevAccount) -> Value {
    let pubkey = hex_simd::encode_to_string(account.ledger().node_id(), hex_simd::AsciiCase::Lower);
    let methods: Vec<_> = METHODS.split(' ').collect();
    json!({"alias": "l402-dev", "pubkey": pubkey, "network": "regtest", "block_height": 101,
        "methods": methods, "notifications": []})
}

async fn make_invoice(account: &DevAccount, params: &Value) -> Result<Value, BackendErrorKind> {
    let amount = params["amount"].as_u64().map(Msat::from_msat).ok_or(BackendErrorKind::InvalidInvoice)?;
    let expiry = Duration::from_secs(params["expiry"].as_u64().unwrap_or(DEFAULT_EXPIRY));
    let description = params["description"].as_str().unwrap_or_default().to_owned();
    let invoice = account.sell(NewInvoice::new(amount, description, expiry)).await?;
    let facts: InvoiceFacts = invoice.bolt11.parse().map_err(|_| BackendErrorKind::Protocol)?;
    Ok(json!({
        "type": "incoming", "state": "pending", "invoice": invoice.bolt11,
        "payment_hash": invoice.payment_hash.to_string(), "amount": facts.amount.map(Msat::as_msat),
        "fees_paid": 0, "created_at": account.ledger().now().as_secs(), "expires_at": facts.expires_at.as_secs(),
    }))
}

/// Of either direction; a payment of the account's own comes first.
async fn look_up(account: &DevAccount, params: &Value) -> Result<Value, BackendErrorKind> {
    let by_hash = params["payment_hash"].as_str().and_then(|hash| hash.parse::<PaymentHash>().ok());
    let by_invoice = || Some(params["invoice"].as_str()?.parse::<InvoiceFacts>().ok()?.payment_hash);
    let hash = by_hash.or_else(by_invoice).ok_or(BackendErrorKind::NotFound)?;
    if let Some(sent) = account.sent(hash).await? {
        return Ok(outgoing(&sent));
    }
    let (record, preimage) = account.received(hash).await?.ok_or(BackendErrorKind::NotFound)?;
    let state = match record.status {
        InvoiceStatus::Paid => "settled",
        InvoiceStatus::Expired => "expired",
        InvoiceStatus::Open | InvoiceStatus::InFlight => "pending",
    };
    let mut answer = transaction(&record, "incoming", state);
    if record.status == InvoiceStatus::Paid {
        answer["preimage"] = preimage.expose_hex().into();
        answer["settled_at"] = record.settled_at.map(|at| at.as_secs()).into();
    }
    Ok(answer)
}

fn outgoing(sent: &Sent) -> Value {
    match &sent.outcome {
        PayOutcome::Paid(payment) => {
            let mut answer = transaction(&sent.invoice, "outgoing", "settled");
            answer["preimage"] = payment.preimage.expose_hex().into();
            answer["fees_paid"] = payment.fee.unwrap_or(Msat::ZERO).as_msat().into();
            answer["settled_at"] = sent.invoice.settled_at.map(|at| at.as_secs()).into();
            answer
        }
        PayOutcome::Failed(_) => transaction(&sent.invoice, "outgoing", "failed"),
        _ => transaction(&sent.invoice, "outgoing", "pending"),
    }
}

fn transaction(record: &InvoiceRecord, direction: &str, state: &str) -> Value {
    json!({
        "type": direction, "state": state, "invoice": record.bolt11, "description": record.description,
        "payment_hash": record.payment_hash.to_string(), "amount": record.amount.as_msat(), "fees_paid": 0,
        "created_at": record.created_at.as_secs(), "expires_at": record.expires_at.as_secs(), "settled_at": null,
    })
}

async fn pay(account: &DevAccount, params: &Value) -> Result<Value, BackendErrorKind> {
    let bolt11 = params["invoice"].as_str().unwrap_or_default();
    let (facts, mut outcome) = account.buy(bolt11, Msat::MAX, PAY_WAIT).await?;
    if matches!(outcome, PayOutcome::Pending) {
        outcome = account.ended(facts.payment_hash, PAY_WAIT).await;
    }
    match outcome {
        PayOutcome::Paid(payment) => {
            let fees = payment.fee.unwrap_or(Msat::ZERO).as_msat();
            Ok(json!({"preimage": payment.preimage.expose_hex(), "fees_paid": fees}))
        }
        PayOutcome::Failed(kind) => Err(kind),
        _ => Err(BackendErrorKind::Timeout),
    }
}

fn refusal(kind: BackendErrorKind) -> Refusal {
    let code = match kind {
        BackendErrorKind::InsufficientBalance => "INSUFFICIENT_BALANCE",
        BackendErrorKind::LimitExceeded => "QUOTA_EXCEEDED",
        BackendErrorKind::RateLimited { .. } => "RATE_LIMITED",
        BackendErrorKind::Forbidden => "RESTRICTED",
        BackendErrorKind::Auth => "UNAUTHORIZED",
        BackendErrorKind::NotFound => "NOT_FOUND",
        BackendErrorKind::NoRoute | BackendErrorKind::Timeout | BackendErrorKind::FeeTooHigh => {
            "PAYMENT_FAILED"
        }
        // As Alby Hub has it; the text tells.
        BackendErrorKind::AlreadyPaid => {
            return ("INTERNAL", "this invoice has already been paid".to_owned());
        }
        _ => "OTHER",
    };
    (code, kind.to_string())
}
