//! Requests with an `Idempotency-Key`: their bodies are read once the token is found good, and their answers copied.

use std::future::Future;
use std::pin::Pin;

use actix_web::body::{BodySize, MessageBody, to_bytes_limited};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::{HttpResponse, web};
use l402_server::{Admission, BodyWanted, Decision};

use crate::request::Headers;

type Boxed<T> = Pin<Box<dyn Future<Output = T>>>;

/// A decision that waits for the body.
pub(crate) type Deciding = Boxed<(Decision, ServiceRequest)>;

/// An answer that is being copied, and who is to be charged for it; nobody, when it broke off.
pub(crate) type Keeping = Boxed<(Option<Admission>, ServiceResponse)>;

/// Reads the body, then decides.
pub(crate) fn decide(wanted: BodyWanted, mut request: ServiceRequest) -> Deciding {
    Box::pin(async move {
        let body = match request.extract::<web::Payload>().await {
            Ok(payload) => payload.to_bytes_limited(wanted.limit()).await,
            Err(error) => Ok(Err(error)),
        };
        let decision = match body {
            Ok(Ok(body)) => {
                request.set_payload(Payload::from(body.clone()));
                wanted.decide(&body).await
            }
            _ => Decision::Answer(wanted.too_large()),
        };
        (decision, request)
    })
}

/// How many bytes of the answer are to be copied at most, if it is wanted and small enough.
pub(crate) fn answer_limit<B: MessageBody>(
    admission: &Admission,
    response: &ServiceResponse<B>,
) -> Option<usize> {
    admission.answer_limit(response.status().as_u16()).filter(|limit| fits(response, *limit))
}

/// Copies the answer.
pub(crate) fn keep<B: MessageBody + 'static>(
    mut admission: Admission,
    response: ServiceResponse<B>,
    limit: usize,
) -> Keeping {
    Box::pin(async move {
        let status = response.status().as_u16();
        let (request, response) = response.into_parts();
        let (head, body) = response.into_parts();
        // A body that fails delivers nothing: the dropped admission gives the use back.
        let Ok(Ok(body)) = to_bytes_limited(body, limit).await else {
            let broken = HttpResponse::InternalServerError().finish();
            return (None, ServiceResponse::new(request, broken));
        };
        admission.keep_answer(status, &Headers(head.headers()), &body);
        let response = head.set_body(body).map_into_boxed_body();
        (Some(admission), ServiceResponse::new(request, response))
    })
}

fn fits<B: MessageBody>(response: &ServiceResponse<B>, limit: usize) -> bool {
    match response.response().body().size() {
        BodySize::None => true,
        BodySize::Sized(length) => length <= limit as u64,
        BodySize::Stream => false,
    }
}
