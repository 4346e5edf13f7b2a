//! `POST /pay`, `GET /payments/<payment hash>` and `GET /balance`: the payer's side.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use l402_core::bolt11::{InvoiceError, InvoiceFacts};
use l402_core::ports::{BackendErrorKind, PayOutcome, PayRequest, Payment, Wallet};
use l402_core::{Msat, PaymentHash};
use serde::Deserialize;

use super::super::FEE_HEADER;
use super::refusal::Refusal;
use crate::node::DevNode;
use crate::wallet::DevWallet;

#[derive(Deserialize)]
pub(super) struct From {
    account: Option<String>,
    max_fee_msat: Option<u64>,
}

impl From {
    fn wallet(&self, node: &DevNode) -> Result<DevWallet, Refusal> {
        match &self.account {
            None => Ok(node.wallet()),
            Some(name) => Ok(node.account(name).ok_or_else(|| Refusal::no_such_account(name))?.wallet()),
        }
    }
}

pub(super) async fn pay(
    State(node): State<DevNode>,
    Query(from): Query<From>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Refusal> {
    let body = body?;
    let bolt11 = str::from_utf8(&body).map_err(|_| Refusal::from(InvoiceError::Malformed))?.trim();
    let wallet = from.wallet(&node)?;
    wallet.ordered(bolt11);
    let facts: InvoiceFacts = bolt11.parse()?;
    let max_fee = from.max_fee_msat.map_or(Msat::MAX, Msat::from_msat);
    let request = PayRequest::new(bolt11.to_owned(), facts.payment_hash, max_fee, PAY_TIMEOUT);
    match wallet.pay(request).await {
        Ok(PayOutcome::Paid(payment)) => Ok(proof(&payment)),
        Ok(PayOutcome::Failed(kind)) => Err(kind.into()),
        Ok(_) => Err(BackendErrorKind::InFlight.into()),
        Err(error) => Err(error.kind().into()),
    }
}

/// A preimage as a body, and the fee.
fn proof(payment: &Payment) -> Response {
    let fee = payment.fee.unwrap_or(Msat::ZERO).as_msat().to_string();
    let headers = [(header::CACHE_CONTROL.as_str(), "no-store"), (FEE_HEADER, &fee)];
    (headers, payment.preimage.expose_hex() + "\n").into_response()
}

pub(super) async fn payment(
    State(node): State<DevNode>,
    Query(from): Query<From>,
    Path(payment_hash): Path<String>,
) -> Result<Response, Refusal> {
    let advice = "this account made no payment with this hash; give the 64 hex digits of one that it made";
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, advice);
    let payment_hash: PaymentHash = payment_hash.parse().map_err(|_| unknown())?;
    match from.wallet(&node)?.lookup(payment_hash).await {
        Ok(PayOutcome::Paid(payment)) => Ok(proof(&payment)),
        Ok(PayOutcome::Pending) => Ok((StatusCode::ACCEPTED, "the payment is under way\n").into_response()),
        Ok(PayOutcome::Failed(kind)) => Err(Refusal::new(StatusCode::CONFLICT, kind.to_string())),
        Err(error) if error.kind() == BackendErrorKind::NotFound => Err(unknown()),
        Err(error) => Err(error.kind().into()),
        Ok(_) => Err(unknown()),
    }
}

pub(super) async fn balance(
    State(node): State<DevNode>,
    Query(from): Query<From>,
) -> Result<String, Refusal> {
    let balance = from.wallet(&node)?.balance().await.map_err(|error| Refusal::from(error.kind()))?;
    Ok(format!("{}\n", balance.as_msat()))
}

/// What the port asks for; a dev wallet does not wait.
const PAY_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn wrong_method() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "paying is a POST with the invoice as plain text")
}
