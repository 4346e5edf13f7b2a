//! `GET /invoices` and `POST /invoices`.

use std::time::Duration;

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use l402_core::Msat;
use l402_core::ports::{BackendErrorKind, InvoiceProvider, NewInvoice};
use serde::Serialize;

use super::super::order::{InvoiceCreated, InvoiceOrder};
use super::refusal::Refusal;
use crate::ledger::InvoiceRecord;
use crate::node::DevNode;

pub(super) async fn list(State(node): State<DevNode>) -> Json<Vec<InvoiceJson>> {
    Json(node.invoices().into_iter().map(InvoiceJson::from).collect())
}

pub(super) async fn create(
    State(node): State<DevNode>,
    order: Result<Json<InvoiceOrder>, JsonRejection>,
) -> Result<(StatusCode, Json<InvoiceCreated>), Refusal> {
    let Json(order) = order.map_err(|error| {
        Refusal::bad_request(format!("{}; send {{\"amount_msat\": 10000}} as JSON", error.body_text()))
    })?;
    let provider = match order.account {
        None => node.provider(),
        Some(name) => node.account(&name).ok_or_else(|| Refusal::no_such_account(&name))?.provider(),
    };
    let amount = Msat::from_msat(order.amount_msat);
    let new = NewInvoice::new(amount, order.description, Duration::from_secs(order.expires_in));
    let invoice = provider.create_invoice(new).await.map_err(|error| match error.kind() {
        BackendErrorKind::InvalidInvoice => {
            Refusal::bad_request("an invoice needs an amount above zero that BOLT11 can express")
        }
        kind => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, format!("{kind}; DELETE /faults ends it")),
    })?;
    let payment_hash = invoice.payment_hash.to_string();
    Ok((StatusCode::CREATED, Json(InvoiceCreated { bolt11: invoice.bolt11, payment_hash })))
}

/// An invoice without secrets. Times are Unix times in seconds.
#[derive(Serialize)]
pub(super) struct InvoiceJson {
    payment_hash: String,
    bolt11: String,
    amount_msat: u64,
    description: String,
    payee: String,
    status: &'static str,
    created_at: u64,
    expires_at: u64,
    settled_at: Option<u64>,
}

impl From<InvoiceRecord> for InvoiceJson {
    fn from(record: InvoiceRecord) -> Self {
        Self {
            payment_hash: record.payment_hash.to_string(),
            bolt11: record.bolt11,
            amount_msat: record.amount.as_msat(),
            description: record.description,
            payee: record.payee.to_string(),
            status: record.status.as_str(),
            created_at: record.created_at.as_secs(),
            expires_at: record.expires_at.as_secs(),
            settled_at: record.settled_at.map(|time| time.as_secs()),
        }
    }
}
