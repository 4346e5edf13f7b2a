//! The body of a paid answer, which charges for itself when it is not there at once.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use l402_server::{Admission, Delivery};
use pin_project_lite::pin_project;

pin_project! {
    /// The body of an answer behind [`L402`](crate::L402): charged for when its first byte is there, if it was not before.
    pub struct ChargedBody<B> {
        #[pin]
        kind: Kind<B>,
    }
}

pin_project! {
    #[project = KindProj]
    enum Kind<B> {
        /// All of it was there.
        Whole { bytes: Bytes },
        Polled { #[pin] inner: B, delivery: Option<Delivery<Bytes>> },
    }
}

impl<B: MessageBody> ChargedBody<B> {
    /// Takes the admission if the body is to charge for itself: one that is still to come, whether its length is known
    /// or not.
    pub(crate) fn new(body: B, admission: &mut Option<Admission>, status: u16) -> Self {
        let may_charge = admission.as_ref().is_some_and(|admission| admission.is_charged_by_body(status));
        let is_empty = matches!(body.size(), BodySize::None | BodySize::Sized(0));
        let kind = if is_empty || !may_charge {
            Kind::Polled { inner: body, delivery: None }
        } else {
            match body.try_into_bytes() {
                Ok(bytes) => Kind::Whole { bytes },
                Err(inner) => {
                    let delivery = admission.take().map(|admission| Delivery::new(admission, status));
                    Kind::Polled { inner, delivery }
                }
            }
        };
        Self { kind }
    }
}

impl<B: MessageBody> MessageBody for ChargedBody<B> {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        match &self.kind {
            Kind::Whole { bytes } => bytes.size(),
            Kind::Polled { inner, .. } => inner.size(),
        }
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let (mut inner, delivery) = match self.project().kind.project() {
            KindProj::Whole { bytes } if bytes.is_empty() => return Poll::Ready(None),
            KindProj::Whole { bytes } => return Poll::Ready(Some(Ok(mem::take(bytes)))),
            KindProj::Polled { inner, delivery } => (inner, delivery),
        };
        let mut next =
            |context: &mut Context<'_>| inner.as_mut().poll_next(context).map_err(Into::<Self::Error>::into);
        match delivery {
            Some(delivery) => {
                delivery.poll_next(context, next, |bytes| !bytes.is_empty()).map_err(|error| match error {
                    l402_server::DeliveryError::Body(error) => error,
                    other => other.to_string().into(),
                })
            }
            None => next(context),
        }
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        match self.kind {
            Kind::Whole { bytes } => Ok(bytes),
            Kind::Polled { inner, delivery: None } => {
                inner.try_into_bytes().map_err(|inner| Self { kind: Kind::Polled { inner, delivery: None } })
            }
            kind @ Kind::Polled { .. } => Err(Self { kind }),
        }
    }
}

impl<B> fmt::Debug for ChargedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let charges_itself = matches!(self.kind, Kind::Polled { delivery: Some(_), .. });
        f.debug_struct("ChargedBody").field("charges_itself", &charges_itself).finish_non_exhaustive()
    }
}
