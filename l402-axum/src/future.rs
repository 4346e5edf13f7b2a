//! The future of a request behind a gate, without a box but for requests with an `Idempotency-Key`.

use std::fmt;
use std::future::Future;
use std::mem;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum_core::body::Body;
use http::{Request, Response};
use l402_core::ports::PortFuture;
use l402_server::{Admission, BodyWanted, Decision, Gate, Reply};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::body::{self, ChargedBody};
use crate::extract::Paid;
use crate::idempotency::{self, Deciding, Keeping};
use crate::request;
use crate::response::{apply_edits, from_reply};

pin_project! {
    /// The response future of [`L402Service`](crate::L402Service).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<Request<Body>>> {
        #[pin]
        step: Step<S, S::Future>,
    }
}

pin_project! {
    #[project = StepProj]
    enum Step<S, F> {
        /// The gate has answered.
        Answered { response: Option<Response<Body>> },
        /// The gate thinks.
        Deciding { decision: PortFuture<Decision>, call: Option<(S, Request<Body>)> },
        /// The gate thinks again, once the body is read.
        Reading { deciding: Deciding, inner: Option<S> },
        /// The handler runs. Dropping the admission, as a panic or a disconnect does, gives the use back.
        Serving { #[pin] response: F, admission: Option<Admission> },
        /// The answer is copied, for a client that asks again.
        Keeping { keeping: Keeping },
        /// The use is charged before the answer goes out.
        Charging { charge: PortFuture<Result<(), Reply>>, response: Option<Response<Body>> },
    }
}

impl<S: Service<Request<Body>>> ResponseFuture<S> {
    /// Nearly always, the decision is there at once: then the request goes on without being kept here.
    pub(crate) fn new(gate: &Gate, inner: &mut S, request: Request<Body>) -> Self
    where
        S: Clone,
    {
        let step = match request::decide(gate, &request).into_ready() {
            Ok(Decision::ReadBody(wanted)) => read(wanted, take_ready(inner), request),
            Ok(decision) => serve(decision, inner, request),
            Err(decision) => Step::Deciding { decision, call: Some((take_ready(inner), request)) },
        };
        Self { step }
    }
}

impl<S, ResBody> Future for ResponseFuture<S>
where
    S: Service<Request<Body>, Response = Response<ResBody>>,
    ResBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    ResBody::Error: Into<axum_core::BoxError>,
{
    type Output = Result<Response<Body>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut step = self.project().step;
        loop {
            let next = match step.as_mut().project() {
                StepProj::Answered { response } => {
                    return Poll::Ready(Ok(response.take().unwrap_or_else(unknown_decision)));
                }
                StepProj::Deciding { decision, call } => {
                    let decision = ready!(Pin::new(decision).poll(context));
                    let Some((mut inner, request)) = call.take() else {
                        return Poll::Ready(Ok(unknown_decision()));
                    };
                    match decision {
                        Decision::ReadBody(wanted) => read(wanted, inner, request),
                        decision => serve(decision, &mut inner, request),
                    }
                }
                StepProj::Reading { deciding, inner } => {
                    let (decision, request) = ready!(deciding.as_mut().poll(context));
                    let Some(mut inner) = inner.take() else {
                        return Poll::Ready(Ok(unknown_decision()));
                    };
                    serve(decision, &mut inner, request)
                }
                StepProj::Serving { response, admission } => {
                    let result = ready!(response.poll(context));
                    // An error of the inner service leaves here, and the dropped admission gives the use back.
                    let admission = admission.take();
                    let mut response = result?.map(Body::new);
                    let Some(admission) = admission else {
                        return Poll::Ready(Ok(unknown_decision()));
                    };
                    apply_edits(&admission, &mut response);
                    if let Some(limit) = idempotency::answer_limit(&admission, &response) {
                        Step::Keeping { keeping: idempotency::keep(admission, response, limit) }
                    } else {
                        match charge(admission, response, context) {
                            ControlFlow::Continue(charging) => charging,
                            ControlFlow::Break(response) => return Poll::Ready(Ok(response)),
                        }
                    }
                }
                StepProj::Keeping { keeping } => {
                    let (admission, response) = match ready!(keeping.as_mut().poll(context)) {
                        Ok(kept) => kept,
                        Err(broken) => return Poll::Ready(Ok(broken)),
                    };
                    let charge = admission.finish(response.status().as_u16());
                    Step::Charging { charge, response: Some(response) }
                }
                StepProj::Charging { charge, response } => {
                    let charged = ready!(Pin::new(charge).poll(context));
                    let response = response.take().unwrap_or_else(unknown_decision);
                    return Poll::Ready(Ok(if_charged(charged, response)));
                }
            };
            step.set(next);
        }
    }
}

/// Only for who holds a good token.
fn read<S, F>(wanted: BodyWanted, inner: S, request: Request<Body>) -> Step<S, F> {
    Step::Reading { deciding: idempotency::decide(wanted, request), inner: Some(inner) }
}

/// Runs the handler, or says what to answer instead.
#[inline]
fn serve<S: Service<Request<Body>>>(
    decision: Decision,
    inner: &mut S,
    mut request: Request<Body>,
) -> Step<S, S::Future> {
    let response = match decision {
        Decision::Admit(admission) => {
            if let Some(grant) = admission.grant() {
                request.extensions_mut().insert(Paid::new(*grant));
            }
            return Step::Serving { response: inner.call(request), admission: Some(admission) };
        }
        Decision::Answer(reply) => from_reply(reply),
        _ => unknown_decision(),
    };
    Step::Answered { response: Some(response) }
}

/// The service that was polled ready, which must be the one that is called. A clone stays behind.
fn take_ready<S: Clone>(inner: &mut S) -> S {
    let clone = inner.clone();
    mem::replace(inner, clone)
}

/// Charges for an answer that is there; one that is still to come charges for itself.
fn charge<S, F>(
    admission: Admission,
    mut response: Response<Body>,
    context: &mut Context<'_>,
) -> ControlFlow<Response<Body>, Step<S, F>> {
    let status = response.status().as_u16();
    if admission.is_charged_by_body(status) {
        let (is_there, body) = body::peek(mem::take(response.body_mut()), context);
        if !is_there {
            return ControlFlow::Break(
                response.map(|_| Body::new(ChargedBody::new(body, admission, status))),
            );
        }
        *response.body_mut() = body;
    }
    match admission.finish(status).into_ready() {
        Ok(charged) => ControlFlow::Break(if_charged(charged, response)),
        Err(charge) => ControlFlow::Continue(Step::Charging { charge, response: Some(response) }),
    }
}

fn if_charged(charged: Result<(), Reply>, response: Response<Body>) -> Response<Body> {
    charged.map_or_else(from_reply, |()| response)
}

/// For what cannot happen (a decision of a later version, a future polled after its end): nobody gets in.
fn unknown_decision() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
    response
}

impl<S: Service<Request<Body>>> fmt::Debug for ResponseFuture<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
