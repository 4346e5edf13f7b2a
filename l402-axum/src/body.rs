//! The body of a paid answer, which charges for itself when it is not there at once.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum_core::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
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

/// Whether all of a body is there, with the body. Does not wait for it.
///
/// Of a body that says how long it is, nothing else tells whether it is in memory or comes from elsewhere, as that of a
/// proxy or of a file does.
pub(crate) fn peek(mut body: Body, context: &mut Context<'_>) -> (bool, Body) {
    let length = match body.size_hint().exact() {
        None => return (false, body),
        Some(0) => return (true, body),
        Some(length) => length,
    };
    let Poll::Ready(first) = Pin::new(&mut body).poll_frame(context) else { return (false, body) };
    match first.as_ref().and_then(|first| first.as_ref().ok()).and_then(Frame::data_ref) {
        Some(bytes) if body.is_end_stream() => (true, Body::from(bytes.clone())),
        _ => (false, Body::new(Peeked { length, first, rest: body })),
    }
}

/// A body whose first frame was asked for already.
struct Peeked {
    length: u64,
    first: Option<Result<Frame<Bytes>, axum_core::Error>>,
    rest: Body,
}

impl http_body::Body for Peeked {
    type Data = Bytes;
    type Error = axum_core::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => Pin::new(&mut self.rest).poll_frame(context),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.first {
            Some(_) => SizeHint::with_exact(self.length),
            None => self.rest.size_hint(),
        }
    }
}
