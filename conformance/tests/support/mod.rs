//! Servers to test, on loopback, with a dev node that pays.
#![allow(dead_code, unreachable_pub, reason = "every test uses its part of this")]
#![allow(clippy::unwrap_used, reason = "a test may fail")]

pub mod flawed;
pub mod swap;

use std::net::SocketAddr;

use axum::Router;
use l402_conformance::{Outcome, Report};
use l402_core::UnixTime;
use l402_dev::{DevNode, control};
use tokio::net::TcpListener;

/// Serves `app`, and the node's control under `/node`.
pub async fn serve(app: Router, node: &DevNode) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.nest("/node", control::router(node));
    tokio::spawn(axum::serve(listener, app).into_future());
    address
}

/// The time of the system.
pub fn now() -> UnixTime {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    UnixTime::from_secs(since.as_secs())
}

/// Everything that did not pass, as `id: outcome`.
pub fn not_passed(report: &Report) -> Vec<String> {
    let cases = report.cases.iter().filter(|case| case.outcome != Outcome::Pass);
    cases.map(|case| format!("{}: {:?}", case.case.id, case.outcome)).collect()
}
