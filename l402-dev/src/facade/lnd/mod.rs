//! LND 0.19 to 0.21 over REST: invoices, payments and the little around them.
//!
//! Contract: <https://lightning.engineering/api-docs/api/lnd/>. What gRPC's gateway makes of it: 64-bit numbers are
//! strings, bytes are base64, a stream is one JSON object a line.
//!
//! The macaroon is a key of an account in hex, so no macaroon at all: nothing but LND itself reads one.

mod invoices;
mod payments;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use l402_core::ports::BackendErrorKind;
use serde_json::{Value, json};

use super::desk::{Caller, header_text, outage};
use crate::node::DevNode;

/// The interface, at the root of wherever it is served.
#[must_use = "a router does nothing until it is served"]
pub fn router(node: &DevNode) -> Router {
    Router::new()
        .route("/v1/invoices", post(invoices::create))
        .route("/v1/invoices/subscribe", get(invoices::subscribe))
        .route("/v1/invoice/{hash}", get(invoices::look_up))
        .route("/v1/payreq/{bolt11}", get(invoices::decode))
        .route("/v2/router/send", post(payments::send))
        .route("/v2/router/track/{hash}", get(payments::track))
        .route("/v1/balance/channels", get(balance))
        .route("/v1/getinfo", get(info))
        .with_state(node.clone())
}

async fn balance(State(node): State<DevNode>, headers: HeaderMap) -> Result<Json<Value>, Rpc> {
    let msat = caller(&node, &headers)?.account.balance().as_msat();
    let local = json!({"sat": (msat / 1000).to_string(), "msat": msat.to_string()});
    Ok(Json(json!({"balance": (msat / 1000).to_string(), "local_balance": local})))
}

async fn info(State(node): State<DevNode>, headers: HeaderMap) -> Result<Json<Value>, Rpc> {
    caller(&node, &headers)?;
    Ok(Json(json!({
        "version": "0.20.0-beta l402-dev", "alias": "l402-dev", "identity_pubkey": hex(&node.node_id()),
        "num_active_channels": 1, "num_peers": 1, "synced_to_chain": true, "synced_to_graph": true,
        "chains": [{"chain": "bitcoin", "network": "regtest"}], "uris": [],
    })))
}

/// An error of gRPC, as the gateway tells it.
struct Rpc {
    status: StatusCode,
    code: u8,
    message: String,
}

impl Rpc {
    fn new(status: StatusCode, code: u8, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// A plain error of LND, whose only meaning is its text.
    fn unknown(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, 2, message)
    }

    fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, 3, message)
    }

    fn not_found(message: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, 5, message)
    }

    fn body(&self) -> Value {
        json!({"code": self.code, "message": self.message, "details": []})
    }
}

impl IntoResponse for Rpc {
    fn into_response(self) -> Response {
        (self.status, Json(self.body())).into_response()
    }
}

fn caller(node: &DevNode, headers: &HeaderMap) -> Result<Caller, Rpc> {
    let macaroon = header_text(headers, "grpc-metadata-macaroon");
    let macaroon = macaroon.ok_or_else(|| Rpc::unknown("expected 1 macaroon, got 0"))?;
    let wrong = || Rpc::unknown("verification failed: signature mismatch after caveat verification");
    Caller::find(node, &macaroon.to_ascii_lowercase()).ok_or_else(wrong)
}

fn failure(kind: BackendErrorKind) -> Response {
    outage(kind).unwrap_or_else(|| Rpc::unknown(kind.to_string()).into_response())
}

/// A number, or the string that the gateway writes for one.
fn integer(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn hex(bytes: &[u8]) -> String {
    hex_simd::encode_to_string(bytes, hex_simd::AsciiCase::Lower)
}

fn base64(bytes: &[u8]) -> String {
    base64_simd::STANDARD.encode_to_string(bytes)
}
