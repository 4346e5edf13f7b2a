//! The body of a paid answer that is streamed.

use std::fmt;
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
        inner: B,
        delivery: Option<Delivery<Bytes>>,
    }
}

impl<B> ChargedBody<B> {
    /// A body that is charged for already.
    pub(crate) const fn open(inner: B) -> Self {
        Self { inner, delivery: None }
    }

    pub(crate) const fn new(inner: B, admission: Admission, status: u16) -> Self {
        Self { inner, delivery: Some(Delivery::new(admission, status)) }
    }
}

impl<B: MessageBody> MessageBody for ChargedBody<B> {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        self.inner.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let this = self.project();
        let mut inner = this.inner;
        let mut next =
            |context: &mut Context<'_>| inner.as_mut().poll_next(context).map_err(Into::<Self::Error>::into);
        match this.delivery {
            Some(delivery) => {
                delivery.poll_next(context, next, |bytes| !bytes.is_empty()).map_err(|error| match error {
                    l402_server::DeliveryError::Body(error) => error,
                    other => other.to_string().into(),
                })
            }
            None => next(context),
        }
    }
}

impl<B> fmt::Debug for ChargedBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChargedBody").field("delivery", &self.delivery).finish_non_exhaustive()
    }
}
