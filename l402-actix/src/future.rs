//! The future of a request behind a gate, without a box.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use actix_web::body::{BodySize, EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse};
use actix_web::{Error, HttpMessage, HttpResponse};
use l402_core::ports::PortFuture;
use l402_server::{Admission, Decision, Reply};
use pin_project_lite::pin_project;

use crate::body::ChargedBody;
use crate::extract::Paid;
use crate::response::{apply_edits, from_reply};

pin_project! {
    /// The response future of [`L402Service`](crate::L402Service).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<ServiceRequest>> {
        #[pin]
        step: Step<S, S::Future, S::Response>,
    }
}

pin_project! {
    #[project = StepProj]
    enum Step<S, F, R> {
        /// The gate thinks.
        Deciding { decision: PortFuture<Decision>, call: Option<(Rc<S>, ServiceRequest)> },
        /// The handler runs. Dropping the admission, as a panic or a disconnect does, gives the use back.
        Serving { #[pin] response: F, admission: Option<Admission> },
        /// The use is charged before the answer goes out.
        Charging { charge: PortFuture<Result<(), Reply>>, response: Option<R> },
    }
}

impl<S: Service<ServiceRequest>> ResponseFuture<S> {
    pub(crate) fn new(decision: PortFuture<Decision>, inner: Rc<S>, request: ServiceRequest) -> Self {
        Self { step: Step::Deciding { decision, call: Some((inner, request)) } }
    }
}

impl<S, B> Future for ResponseFuture<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error>,
    B: MessageBody,
{
    type Output = Result<ServiceResponse<EitherBody<ChargedBody<B>>>, Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut step = self.project().step;
        loop {
            let next = match step.as_mut().project() {
                StepProj::Deciding { decision, call } => {
                    let decision = ready!(Pin::new(decision).poll(context));
                    // Nothing is left of a future that is polled after its end; here and below.
                    let Some((inner, request)) = call.take() else { return Poll::Pending };
                    match decision {
                        Decision::Admit(admission) => {
                            if let Some(grant) = admission.grant() {
                                request.extensions_mut().insert(Paid::new(*grant));
                            }
                            Step::Serving { response: inner.call(request), admission: Some(admission) }
                        }
                        Decision::Answer(reply) => return refuse(request, from_reply(reply)),
                        // A decision of a later version lets nobody in.
                        _ => return refuse(request, HttpResponse::ServiceUnavailable().finish()),
                    }
                }
                StepProj::Serving { response, admission } => {
                    // An error of the handler leaves here, and the dropped admission gives the use back.
                    let result = ready!(response.poll(context));
                    let admission = admission.take();
                    let mut response = result?;
                    let Some(admission) = admission else { return Poll::Pending };
                    let status = response.status().as_u16();
                    apply_edits(&admission, &mut response);
                    let is_stream = matches!(response.response().body().size(), BodySize::Stream);
                    if admission.is_charged_by_stream(status, is_stream) {
                        let charge =
                            |_: &mut _, body| EitherBody::left(ChargedBody::new(body, admission, status));
                        return Poll::Ready(Ok(response.map_body(charge)));
                    }
                    Step::Charging { charge: admission.finish(status), response: Some(response) }
                }
                StepProj::Charging { charge, response } => {
                    let charged = ready!(Pin::new(charge).poll(context));
                    let Some(response) = response.take() else { return Poll::Pending };
                    return Poll::Ready(Ok(match charged {
                        Ok(()) => response.map_body(|_, body| EitherBody::left(ChargedBody::open(body))),
                        Err(reply) => response.into_response(from_reply(reply)).map_into_right_body(),
                    }));
                }
            };
            step.set(next);
        }
    }
}

fn refuse<B>(
    request: ServiceRequest,
    response: HttpResponse,
) -> Poll<Result<ServiceResponse<EitherBody<ChargedBody<B>>>, Error>> {
    Poll::Ready(Ok(request.into_response(response).map_into_right_body()))
}

impl<S: Service<ServiceRequest>> fmt::Debug for ResponseFuture<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
