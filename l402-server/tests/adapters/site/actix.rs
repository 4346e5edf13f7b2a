//! The site in actix-web.

use std::sync::mpsc;

use actix_web::body::{BoxBody, MessageBody, SizedStream};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::rt::System;
use actix_web::web::{self, Bytes, Data, Path, ServiceConfig};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, Route};
use futures_util::StreamExt;
use l402_actix::{L402, Paid};
use l402_server::Gate;

use super::{Front, Scene, Server, streams};
use crate::wire::PATIENCE;

pub(super) fn start(gate: Gate, scene: Scene, front: Front) -> Server {
    let (started_out, started_in) = mpsc::channel();
    let thread = std::thread::spawn(move || {
        System::new().block_on(async move {
            let app = move || App::new().configure(|app| configure(app, &gate, &scene, front));
            let server = HttpServer::new(app).workers(1).disable_signals().h1_allow_half_closed(false);
            // A machine that is busy must not look like a client that is slow.
            let server = server.keep_alive(PATIENCE).client_request_timeout(PATIENCE);
            let server = server.shutdown_timeout(0).bind("127.0.0.1:0").unwrap();
            let address = server.addrs()[0];
            let server = server.run();
            started_out.send((address, server.handle())).unwrap();
            server.await.unwrap();
        });
    });
    let (address, handle) = started_in.recv().unwrap();
    let stop = Box::new(move || drop(handle.stop(false)));
    Server { address, stop: Some(stop), thread: Some(thread) }
}

fn configure(app: &mut ServiceConfig, gate: &Gate, scene: &Scene, front: Front) {
    match front {
        Front::Routes => routes(app, gate, scene),
        Front::Everything => {
            app.default_service(web::to(async || "anything").wrap(L402::new(gate.clone())));
        }
    }
}

fn routes(app: &mut ServiceConfig, gate: &Gate, scene: &Scene) {
    let paid = |path: &str, route: Route| web::resource(path).route(route.wrap(L402::new(gate.clone())));
    app.app_data(Data::new(scene.clone()))
        .service(paid("/report", web::to(async || "the report")))
        .service(paid("/get-only", web::get().to(async || "the report")))
        .service(paid("/items/{id}", web::to(item)))
        .service(web::scope("/api").service(paid("/items/{id}", web::to(item))))
        .service(paid("/status/{status}", web::to(status)))
        .service(paid("/cache/{rule}", web::to(cache)))
        .service(paid("/own-fields", web::to(own_fields)))
        .service(paid("/binary-field", web::to(binary_field)))
        .service(paid("/panic", web::to(async || -> &str { panic!("the handler broke, as it should") })))
        .service(paid("/work", web::to(work)).wrap(from_fn(too_long)))
        .service(paid("/stream/{kind}", web::to(stream)))
        .service(paid("/sized/{kind}", web::to(sized)))
        .service(paid("/events", web::to(events)))
        .service(paid("/echo", web::to(async |body: Bytes| body)))
        .service(paid("/count", web::to(count)))
        .service(paid("/ws", web::to(echo_frames)))
        .service(paid("/paid", web::to(async |paid: Paid| paid.payment_hash.to_string())))
        .service(paid("/maybe", web::to(maybe)))
        .route("/open/maybe", web::to(maybe))
        .route("/open/mistake", web::to(async |_: Paid| "unreachable"));
}

/// Ends a request from outside of the gate when it takes too long.
async fn too_long<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let (scene, parts) = (request.app_data::<Data<Scene>>().unwrap().clone(), request.request().clone());
    tokio::select! {
        answer = next.call(request) => Ok(answer?.map_into_boxed_body()),
        () = scene.out_of_time() => Ok(ServiceResponse::new(parts, HttpResponse::GatewayTimeout().finish())),
    }
}

async fn work(scene: Data<Scene>) -> HttpResponse {
    scene.enter();
    let (status, body) = scene.work().await;
    HttpResponse::build(StatusCode::from_u16(status).unwrap())
        .content_type("text/plain; charset=utf-8")
        .body(body)
}

async fn item(id: Path<String>) -> String {
    format!("item {id}")
}

async fn status(status: Path<u16>) -> HttpResponse {
    let status = StatusCode::from_u16(*status).unwrap();
    if status.is_redirection() && status != StatusCode::NOT_MODIFIED {
        return HttpResponse::build(status).insert_header((header::LOCATION, "/report")).finish();
    }
    HttpResponse::new(status)
}

fn text() -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.content_type("text/plain; charset=utf-8");
    answer
}

async fn cache(rule: Path<String>) -> HttpResponse {
    text().insert_header((header::CACHE_CONTROL, rule.into_inner())).body("for one buyer")
}

async fn own_fields() -> HttpResponse {
    text()
        .insert_header(("vary", "Accept-Language"))
        .insert_header(("access-control-allow-origin", "https://handler.example"))
        .insert_header(("access-control-expose-headers", "X-Own"))
        .body("with fields of its own")
}

async fn binary_field() -> HttpResponse {
    let value = header::HeaderValue::from_bytes(b"caf\xe9").unwrap();
    text().insert_header(("x-name", value)).body("not ASCII")
}

async fn stream(kind: Path<String>, scene: Data<Scene>) -> HttpResponse {
    HttpResponse::Ok().streaming(streams::of_kind(&kind, (**scene).clone()))
}

async fn sized(kind: Path<String>, scene: Data<Scene>) -> HttpResponse {
    let body = streams::of_kind(&kind, (**scene).clone());
    let body = SizedStream::new(streams::length_of(&kind), body);
    HttpResponse::Ok().content_type("application/octet-stream").body(body)
}

async fn events(scene: Data<Scene>) -> HttpResponse {
    let body = streams::of_kind("events", (**scene).clone());
    HttpResponse::Ok().content_type("text/event-stream").streaming(body)
}

async fn count(mut body: web::Payload) -> String {
    let mut length = 0;
    while let Some(bytes) = body.next().await {
        length += bytes.unwrap().len();
    }
    length.to_string()
}

async fn echo_frames(request: HttpRequest, body: web::Payload) -> Result<HttpResponse, Error> {
    let (response, mut session, mut frames) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(async move {
        while let Some(Ok(actix_ws::Message::Text(text))) = frames.next().await {
            if session.text(text).await.is_err() {
                return;
            }
        }
    });
    Ok(response)
}

async fn maybe(paid: Option<Paid>) -> String {
    paid.and_then(|paid| paid.amount).map_or_else(|| "free".to_owned(), |amount| amount.to_string())
}
