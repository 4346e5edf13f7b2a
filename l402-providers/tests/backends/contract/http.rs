//! A server of raw bytes at the other side, and all that one can do wrong.

use std::time::Duration;

use l402_core::ports::BackendErrorKind as Kind;
use l402_providers::Endpoint;
use serde_json::Value;

use super::{Fault, Side, Transport};
use crate::support::raw::{self, NOBODY, RawServer, Then};

/// The key of every backend that is reached over HTTP.
pub(crate) const KEY: &str = "hush-hush-key-0123456789";

/// Far more than a server in this process needs, however busy the machine is.
const LONG: Duration = Duration::from_secs(60);
/// Where no answer comes. Whatever else is slow, too, the outcome is the same.
const SHORT: Duration = Duration::from_millis(50);

pub(crate) fn endpoint(url: &str) -> Endpoint {
    Endpoint::new(url).unwrap().timeout(LONG).pause(Duration::ZERO)
}

/// Bytes, and what comes after them.
pub(crate) struct Answer {
    bytes: Vec<u8>,
    then: Then,
    /// How long the provider waits.
    timeout: Duration,
}

impl Answer {
    fn with_status(status: &str, headers: &str, body: &str) -> Self {
        Self::bytes(raw::response(status, headers, body), Then::Close)
    }

    fn bytes(bytes: impl Into<Vec<u8>>, then: Then) -> Self {
        Self { bytes: bytes.into(), then, timeout: LONG }
    }
}

pub(crate) struct Server {
    server: RawServer,
    timeout: Duration,
}

impl Side<Endpoint> for Server {
    fn transport(&self) -> Endpoint {
        endpoint(&self.server.url).timeout(self.timeout)
    }

    fn secret(&self) -> String {
        KEY.to_owned()
    }

    fn requests(&self) -> usize {
        self.server.requests()
    }
}

impl Transport for Endpoint {
    type Answer = Answer;
    type Side = Server;

    fn result(result: &Value) -> Answer {
        Answer::with_status("200 OK", "content-type: application/json\r\n", &result.to_string())
    }

    fn faults() -> Vec<Fault<Answer>> {
        let mut faults = nonsense();
        faults.extend(statuses());
        faults.extend(broken_connections());
        faults
    }

    fn echoes(secrets: &str) -> Vec<Answer> {
        let body = format!("{{\"message\":\"{secrets}\"}}");
        ["200 OK", "400 Bad Request", "401 Unauthorized", "500 Oops", "520 Oops"]
            .map(|status| Answer::with_status(status, "", &body))
            .into()
    }

    async fn answering(answer: Answer) -> Server {
        let Answer { bytes, then, timeout } = answer;
        Server { server: RawServer::start(bytes, then).await, timeout }
    }

    async fn nobody() -> Self {
        endpoint(&format!("http://{NOBODY}"))
    }
}

fn nonsense() -> Vec<Fault<Answer>> {
    let large = " ".repeat(10_000_000);
    let bodies = [
        ("a page", "<html><body>Welcome!</body></html>"),
        ("truncated", "{\"data\": {\"id\": \"7"),
        ("empty", ""),
        ("lists", "[[[]]]"),
        ("large", &large),
    ];
    let mut faults = Vec::from(bodies.map(|(name, body)| Fault {
        name: name.to_owned(),
        answer: Answer::with_status("200 OK", "", body),
        order: Kind::Protocol,
        lookup: Some((Kind::Protocol, 1)),
    }));
    // Without a length, for which the reader has to count.
    let endless = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "[".repeat(10_000_000));
    for (name, answer) in [
        ("endless", Answer::bytes(endless, Then::Hang)),
        ("a redirect, which is a second request if it is followed", {
            Answer::with_status("302 Found", "location: /elsewhere\r\n", "")
        }),
    ] {
        let (order, lookup) = (Kind::Protocol, Some((Kind::Protocol, 1)));
        faults.push(Fault { name: name.to_owned(), answer, order, lookup });
    }
    faults
}

fn statuses() -> Vec<Fault<Answer>> {
    let limited = |seconds| Kind::RateLimited { retry_after: Some(Duration::from_secs(seconds)) };
    let statuses = [
        ("401 Unauthorized", "", Kind::Auth, 1),
        ("403 Forbidden", "", Kind::Forbidden, 1),
        ("429 Too Many Requests", "retry-after: 7\r\n", limited(7), 1),
        ("429 Too Many Requests", "", Kind::RateLimited { retry_after: None }, 1),
        ("500 Internal Server Error", "", Kind::Unavailable, 1),
        ("502 Bad Gateway", "", Kind::Unavailable, 3),
        ("503 Service Unavailable", "", Kind::Unavailable, 3),
    ];
    let page = "<html>oops</html>";
    let mut faults = Vec::from(statuses.map(|(status, headers, kind, tries)| Fault {
        name: status.to_owned(),
        answer: Answer::with_status(status, headers, page),
        order: kind,
        lookup: Some((kind, tries)),
    }));
    faults.push(Fault {
        name: "404 Not Found".to_owned(),
        answer: Answer::with_status("404 Not Found", "", page),
        order: Kind::NotFound,
        lookup: None, // it may be the invoice that is not found
    });
    faults
}

fn broken_connections() -> Vec<Fault<Answer>> {
    let half = "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{\"da";
    let slow = Answer { timeout: SHORT, ..Answer::bytes(half, Then::Hang) };
    [
        ("closed", Answer::bytes("", Then::Close), Kind::Unavailable),
        ("half an answer", Answer::bytes(half, Then::Close), Kind::Unavailable),
        ("half an answer, and silence", slow, Kind::Timeout),
    ]
    .map(|(name, answer, order)| Fault { name: name.to_owned(), answer, order, lookup: None })
    .into()
}
