//! `POST /pay`.

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use l402_core::Msat;
use l402_core::bolt11::{InvoiceError, InvoiceFacts};
use l402_core::ports::{BackendErrorKind, PayOutcome, PayRequest, Wallet};
use serde::Deserialize;

use super::refusal::Refusal;
use crate::node::DevNode;

#[derive(Deserialize)]
pub(super) struct From {
    account: Option<String>,
}

pub(super) async fn pay(
    State(node): State<DevNode>,
    Query(from): Query<From>,
    body: Result<Bytes, BytesRejection>,
) -> Result<impl IntoResponse, Refusal> {
    let body = body?;
    let bolt11 = str::from_utf8(&body).map_err(|_| Refusal::from(InvoiceError::Malformed))?.trim();
    let facts: InvoiceFacts = bolt11.parse()?;
    let wallet = match from.account {
        None => node.wallet(),
        Some(name) => node.account(&name).ok_or_else(|| Refusal::no_such_account(&name))?.wallet(),
    };
    let request = PayRequest::new(bolt11.to_owned(), facts.payment_hash, Msat::MAX, PAY_TIMEOUT);
    match wallet.pay(request).await {
        Ok(PayOutcome::Paid(payment)) => {
            Ok(([(header::CACHE_CONTROL, "no-store")], payment.preimage.expose_hex() + "\n"))
        }
        Ok(PayOutcome::Failed(kind)) => Err(kind.into()),
        Ok(_) => Err(BackendErrorKind::InFlight.into()),
        Err(error) => Err(error.kind().into()),
    }
}

/// What the port asks for; a dev wallet does not wait.
const PAY_TIMEOUT: Duration = Duration::from_secs(30);

pub(super) async fn wrong_method() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "paying is a POST with the invoice as plain text")
}
