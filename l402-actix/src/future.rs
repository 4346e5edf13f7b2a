//! The future of a request behind a gate, without a box but for requests with an `Idempotency-Key`.

use std::fmt;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage, HttpResponse};
use l402_core::ports::PortFuture;
use l402_server::{Admission, BodyWanted, Decision, Gate, Reply};
use pin_project_lite::pin_project;

use crate::body::ChargedBody;
use crate::extract::Paid;
use crate::idempotency::{self, Deciding, Keeping};
use crate::request;
use crate::response::{apply_edits, from_reply};

type Response<B> = ServiceResponse<EitherBody<ChargedBody<B>>>;

pin_project! {
    /// The response future of [`L402Service`](crate::L402Service).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<ServiceRequest>, B> {
        #[pin]
        step: Step<S, S::Future, B>,
    }
}

pin_project! {
    #[project = StepProj]
    enum Step<S, F, B> {
        /// The gate has answered.
        Answered { response: Option<Response<B>> },
        /// The gate thinks.
        Deciding { decision: PortFuture<Decision>, call: Option<(Rc<S>, ServiceRequest)> },
        /// The gate thinks again, once the body is read.
        Reading { deciding: Deciding, inner: Option<Rc<S>> },
        /// The handler runs. Dropping the admission, as a panic or a disconnect does, gives the use back.
        Serving { #[pin] response: F, admission: Option<Admission> },
        /// The answer is copied, for a client that asks again.
        Keeping { keeping: Keeping },
        /// The use is charged before the answer goes out.
        Charging { charge: PortFuture<Result<(), Reply>>, response: Option<Response<B>> },
    }
}

impl<S: Service<ServiceRequest>, B> ResponseFuture<S, B> {
    /// Nearly always, the decision is there at once: then the request goes on without being kept here.
    pub(crate) fn new(gate: &Gate, inner: &Rc<S>, request: ServiceRequest) -> Self {
        let step = match request::decide(gate, &request).into_ready() {
            Ok(Decision::ReadBody(wanted)) => read(wanted, Rc::clone(inner), request),
            Ok(decision) => serve(decision, &**inner, request),
            Err(decision) => Step::Deciding { decision, call: Some((Rc::clone(inner), request)) },
        };
        Self { step }
    }
}

impl<S, B> Future for ResponseFuture<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody + 'static,
{
    type Output = Result<Response<B>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut step = self.project().step;
        loop {
            // Nothing is left of a future that is polled after its end; here and below.
            let next = match step.as_mut().project() {
                StepProj::Answered { response } => {
                    let Some(response) = response.take() else { return Poll::Pending };
                    return Poll::Ready(Ok(response));
                }
                StepProj::Deciding { decision, call } => {
                    let decision = ready!(Pin::new(decision).poll(context));
                    let Some((inner, request)) = call.take() else { return Poll::Pending };
                    match decision {
                        Decision::ReadBody(wanted) => read(wanted, inner, request),
                        decision => serve(decision, &*inner, request),
                    }
                }
                StepProj::Reading { deciding, inner } => {
                    let (decision, request) = ready!(deciding.as_mut().poll(context));
                    let Some(inner) = inner.take() else { return Poll::Pending };
                    serve(decision, &*inner, request)
                }
                StepProj::Serving { response, admission } => {
                    // An error of the handler leaves here, and the dropped admission gives the use back.
                    let result = ready!(response.poll(context));
                    let admission = admission.take();
                    let mut response = result?;
                    let Some(admission) = admission else { return Poll::Pending };
                    apply_edits(&admission, &mut response);
                    if let Some(limit) = idempotency::answer_limit(&admission, &response) {
                        Step::Keeping { keeping: idempotency::keep(admission, response, limit) }
                    } else {
                        match charge(admission, response) {
                            ControlFlow::Continue(charging) => charging,
                            ControlFlow::Break(response) => return Poll::Ready(Ok(response)),
                        }
                    }
                }
                StepProj::Keeping { keeping } => {
                    let (admission, response) = ready!(keeping.as_mut().poll(context));
                    let status = response.status().as_u16();
                    let response = response.map_body(|_, body| EitherBody::right(body));
                    let Some(admission) = admission else { return Poll::Ready(Ok(response)) };
                    Step::Charging { charge: admission.finish(status), response: Some(response) }
                }
                StepProj::Charging { charge, response } => {
                    let charged = ready!(Pin::new(charge).poll(context));
                    let Some(response) = response.take() else { return Poll::Pending };
                    return Poll::Ready(Ok(if_charged(charged, response)));
                }
            };
            step.set(next);
        }
    }
}

/// Only for who holds a good token.
fn read<S, F, B>(wanted: BodyWanted, inner: Rc<S>, request: ServiceRequest) -> Step<S, F, B> {
    Step::Reading { deciding: idempotency::decide(wanted, request), inner: Some(inner) }
}

/// Runs the handler, or says what to answer instead.
#[inline]
fn serve<S: Service<ServiceRequest>, B>(
    decision: Decision,
    inner: &S,
    request: ServiceRequest,
) -> Step<S, S::Future, B> {
    let answer = match decision {
        Decision::Admit(admission) => {
            if let Some(grant) = admission.grant() {
                request.extensions_mut().insert(Paid::new(*grant));
            }
            return Step::Serving { response: inner.call(request), admission: Some(admission) };
        }
        Decision::Answer(reply) => from_reply(reply),
        // A decision of a later version lets nobody in.
        _ => HttpResponse::ServiceUnavailable().finish(),
    };
    Step::Answered { response: Some(request.into_response(answer).map_into_right_body()) }
}

/// Charges for an answer that is there; one that is still to come charges for itself.
fn charge<S, F, B: MessageBody>(
    admission: Admission,
    response: ServiceResponse<B>,
) -> ControlFlow<Response<B>, Step<S, F, B>> {
    let status = response.status().as_u16();
    let mut admission = Some(admission);
    let response =
        response.map_body(|_, body| EitherBody::left(ChargedBody::new(body, &mut admission, status)));
    let Some(admission) = admission else { return ControlFlow::Break(response) };
    match admission.finish(status).into_ready() {
        Ok(charged) => ControlFlow::Break(if_charged(charged, response)),
        Err(charge) => ControlFlow::Continue(Step::Charging { charge, response: Some(response) }),
    }
}

fn if_charged<B>(charged: Result<(), Reply>, response: Response<B>) -> Response<B> {
    match charged {
        Ok(()) => response,
        Err(reply) => response.into_response(from_reply(reply)).map_into_right_body(),
    }
}

impl<S: Service<ServiceRequest>, B> fmt::Debug for ResponseFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
