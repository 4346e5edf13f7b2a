//! The future of a request behind a gate, without a box.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum_core::body::Body;
use http::{Request, Response};
use http_body::Body as _;
use l402_core::ports::PortFuture;
use l402_server::{Admission, Decision, Reply};
use pin_project_lite::pin_project;
use tower_service::Service;

use crate::body::ChargedBody;
use crate::extract::Paid;
use crate::response::{apply_edits, from_reply};

pin_project! {
    /// The response future of [`L402Service`](crate::L402Service).
    #[must_use = "futures do nothing unless polled"]
    pub struct ResponseFuture<S: Service<Request<B>>, B> {
        #[pin]
        step: Step<S, B, S::Future>,
    }
}

pin_project! {
    #[project = StepProj]
    enum Step<S, B, F> {
        /// The gate thinks.
        Deciding { decision: PortFuture<Decision>, call: Option<(S, Request<B>)> },
        /// The handler runs. Dropping the admission, as a panic or a disconnect does, gives the use back.
        Serving { #[pin] response: F, admission: Option<Admission> },
        /// The use is charged before the answer goes out.
        Charging { charge: PortFuture<Result<(), Reply>>, response: Option<Response<Body>> },
    }
}

impl<S: Service<Request<B>>, B> ResponseFuture<S, B> {
    pub(crate) fn new(decision: PortFuture<Decision>, inner: S, request: Request<B>) -> Self {
        Self { step: Step::Deciding { decision, call: Some((inner, request)) } }
    }
}

impl<S, B, ResBody> Future for ResponseFuture<S, B>
where
    S: Service<Request<B>, Response = Response<ResBody>>,
    ResBody: http_body::Body<Data = bytes::Bytes> + Send + 'static,
    ResBody::Error: Into<axum_core::BoxError>,
{
    type Output = Result<Response<Body>, S::Error>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut step = self.project().step;
        loop {
            let next = match step.as_mut().project() {
                StepProj::Deciding { decision, call } => {
                    let admission = match ready!(Pin::new(decision).poll(context)) {
                        Decision::Admit(admission) => admission,
                        Decision::Answer(reply) => return Poll::Ready(Ok(from_reply(reply))),
                        _ => return Poll::Ready(Ok(unknown_decision())),
                    };
                    let Some((mut inner, mut request)) = call.take() else {
                        return Poll::Ready(Ok(unknown_decision()));
                    };
                    if let Some(grant) = admission.grant() {
                        request.extensions_mut().insert(Paid::new(*grant));
                    }
                    Step::Serving { response: inner.call(request), admission: Some(admission) }
                }
                StepProj::Serving { response, admission } => {
                    let result = ready!(response.poll(context));
                    // An error of the inner service leaves here, and the dropped admission gives the use back.
                    let admission = admission.take();
                    let mut response = result?.map(Body::new);
                    let Some(admission) = admission else {
                        return Poll::Ready(Ok(unknown_decision()));
                    };
                    let status = response.status().as_u16();
                    apply_edits(&admission, &mut response);
                    if admission.is_charged_by_stream(status, response.body().size_hint().exact().is_none()) {
                        let charged =
                            response.map(|body| Body::new(ChargedBody::new(body, admission, status)));
                        return Poll::Ready(Ok(charged));
                    }
                    Step::Charging { charge: admission.finish(status), response: Some(response) }
                }
                StepProj::Charging { charge, response } => {
                    let charged = ready!(Pin::new(charge).poll(context));
                    return Poll::Ready(Ok(match (charged, response.take()) {
                        (Ok(()), Some(response)) => response,
                        (Err(reply), _) => from_reply(reply),
                        (Ok(()), None) => unknown_decision(),
                    }));
                }
            };
            step.set(next);
        }
    }
}

/// For what cannot happen (a decision of a later version, a future polled after its end): nobody gets in.
fn unknown_decision() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = http::StatusCode::SERVICE_UNAVAILABLE;
    response
}

impl<S: Service<Request<B>>, B> fmt::Debug for ResponseFuture<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ResponseFuture").finish_non_exhaustive()
    }
}
