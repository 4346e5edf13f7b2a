//! The site in axum.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::mpsc;
use std::task::{Context, Poll, ready};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Request};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any, get};
use futures_util::StreamExt;
use http_body::{Frame, SizeHint};
use l402_axum::{L402Layer, Paid};
use l402_server::Gate;
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use super::{Front, Scene, Server, streams};

pub(super) fn start(gate: Gate, scene: Scene, front: Front) -> Server {
    let (address_out, address_in) = mpsc::channel();
    let (stop, stopped) = oneshot::channel();
    let thread = std::thread::spawn(move || {
        // Dropped at the end, with all its connections.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async move {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            address_out.send(listener.local_addr().unwrap()).unwrap();
            let app = match front {
                Front::Routes => routes(&gate, &scene),
                Front::Everything => Router::new().fallback(async || "anything").layer(L402Layer::new(gate)),
            };
            let app = app.into_make_service_with_connect_info::<SocketAddr>();
            tokio::select! {
                served = axum::serve(listener, app).into_future() => served.unwrap(),
                _ = stopped => {}
            }
        });
    });
    let stop = Box::new(move || stop.send(()).unwrap_or_default());
    Server { address: address_in.recv().unwrap(), stop: Some(stop), thread: Some(thread) }
}

fn routes(gate: &Gate, scene: &Scene) -> Router {
    // `layer`, since axum knows no routes in `any`; where there are methods, it is `route_layer`.
    let paid = |route: MethodRouter| route.layer(L402Layer::new(gate.clone()));
    let nested = Router::new().route("/items/{id}", paid(any(item)));
    Router::new()
        .route("/report", paid(any(async || "the report")))
        .route("/get-only", get(async || "the report").route_layer(L402Layer::new(gate.clone())))
        .route("/items/{id}", paid(any(item)))
        .nest("/api", nested)
        .route("/status/{status}", paid(any(status)))
        .route("/cache/{rule}", paid(any(cache)))
        .route("/own-fields", paid(any(own_fields)))
        .route("/binary-field", paid(any(binary_field)))
        .route("/panic", paid(any(async || -> () { panic!("the handler broke, as it should") })))
        .route("/work", work(paid, scene.clone()))
        .route("/stream/{kind}", paid(any(stream)))
        .route("/sized/{kind}", paid(any(sized)))
        .route("/events", paid(any(events)))
        .route("/echo", paid(any(async |body: Bytes| body)))
        .route("/count", paid(any(count)))
        .route("/ws", paid(any(async |upgrade: WebSocketUpgrade| upgrade.on_upgrade(echo_frames))))
        .route("/paid", paid(any(async |paid: Paid| paid.payment_hash.to_string())))
        .route("/maybe", paid(any(maybe)))
        .route("/open/maybe", any(maybe))
        .route("/open/mistake", any(async |_: Paid| "unreachable"))
        .layer(axum::Extension(scene.clone()))
}

/// A route that is ended from outside of the gate when it takes too long.
fn work(paid: impl Fn(MethodRouter) -> MethodRouter, scene: Scene) -> MethodRouter {
    let guard = scene.clone();
    let too_long = middleware::from_fn(move |request: Request, next: Next| {
        let guard = guard.clone();
        async move {
            tokio::select! {
                answer = next.run(request) => answer,
                () = guard.out_of_time() => StatusCode::GATEWAY_TIMEOUT.into_response(),
            }
        }
    });
    let handler = async move || {
        scene.enter();
        let (status, body) = scene.work().await;
        (StatusCode::from_u16(status).unwrap(), body)
    };
    paid(any(handler)).layer(too_long)
}

async fn item(Path(id): Path<String>) -> String {
    format!("item {id}")
}

async fn status(Path(status): Path<u16>) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
        return (status, [(header::LOCATION, "/report")]).into_response();
    }
    status.into_response()
}

async fn cache(Path(rule): Path<String>) -> Response {
    ([(header::CACHE_CONTROL, rule)], "for one buyer").into_response()
}

async fn own_fields() -> Response {
    let fields = [
        ("vary", "Accept-Language"),
        ("access-control-allow-origin", "https://handler.example"),
        ("access-control-expose-headers", "X-Own"),
    ];
    (fields, "with fields of its own").into_response()
}

async fn binary_field() -> Response {
    let value = header::HeaderValue::from_bytes(b"caf\xe9").unwrap();
    ([("x-name", value)], "not ASCII").into_response()
}

async fn stream(Path(kind): Path<String>, axum::Extension(scene): axum::Extension<Scene>) -> Response {
    let body = Body::from_stream(streams::of_kind(&kind, scene));
    ([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response()
}

async fn sized(Path(kind): Path<String>, axum::Extension(scene): axum::Extension<Scene>) -> Response {
    let length = streams::length_of(&kind);
    let body = Body::new(Sized { stream: streams::of_kind(&kind, scene), length });
    ([(header::CONTENT_TYPE, "application/octet-stream")], body).into_response()
}

/// A body that comes bit by bit and says how long it is, as that of a proxy does.
struct Sized {
    stream: streams::ByteStream,
    length: u64,
}

impl HttpBody for Sized {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let next = ready!(self.stream.poll_next_unpin(context));
        if let Some(Ok(bytes)) = &next {
            self.length -= bytes.len() as u64;
        }
        Poll::Ready(next.map(|bytes| bytes.map(Frame::data)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

async fn events(axum::Extension(scene): axum::Extension<Scene>) -> Response {
    let body = Body::from_stream(streams::of_kind("events", scene));
    ([(header::CONTENT_TYPE, "text/event-stream")], body).into_response()
}

async fn count(body: Body) -> String {
    let mut stream = body.into_data_stream();
    let mut length = 0;
    while let Some(bytes) = stream.next().await {
        length += bytes.unwrap().len();
    }
    length.to_string()
}

async fn echo_frames(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
    pending::<()>().await;
}

async fn maybe(paid: Option<Paid>) -> String {
    paid.and_then(|paid| paid.amount).map_or_else(|| "free".to_owned(), |amount| amount.to_string())
}
