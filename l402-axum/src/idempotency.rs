//! Requests with an `Idempotency-Key`: their bodies are read once the token is found good, and their answers copied.

use std::future::Future;
use std::pin::Pin;

use axum::body::to_bytes;
use axum_core::body::Body;
use http::{Request, Response, StatusCode};
use http_body::Body as _;
use l402_server::{Admission, BodyWanted, Decision};

use crate::request::Headers;

type Boxed<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A decision that waits for the body.
pub(crate) type Deciding = Boxed<(Decision, Request<Body>)>;

/// An answer that is being copied; or what to answer when it broke off, and nothing was delivered.
pub(crate) type Keeping = Boxed<Result<(Admission, Response<Body>), Response<Body>>>;

/// Reads the body, then decides.
pub(crate) fn decide(wanted: BodyWanted, request: Request<Body>) -> Deciding {
    Box::pin(async move {
        let (parts, body) = request.into_parts();
        let (decision, body) = match to_bytes(body, wanted.limit()).await {
            Ok(body) => (wanted.decide(&body).await, Body::from(body)),
            Err(_) => (Decision::Answer(wanted.too_large()), Body::empty()),
        };
        (decision, Request::from_parts(parts, body))
    })
}

/// How many bytes of the answer are to be copied at most, if it is wanted and small enough.
pub(crate) fn answer_limit(admission: &Admission, response: &Response<Body>) -> Option<usize> {
    let limit = admission.answer_limit(response.status().as_u16())?;
    let length = response.body().size_hint().exact()?;
    (length <= limit as u64).then_some(limit)
}

/// Copies the answer.
pub(crate) fn keep(mut admission: Admission, response: Response<Body>, limit: usize) -> Keeping {
    Box::pin(async move {
        let status = response.status().as_u16();
        let (parts, body) = response.into_parts();
        // A body that fails delivers nothing: the dropped admission gives the use back.
        let Ok(body) = to_bytes(body, limit).await else {
            let mut broken = Response::new(Body::empty());
            *broken.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
            return Err(broken);
        };
        admission.keep_answer(status, &Headers(&parts.headers), &body);
        Ok((admission, Response::from_parts(parts, Body::from(body))))
    })
}
