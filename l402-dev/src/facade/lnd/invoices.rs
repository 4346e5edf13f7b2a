//! Invoices: create, look up, decode, subscribe.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use l402_core::ports::NewInvoice;
use l402_core::{Msat, PaymentHash, Preimage};
use lightning_invoice::{Bolt11Invoice, Bolt11InvoiceDescriptionRef};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Rpc, base64, caller, failure, hex, integer};
use crate::account::DevAccount;
use crate::facade::desk::Watch;
use crate::ledger::{InvoiceRecord, InvoiceStatus};
use crate::node::DevNode;

const DEFAULT_EXPIRY: u64 = 86_400;
const MAX_EXPIRY: u64 = 31_536_000;
const MAX_MEMO_BYTES: usize = 1024;

pub(super) async fn create(
    State(node): State<DevNode>,
    headers: HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Response {
    match try_create(&node, &headers, body).await {
        Ok(response) => response,
        Err(rpc) => rpc.into_response(),
    }
}

async fn try_create(
    node: &DevNode,
    headers: &HeaderMap,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<Response, Rpc> {
    let caller = caller(node, headers)?;
    let Json(body) = body.map_err(|error| Rpc::invalid(error.body_text()))?;
    let msat = integer(&body["value_msat"]).map(Msat::from_msat);
    let sats = integer(&body["value"]).and_then(Msat::checked_from_sat);
    let amount = msat.or(sats).filter(|amount| !amount.is_zero());
    let amount = amount.ok_or_else(|| Rpc::unknown("amountless invoices are not for sale here"))?;
    let expiry = integer(&body["expiry"]).filter(|&expiry| expiry > 0).unwrap_or(DEFAULT_EXPIRY);
    if expiry > MAX_EXPIRY {
        return Err(Rpc::unknown(format!("expiry of {expiry} seconds greater than max expiry")));
    }
    let memo = body["memo"].as_str().unwrap_or_default().to_owned();
    if memo.len() > MAX_MEMO_BYTES {
        return Err(Rpc::unknown(format!("memo too large: {} bytes (maxsize={MAX_MEMO_BYTES})", memo.len())));
    }
    let order = NewInvoice::new(amount, memo, Duration::from_secs(expiry));
    Ok(match caller.account.sell(order).await {
        Ok(invoice) => Json(json!({
            "r_hash": base64(invoice.payment_hash.as_bytes()), "payment_request": invoice.bolt11,
            "add_index": caller.account.ledger().invoice_count().to_string(),
        }))
        .into_response(),
        Err(kind) => failure(kind),
    })
}

pub(super) async fn look_up(
    State(node): State<DevNode>,
    headers: HeaderMap,
    Path(hash): Path<String>,
) -> Result<Response, Rpc> {
    let caller = caller(&node, &headers)?;
    let hash: PaymentHash =
        hash.parse().map_err(|_| Rpc::invalid("the payment hash must be 64 hex digits"))?;
    Ok(match caller.account.received(hash).await {
        Ok(Some((record, preimage))) => Json(invoice_json(&record, &preimage)).into_response(),
        Ok(None) => return Err(Rpc::not_found("unable to locate invoice")),
        Err(kind) => failure(kind),
    })
}

fn invoice_json(record: &InvoiceRecord, preimage: &Preimage) -> Value {
    let settled = record.status == InvoiceStatus::Paid;
    let amount = record.amount.as_msat();
    let paid = if settled { amount } else { 0 };
    json!({
        "memo": record.description, "payment_request": record.bolt11, "settled": settled,
        "state": match record.status {
            InvoiceStatus::Paid => "SETTLED",
            InvoiceStatus::Expired => "CANCELED",
            InvoiceStatus::Open | InvoiceStatus::InFlight => "OPEN",
        },
        "r_hash": base64(record.payment_hash.as_bytes()), "r_preimage": base64(preimage.expose()),
        "value": (amount / 1000).to_string(), "value_msat": amount.to_string(),
        "amt_paid_sat": (paid / 1000).to_string(), "amt_paid_msat": paid.to_string(),
        "creation_date": record.created_at.to_string(),
        "expiry": record.created_at.until(record.expires_at).as_secs().to_string(),
        "settle_date": record.settled_at.map_or("0".to_owned(), |at| at.to_string()),
    })
}

pub(super) async fn decode(
    State(node): State<DevNode>,
    headers: HeaderMap,
    Path(bolt11): Path<String>,
) -> Result<Json<Value>, Rpc> {
    caller(&node, &headers)?;
    let invoice: Bolt11Invoice = bolt11.parse().map_err(|error| Rpc::unknown(format!("{error}")))?;
    let msat = invoice.amount_milli_satoshis().unwrap_or(0);
    let (description, description_hash) = match invoice.description() {
        Bolt11InvoiceDescriptionRef::Direct(text) => (text.to_string(), String::new()),
        Bolt11InvoiceDescriptionRef::Hash(hash) => (String::new(), hash.0.to_string()),
    };
    Ok(Json(json!({
        "destination": hex(&invoice.recover_payee_pub_key().serialize()),
        "payment_hash": invoice.payment_hash().to_string(),
        "num_satoshis": (msat / 1000).to_string(), "num_msat": msat.to_string(),
        "timestamp": invoice.duration_since_epoch().as_secs().to_string(),
        "expiry": invoice.expiry_time().as_secs().to_string(),
        "description": description, "description_hash": description_hash,
        "cltv_expiry": invoice.min_final_cltv_expiry_delta().to_string(),
    })))
}

#[derive(Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    add_index: u64,
    #[serde(default)]
    settle_index: u64,
}

/// One line for every invoice that is added, and one when it is paid.
pub(super) async fn subscribe(
    State(node): State<DevNode>,
    headers: HeaderMap,
    Query(since): Query<Since>,
) -> Result<Response, Rpc> {
    let account = caller(&node, &headers)?.account;
    // An index of 0 asks for what is new from now on.
    let position =
        |index: u64, now: usize| if index == 0 { now } else { usize::try_from(index).unwrap_or(now) };
    let feed = Feed {
        watch: Watch::new(account.ledger()),
        added: position(since.add_index, account.ledger().invoice_count()),
        settled: position(since.settle_index, account.ledger().payment_count()),
        account,
    };
    let lines = stream::unfold(feed, |mut feed| async move {
        let lines = feed.next().await;
        Some((Ok::<_, Infallible>(lines), feed))
    });
    Ok((StatusCode::OK, [("content-type", "application/json")], Body::from_stream(lines)).into_response())
}

struct Feed {
    account: DevAccount,
    watch: Watch,
    added: usize,
    settled: usize,
}

impl Feed {
    async fn next(&mut self) -> Bytes {
        loop {
            let lines = self.news();
            if !lines.is_empty() {
                return lines.into();
            }
            self.watch.changed().await;
        }
    }

    fn news(&mut self) -> String {
        let ledger = self.account.ledger();
        let added = ledger.invoices_since(self.added);
        let settled = ledger.payments_since(self.settled);
        self.added += added.len();
        self.settled += settled.len();
        let hashes = added.iter().copied().chain(settled.iter().map(|payment| payment.payment_hash));
        let own = hashes.filter_map(|hash| ledger.received(self.account.id(), hash));
        own.map(|(record, preimage)| format!("{}\n", json!({"result": invoice_json(&record, &preimage)})))
            .collect()
    }
}
