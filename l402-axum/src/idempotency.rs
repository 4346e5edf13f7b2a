//! Requests with an `Idempotency-Key`: their bodies are read first, and their answers copied.

use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;

use axum::body::to_bytes;
use axum_core::body::Body;
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use l402_server::{Admission, Decision, Gate};

use crate::request::{self, Headers};

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A decision that waits for the body.
pub(crate) type Deciding = Boxed<(Decision, Request<Body>)>;

/// An answer that is being copied; or what to answer when it broke off, and nothing was delivered.
pub(crate) type Keeping = Boxed<Result<(Admission, Response<Body>), Response<Body>>>;

/// Reads the body, then decides.
pub(crate) fn decide(gate: Gate, request: Request<Body>, limit: usize) -> Deciding {
    Box::pin(async move {
        let (parts, body) = request.into_parts();
        match to_bytes(body, limit).await {
            Ok(body) => {
                let request = Request::from_parts(parts, Body::from(body.clone()));
                (request::decide(&gate, &request, Some(&body)).await, request)
            }
            Err(_) => {
                let request = Request::from_parts(parts, Body::empty());
                (Decision::Answer(request::body_too_large(&gate, &request)), request)
            }
        }
    })
}

/// Copies the answer, if it is wanted and small enough.
pub(crate) fn keep(
    mut admission: Admission,
    response: Response<Body>,
) -> ControlFlow<Keeping, (Admission, Response<Body>)> {
    let status = response.status().as_u16();
    let length = response.body().size_hint().exact();
    match (admission.answer_limit(status), length) {
        (Some(limit), Some(length)) if length <= limit as u64 => ControlFlow::Break(Box::pin(async move {
            let (parts, body) = response.into_parts();
            // A body that fails delivers nothing: the dropped admission gives the use back.
            let Ok(body) = to_bytes(body, limit).await else {
                let mut broken = Response::new(Body::empty());
                *broken.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
                return Err(broken);
            };
            admission.keep_answer(status, &Headers(&parts.headers), &body);
            Ok((admission, Response::from_parts(parts, Body::from(body))))
        })),
        _ => ControlFlow::Continue((admission, response)),
    }
}
