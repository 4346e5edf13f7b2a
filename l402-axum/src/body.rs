//! The body of a paid answer that is streamed.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum_core::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use l402_server::{Admission, Delivery, DeliveryError};
use pin_project_lite::pin_project;

pin_project! {
    /// Charges when the first byte is there.
    pub(crate) struct ChargedBody {
        #[pin]
        inner: Body,
        delivery: Delivery<Frame<Bytes>>,
    }
}

impl ChargedBody {
    pub(crate) const fn new(inner: Body, admission: Admission, status: u16) -> Self {
        Self { inner, delivery: Delivery::new(admission, status) }
    }
}

impl http_body::Body for ChargedBody {
    type Data = Bytes;
    type Error = DeliveryError<axum_core::Error>;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = self.project();
        let mut inner = this.inner;
        let has_bytes = |frame: &Frame<Bytes>| frame.data_ref().is_none_or(|data| !data.is_empty());
        this.delivery.poll_next(context, |context| inner.as_mut().poll_frame(context), has_bytes)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
