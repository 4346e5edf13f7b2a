//! The page, from the binary: no build step, and nothing from elsewhere.

use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use l402_client::decode::decode;

use super::ready::Ready;
use crate::cli::Failure;

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn router(ready: &Ready) -> Result<Router, Failure> {
    let setup = serde_json::to_string(ready)?;
    let json = move || async move { asset("application/json", setup) };
    Ok(Router::new()
        .route("/", get(|| async { asset("text/html; charset=utf-8", include_str!("page/index.html")) }))
        .route("/app.js", get(|| async { asset("text/javascript", include_str!("page/app.js")) }))
        .route("/style.css", get(|| async { asset("text/css", include_str!("page/style.css")) }))
        .route("/setup", get(json))
        .route("/decode", post(explain).layer(DefaultBodyLimit::max(16 * 1024))))
}

fn asset(content_type: &'static str, body: impl IntoResponse) -> Response {
    let headers: [(HeaderName, &str); 5] = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, body).into_response()
}

/// What a challenge, credential, macaroon or invoice says.
async fn explain(text: String) -> Response {
    match decode(&text) {
        Ok(decoded) => Json(decoded).into_response(),
        Err(error) => (StatusCode::BAD_REQUEST, error.to_string()).into_response(),
    }
}
