//! What is beside L402 over HTTP: gRPC, the manifest, TLS.

use std::net::IpAddr;

use super::SUITE;
use super::context::{Context, read_offer};
use crate::case::{Ambiguity, Level, Scoring, Source};
use crate::check::Check;
use crate::http::{Request, Response};
use crate::outcome::{CaseResult, Outcome};
use crate::profile::Profile;
use crate::target::Endpoint;

pub(super) const CHECKS: &[Check<Context>] = &[
    Check {
        case: SUITE
            .must(
                "grpc/status-200",
                "a gRPC request without a credential is answered with the HTTP status 200",
                "The server MUST reply with HTTP 200 OK (not 402).",
                Source::protocol("§7.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(grpc_status(cx)),
    },
    Check {
        case: SUITE
            .should(
                "grpc/message",
                "a gRPC request without a credential is told that payment is required",
                "The server MUST send the following trailing headers: `Grpc-Message: payment required`, \
                 `Grpc-Status: 13`. (Or, in another revision: `Grpc-Message: missing L402`, `Grpc-Status: \
                 402`.)",
                Source::protocol("§7.1"),
            )
            .after(&["grpc/status-200"])
            .ambiguous(GRPC_MESSAGE),
        run: |cx| Box::pin(grpc_message(cx)),
    },
    Check {
        case: SUITE
            .may(
                "discovery/manifest",
                "the manifest, if there is one, is JSON",
                "The manifest at `/.well-known/l402.json` MUST be served as application/json, without a \
                 credential.",
                Source::new("L402 discovery-spec (draft)", "Manifest"),
            )
            .after(&["challenge/status-402"]),
        run: |cx| Box::pin(manifest(cx)),
    },
    Check {
        case: SUITE
            .should(
                "transport/encrypted",
                "challenges go over TLS",
                "Servers MUST NOT issue L402 challenges over unencrypted HTTP. (A warning, since the \
                 suite does not see whether a proxy before the server speaks TLS.)",
                Source::protocol("§9.1"),
            )
            .after(&["challenge/parameters"]),
        run: |cx| Box::pin(encrypted(cx)),
    },
];

const GRPC_MESSAGE: Ambiguity = Ambiguity {
    conflict: "one revision says 13 and `payment required`, as Aperture does; another says 402 and \
               `missing L402`",
    scoring: &[Scoring::new(Profile::Aperture, Level::Must, "13 and `payment required`")],
};

async fn ask_as_grpc(cx: &Context) -> Result<Response, Outcome> {
    let request = cx.request("POST").with_header("TE", "trailers").with_body("application/grpc", vec![0; 5]);
    let response = cx.send(&request).await?;
    if response.values("grpc-status").next().is_none() {
        return Err(Outcome::unsupported(format!("gRPC (no Grpc-Status, status {})", response.status)));
    }
    Ok(response)
}

async fn grpc_status(cx: &Context) -> CaseResult {
    let response = ask_as_grpc(cx).await?;
    if response.status != 200 {
        return Err(Outcome::fail("HTTP status 200", format!("status {}", response.status)));
    }
    read_offer(&response).map(drop)
}

async fn grpc_message(cx: &Context) -> CaseResult {
    let response = ask_as_grpc(cx).await?;
    let value = |name| response.values(name).next().unwrap_or_default().to_ascii_lowercase();
    let found = (value("grpc-status"), value("grpc-message").replace("%20", " "));
    match (found.0.as_str(), found.1.as_str(), cx.profile) {
        ("13", "payment required", _) => Ok(()),
        ("402", "missing l402", Profile::Default | Profile::L402kit) => Ok(()),
        _ => Err(Outcome::fail("13 and `payment required`", format!("{} and `{}`", found.0, found.1))),
    }
}

async fn manifest(cx: &Context) -> CaseResult {
    let path_and_query = "/.well-known/l402.json".to_owned();
    let endpoint = Endpoint { path_and_query, ..cx.target.endpoint.clone() };
    let response = cx.send(&Request::new("GET", &endpoint)).await?;
    if !response.is_success() {
        return Err(Outcome::unsupported(format!("a manifest (status {})", response.status)));
    }
    let content_type = response.values("content-type").next().unwrap_or_default();
    if !content_type.starts_with("application/json") {
        return Err(Outcome::fail("application/json", format!("{content_type:?}")));
    }
    match serde_json::from_slice::<serde_json::Value>(&response.body) {
        Ok(serde_json::Value::Object(_)) => Ok(()),
        Ok(_) => Err(Outcome::fail("a JSON object", "other JSON")),
        Err(error) => Err(Outcome::fail("a JSON object", error.to_string())),
    }
}

async fn encrypted(cx: &Context) -> CaseResult {
    let endpoint = &cx.target.endpoint;
    if endpoint.is_tls {
        return Ok(());
    }
    let host = endpoint.host.as_str();
    let is_loopback = host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    if is_loopback || host == "localhost" || host.ends_with(".localhost") {
        return Err(Outcome::unsupported("TLS on this machine, where nobody listens"));
    }
    if host.ends_with(".onion") {
        return Ok(());
    }
    cx.offer().await?;
    Err(Outcome::fail("no challenge over http://", "a challenge"))
}
