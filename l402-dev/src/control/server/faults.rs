//! `GET`, `POST` and `DELETE /faults`.

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;

use super::super::order::FaultOrder;
use super::refusal::Refusal;
use crate::fault::When;
use crate::node::DevNode;

pub(super) async fn list(State(node): State<DevNode>) -> Json<Vec<String>> {
    Json(node.faults().list())
}

pub(super) async fn add(
    State(node): State<DevNode>,
    fault: Result<Json<FaultOrder>, JsonRejection>,
) -> Result<Json<Vec<String>>, Refusal> {
    let Json(new) = fault.map_err(|error| {
        let example = r#"{"operation": "payment", "fault": "stuck", "times": 1}"#;
        Refusal::bad_request(format!("{}; send {example} as JSON", error.body_text()))
    })?;
    let when = match (new.times, new.payment_hash) {
        (Some(_), Some(_)) => return Err(Refusal::bad_request("either times or payment_hash, not both")),
        (Some(times), None) => When::Next(times),
        (None, Some(hash)) => {
            let hash =
                hash.parse().map_err(|_| Refusal::bad_request("payment_hash must be 64 hex digits"))?;
            When::Of(hash)
        }
        (None, None) => When::Every,
    };
    let added = node.faults().add(&new.operation, when, &new.fault);
    added.map_err(|error| Refusal::bad_request(error.to_string()))?;
    node.tell_watchers();
    Ok(Json(node.faults().list()))
}

pub(super) async fn clear(State(node): State<DevNode>) -> StatusCode {
    node.faults().clear();
    node.tell_watchers();
    StatusCode::NO_CONTENT
}
