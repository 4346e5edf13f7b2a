//! A server at the other side that answers HTTP, well or badly.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use l402_core::ports::BackendErrorKind as Kind;
use l402_wallets::Endpoint;
use serde_json::Value;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::{LONG, Script, Service, Transport};
use crate::support::raw::{NOBODY, RawServer, Then};

/// The key of every backend that is reached over HTTP.
pub(crate) const KEY: &str = "hush-hush-key-0123456789";

pub(crate) fn endpoint(url: &str) -> Endpoint {
    Endpoint::new(url).unwrap().timeout(LONG).pause(Duration::from_millis(1))
}

/// Whether a service was asked to pay. If not, it forgets that it expected that.
pub(crate) async fn was_asked_to_pay(server: &MockServer) -> bool {
    let asked = server.received_requests().await.unwrap_or_default();
    let was_asked = asked.iter().any(|request| request.method.as_str() == "POST");
    if !was_asked {
        server.reset().await;
    }
    was_asked
}

pub(crate) enum Server {
    Scripted { server: MockServer, payments: Arc<AtomicUsize> },
    Broken(RawServer),
}

impl Service<Endpoint> for Server {
    fn transport(&self) -> Endpoint {
        match self {
            Self::Scripted { server, .. } => endpoint(&server.uri()),
            Self::Broken(server) => endpoint(&server.url),
        }
    }

    fn secret(&self) -> String {
        KEY.to_owned()
    }

    fn payments(&self) -> usize {
        match self {
            Self::Scripted { payments, .. } => payments.load(Ordering::SeqCst),
            Self::Broken(server) => server.requests(),
        }
    }
}

impl Transport for Endpoint {
    type Request = Request;
    type Answer = ResponseTemplate;
    type Unknown = (u16, &'static str);
    type Service = Server;
    type Broken = (&'static str, Then);

    const BROKEN: &'static [Self::Broken] = &[
        ("", Then::Close),
        ("", Then::Hang),
        ("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"da", Then::Close),
        ("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"da", Then::Hang),
        ("HTTP/1.1 99", Then::Close),
    ];

    fn result(result: &Value) -> ResponseTemplate {
        ResponseTemplate::new(200).set_body_json(result)
    }

    fn unknown((status, body): (u16, &'static str)) -> ResponseTemplate {
        ResponseTemplate::new(status).set_body_raw(body, "application/json")
    }

    fn unclear() -> Vec<(String, ResponseTemplate)> {
        let html = "<html><body>Bad gateway</body></html>";
        let large = " ".repeat(10_000_000);
        [
            (200, html),
            (200, "{\"status\": \"succ"),
            (200, ""),
            (200, "[[[]]]"),
            (200, &large),
            (302, ""),
            (408, ""),
            (500, html),
            (502, html),
            (503, ""),
            (504, ""),
        ]
        .map(|(status, body)| {
            let start: String = body.chars().take(30).collect();
            (format!("{status} {start}"), ResponseTemplate::new(status).set_body_string(body))
        })
        .into()
    }

    fn lost() -> Vec<ResponseTemplate> {
        vec![ResponseTemplate::new(502)]
    }

    fn refusals() -> Vec<(ResponseTemplate, Kind)> {
        let retry_after = Some(Duration::from_secs(7));
        [(401, Kind::Auth), (403, Kind::Forbidden), (429, Kind::RateLimited { retry_after })]
            .map(|(status, kind)| {
                let refusal = ResponseTemplate::new(status).insert_header("retry-after", "7");
                (refusal.set_body_string("no"), kind)
            })
            .into()
    }

    fn echoes(secrets: &str) -> Vec<ResponseTemplate> {
        let body = format!("{{\"message\":\"{secrets}\"}}");
        [200, 400, 401, 500, 520].map(|status| ResponseTemplate::new(status).set_body_string(&body)).into()
    }

    async fn serve(script: Script<Self>) -> Server {
        let payments = Arc::new(AtomicUsize::new(0));
        let answers = Answers { script, payments: Arc::clone(&payments) };
        let server = MockServer::start().await;
        Mock::given(any()).respond_with(answers).mount(&server).await;
        Server::Scripted { server, payments }
    }

    async fn serve_broken((bytes, then): Self::Broken) -> Server {
        Server::Broken(RawServer::start(bytes, then).await)
    }

    async fn nobody() -> Self {
        endpoint(&format!("http://{NOBODY}"))
    }
}

struct Answers {
    script: Script<Endpoint>,
    payments: Arc<AtomicUsize>,
}

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        if (self.script.is_payment)(request) {
            self.payments.fetch_add(1, Ordering::SeqCst);
            self.script.payment.clone()
        } else if self.payments.load(Ordering::SeqCst) == 0 {
            self.script.before.clone()
        } else {
            self.script.look.clone()
        }
    }
}
