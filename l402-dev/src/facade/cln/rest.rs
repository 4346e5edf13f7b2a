//! clnrest, lightningd's own plugin: a command is a path, a rune is a header, and an error is a status and its JSON.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::commands::Desk;
use super::error::RpcError;
use crate::facade::desk::{Caller, header_text, outage};
use crate::ledger::AccountId;
use crate::node::DevNode;

/// What a rune for receiving allows. Anything else spends money, or tells of it.
const RECEIVING: [&str; 5] = ["invoice", "listinvoices", "waitinvoice", "decode", "getinfo"];

/// clnrest, at `/v1` of wherever it is served.
#[must_use = "a router does nothing until it is served"]
pub fn router(node: &DevNode) -> Router {
    let clnrest = Clnrest { node: node.clone(), desks: Mutex::default() };
    Router::new().route("/v1/{command}", post(run)).with_state(Arc::new(clnrest))
}

struct Clnrest {
    node: DevNode,
    /// One for each account that has been asked for anything.
    desks: Mutex<HashMap<AccountId, Arc<Desk>>>,
}

async fn run(
    State(clnrest): State<Arc<Clnrest>>,
    Path(command): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let desk = match clnrest.admit(&headers, &command) {
        Ok(desk) => desk,
        Err((status, error)) => return refusal(status, &error),
    };
    match run_at(&desk, &command, &body).await {
        Ok(result) => (StatusCode::CREATED, Json(result)).into_response(),
        Err(error) => error.kind.and_then(outage).unwrap_or_else(|| failure(&error)),
    }
}

async fn run_at(desk: &Desk, command: &str, body: &[u8]) -> Result<Value, RpcError> {
    if body.is_empty() {
        return desk.run(command, &json!({})).await;
    }
    let params: Value = serde_json::from_slice(body).map_err(|_| RpcError::bad("params", "a JSON object"))?;
    desk.run(command, &params).await
}

impl Clnrest {
    /// The rune is looked at before the command is.
    fn admit(&self, headers: &HeaderMap, command: &str) -> Result<Arc<Desk>, (StatusCode, RpcError)> {
        let rune = header_text(headers, "rune")
            .ok_or_else(|| (StatusCode::FORBIDDEN, RpcError::new(1501, "Not authorized: Missing rune")))?;
        let refused = |why: String| (StatusCode::UNAUTHORIZED, RpcError::new(1502, why));
        let caller = Caller::find(&self.node, rune);
        let caller = caller.ok_or_else(|| refused("Not authorized: Invalid rune".to_owned()))?;
        if !caller.may_spend && !RECEIVING.contains(&command) {
            let allowed = RECEIVING.join(" or ");
            return Err(refused(format!("Not permitted: method is not equal to {allowed}")));
        }
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        let desk = desks.entry(caller.account.id());
        Ok(Arc::clone(desk.or_insert_with(|| Arc::new(Desk::new(caller.account)))))
    }
}

/// Whatever goes wrong in lightningd has one status, unless there is no such command.
fn failure(error: &RpcError) -> Response {
    let status = match error.code {
        RpcError::UNKNOWN_COMMAND => StatusCode::NOT_FOUND,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    refusal(status, error)
}

fn refusal(status: StatusCode, error: &RpcError) -> Response {
    (status, Json(json!({"code": error.code, "message": error.message}))).into_response()
}
