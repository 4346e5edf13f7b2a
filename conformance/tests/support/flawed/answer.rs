//! What the server answers.

use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use l402_conformance::Profile;

use super::verify::Refused;
use super::{Flaw, Shop};

pub(super) fn manifest(shop: &Shop) -> Response {
    let content_type = if shop.is(Flaw::ManifestIsHtml) { "text/html" } else { "application/json" };
    ([(header::CONTENT_TYPE, content_type)], "{\"version\": 0}").into_response()
}

pub(super) async fn sell(shop: &Shop, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let mut response = answer(shop, method, uri, headers).await;
    if shop.is(Flaw::QueryBecomesHeaders) && uri.query().is_some_and(|query| query.contains("%0d%0a")) {
        inject(&mut response);
    }
    if headers.contains_key(header::ORIGIN) {
        let fields = response.headers_mut();
        fields.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        if !shop.is(Flaw::ChallengeHiddenFromScripts) {
            let exposed = HeaderValue::from_static("content-type, WWW-Authenticate");
            fields.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed);
        }
    }
    response
}

/// What a server does that copies line breaks into its header.
fn inject(response: &mut Response) {
    response.headers_mut().insert("x-l402-conformance", HeaderValue::from_static("1"));
}

async fn answer(shop: &Shop, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let accepted = headers.get("accept-authenticate").is_some_and(|value| value == "nope");
    if shop.is(Flaw::FreeForAll) || (shop.is(Flaw::FreeForSomeFields) && accepted) {
        return "for free".into_response();
    }
    if shop.is(Flaw::XPaymentIsNotCounted) && headers.contains_key("x-payment") && shop.is_paid_for(headers) {
        return "paid".into_response();
    }
    let wants_html = headers.get(header::ACCEPT).is_some_and(|value| value == "text/html");
    if shop.is(Flaw::PageEchoesQuery) && wants_html {
        let page = uri.query().unwrap_or_default().replace("%3C", "<").replace("%3E", ">");
        return (StatusCode::PAYMENT_REQUIRED, [(header::CONTENT_TYPE, "text/html")], page).into_response();
    }
    if *method == Method::OPTIONS && headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD) {
        return preflight(shop);
    }
    let Some(verified) = shop.verify(headers, method, uri.path()).await else {
        return unpaid(shop, method, uri, headers).await;
    };
    let injected = shop.is(Flaw::CaveatsBecomeHeaders) && shop.has_line_break_in_caveat(headers);
    let mut response = match verified {
        Ok(use_) if uri.path() == "/failing" => {
            if !shop.is(Flaw::ChargesFailures) {
                shop.release(&use_);
            }
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
        Ok(_) if shop.is(Flaw::PaidAnswersArePublic) => {
            ([(header::CACHE_CONTROL, "public, max-age=60")], "paid").into_response()
        }
        Ok(_) => ([(header::CACHE_CONTROL, "private")], "paid").into_response(),
        Err(refused) => refuse(shop, refused, method, uri.path()).await,
    };
    if injected {
        inject(&mut response);
    }
    response
}

fn preflight(shop: &Shop) -> Response {
    let allowed = if shop.is(Flaw::PreflightForbidsAuthorization) { "content-type" } else { "Authorization" };
    let status =
        if shop.is(Flaw::PreflightIs402) { StatusCode::PAYMENT_REQUIRED } else { StatusCode::NO_CONTENT };
    (status, [(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed)]).into_response()
}

async fn unpaid(shop: &Shop, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let content_type = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
    if content_type.is_some_and(|value| value.starts_with(b"application/grpc")) {
        return grpc(shop, method, uri.path()).await;
    }
    let mints = match *method {
        Method::HEAD => shop.is(Flaw::HeadMints),
        Method::OPTIONS => shop.is(Flaw::OptionsMints),
        _ => true,
    };
    if !mints {
        if shop.is(Flaw::HeadMintsQuietly) {
            shop.offer(method, uri.path()).await;
        }
        return StatusCode::PAYMENT_REQUIRED.into_response();
    }
    shop.challenge(method, &price_path(shop, uri)).await
}

async fn grpc(shop: &Shop, method: &Method, path: &str) -> Response {
    let mut response = shop.challenge(method, path).await;
    if !shop.is(Flaw::GrpcIs402) {
        *response.status_mut() = StatusCode::OK;
    }
    let message = if shop.is(Flaw::GrpcSaysSomethingElse) { "no" } else { "payment required" };
    response.headers_mut().insert("grpc-status", HeaderValue::from_static("13"));
    response.headers_mut().insert("grpc-message", HeaderValue::from_static(message));
    response
}

async fn refuse(shop: &Shop, refused: Refused, method: &Method, path: &str) -> Response {
    let expired_or_used = match shop.profile {
        Profile::L402kit => 401,
        _ => 402,
    };
    let status = match (refused, shop.flaw) {
        (Refused::Odd(status), _) => status,
        (Refused::Invalid, Flaw::RefusesWith400) => 400,
        (Refused::Invalid, Flaw::InvalidIs401) => 401,
        (Refused::Invalid, _) if shop.profile == Profile::Default => 401,
        (Refused::UsedUp, Flaw::UsedUpIs401) | (Refused::Expired, Flaw::ExpiredIs401) => 401,
        (Refused::UsedUp | Refused::Expired, Flaw::UsedUpIs402) => 402,
        (Refused::UsedUp | Refused::Expired, _) => expired_or_used,
        (Refused::Unfit, Flaw::OtherUrlIs403) => 403,
        (Refused::Invalid | Refused::Unfit, _) => 402,
    };
    if status == 402 {
        return shop.challenge(method, path).await;
    }
    if shop.is(Flaw::GarbageMintsQuietly) {
        shop.offer(method, path).await;
    }
    StatusCode::from_u16(status).unwrap().into_response()
}

/// The path, with the query where that makes the price.
fn price_path(shop: &Shop, uri: &Uri) -> String {
    match uri.query() {
        Some("amount=1") if shop.is(Flaw::PriceFromQuery) => format!("{}?amount=1", uri.path()),
        _ => uri.path().to_owned(),
    }
}
