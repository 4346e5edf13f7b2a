//! [`Refusal`]: a 4xx with one line that says what to do.

use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use l402_core::bolt11::InvoiceError;
use l402_core::ports::BackendErrorKind;

pub(super) struct Refusal {
    status: StatusCode,
    reason: String,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into() }
    }

    pub(super) fn bad_request(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason)
    }

    pub(super) fn no_such_account(name: &str) -> Self {
        let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
        Self::new(StatusCode::NOT_FOUND, format!("there is no account '{name}'; GET /state lists them"))
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
            BackendErrorKind::Unavailable | BackendErrorKind::RateLimited { .. } => {
                (StatusCode::SERVICE_UNAVAILABLE, "this was ordered; DELETE /faults ends it")
            }
            BackendErrorKind::SelfPayment => {
                (StatusCode::CONFLICT, "the account would pay itself; pay from another one with ?account=")
            }
            _ => (StatusCode::CONFLICT, "send the same invoice again; it is paid once at most"),
        };
        Self::new(status, format!("{kind}; {advice}"))
    }
}
