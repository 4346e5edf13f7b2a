//! Lightning Addresses: LNURL-pay (LUD-06, LUD-16) with lookups (LUD-21). For receiving alone.
//!
//! Contract: <https://github.com/lnurl/luds>. Every account of the node has the address `<name>@<host>`.

use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use bitcoin_hashes::{Hash, sha256};
use l402_core::ports::BackendErrorKind;
use l402_core::{Msat, PaymentHash};
use serde::Deserialize;
use serde_json::json;

use super::desk::outage;
use crate::account::DevAccount;
use crate::ledger::InvoiceStatus;
use crate::node::DevNode;

const MIN_SENDABLE: u64 = 1;
const MAX_SENDABLE: u64 = 100_000_000_000;
const EXPIRY: Duration = Duration::from_secs(3600);

/// The interface, at the root of a host. `base_url` is where payers find it, such as `http://127.0.0.1:3402`.
#[must_use = "a router does nothing until it is served"]
pub fn router(node: &DevNode, base_url: &str) -> Router {
    let state = Lnurl { node: node.clone(), base_url: base_url.trim_end_matches('/').to_owned() };
    Router::new()
        .route("/.well-known/lnurlp/{name}", get(pay_request))
        .route("/lnurlp/{name}/callback", get(callback))
        .route("/lnurlp/{name}/verify/{hash}", get(verify))
        .with_state(state)
}

#[derive(Clone)]
struct Lnurl {
    node: DevNode,
    base_url: String,
}

async fn pay_request(State(state): State<Lnurl>, Path(name): Path<String>) -> Response {
    if state.node.account(&name).is_none() {
        return error("Lightning address not found.");
    }
    let callback = format!("{}/lnurlp/{name}/callback", state.base_url);
    Json(json!({
        "tag": "payRequest", "callback": callback, "minSendable": MIN_SENDABLE, "maxSendable": MAX_SENDABLE,
        "metadata": state.metadata(&name), "commentAllowed": 0,
    }))
    .into_response()
}

#[derive(Deserialize)]
struct Amount {
    amount: Option<u64>,
}

async fn callback(
    State(state): State<Lnurl>,
    Path(name): Path<String>,
    Query(query): Query<Amount>,
) -> Response {
    let Some(account) = state.node.account(&name) else { return error("Lightning address not found.") };
    let Some(amount) = query.amount.filter(|amount| (MIN_SENDABLE..=MAX_SENDABLE).contains(amount)) else {
        return error("The amount is not between minSendable and maxSendable.");
    };
    match state.invoice(&account, &name, Msat::from_msat(amount)).await {
        Ok((pr, hash)) => {
            let verify = format!("{}/lnurlp/{name}/verify/{hash}", state.base_url);
            Json(json!({"pr": pr, "routes": [], "verify": verify})).into_response()
        }
        Err(kind) => outage(kind).unwrap_or_else(|| error(&kind.to_string())),
    }
}

/// Whoever knows the hash of a paid invoice gets its preimage.
async fn verify(State(state): State<Lnurl>, Path((name, hash)): Path<(String, String)>) -> Response {
    let (Some(account), Ok(hash)) = (state.node.account(&name), hash.parse::<PaymentHash>()) else {
        return error("Not found");
    };
    let (record, preimage) = match account.received(hash).await {
        Ok(Some(found)) => found,
        Ok(None) => return error("Not found"),
        Err(kind) => return outage(kind).unwrap_or_else(|| error(&kind.to_string())),
    };
    let settled = record.status == InvoiceStatus::Paid;
    let preimage = settled.then(|| preimage.expose_hex());
    Json(json!({"status": "OK", "settled": settled, "preimage": preimage, "pr": record.bolt11}))
        .into_response()
}

impl Lnurl {
    /// What the invoice's description hash commits to.
    fn metadata(&self, name: &str) -> String {
        let host = self.base_url.split("://").nth(1).unwrap_or_default();
        json!([["text/plain", format!("payment to {name}")], ["text/identifier", format!("{name}@{host}")]])
            .to_string()
    }

    async fn invoice(
        &self,
        account: &DevAccount,
        name: &str,
        amount: Msat,
    ) -> Result<(String, PaymentHash), BackendErrorKind> {
        let hash = sha256::Hash::hash(self.metadata(name).as_bytes()).to_byte_array();
        let invoice = account.provider().create_with_description_hash(amount, hash, EXPIRY).await;
        invoice.map(|invoice| (invoice.bolt11, invoice.payment_hash)).map_err(|error| error.kind())
    }
}

/// Errors have status 200.
fn error(reason: &str) -> Response {
    Json(json!({"status": "ERROR", "reason": reason})).into_response()
}
