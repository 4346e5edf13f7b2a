//! The bodies for programs: JSON in two shapes, problem documents, a line of text.

use serde::Serialize;

use super::refusal::{Offer, Refusal};

/// Our shape. The first four fields of a challenge are what deployed JSON clients read.
pub(super) fn json(refusal: &Refusal) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        error: &'a str,
        #[serde(flatten)]
        offer: Option<OfferFields<'a>>,
        code: &'a str,
    }
    let offer = refusal.offer.as_deref().map(OfferFields::of);
    line(&Body { error: &refusal.text, offer, code: refusal.code })
}

/// What l402kit's servers write, and its clients read.
pub(super) fn l402kit(refusal: &Refusal) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        error: &'a str,
        #[serde(flatten)]
        offer: Option<FourFields<'a>>,
    }
    #[derive(Serialize)]
    struct FourFields<'a> {
        price_sats: u64,
        invoice: &'a str,
        macaroon: String,
    }
    let offer = refusal.offer.as_deref().map(|offer| FourFields {
        price_sats: offer.price.to_sat_ceil(),
        invoice: offer.challenge.invoice(),
        macaroon: offer.challenge.macaroon().to_base64(),
    });
    let error = match (refusal.status, refusal.code) {
        (402, _) if offer.is_some() => "Payment Required",
        (401, "token_used") => "Token already used",
        _ => &refusal.text,
    };
    line(&Body { error, offer })
}

/// A problem document (RFC 9457). With the type `about:blank` the title is that of the status; the code says the rest.
pub(super) fn problem(refusal: &Refusal) -> String {
    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(rename = "type")]
        kind: &'static str,
        title: &'static str,
        status: u16,
        detail: &'a str,
        code: &'a str,
        #[serde(flatten)]
        offer: Option<OfferFields<'a>>,
    }
    line(&Body {
        kind: "about:blank",
        title: title(refusal.status),
        status: refusal.status,
        detail: &refusal.text,
        code: refusal.code,
        offer: refusal.offer.as_deref().map(OfferFields::of),
    })
}

/// What the reference server writes: its two sentences, and ours where it has none.
pub(super) fn text(refusal: &Refusal) -> String {
    match refusal.status {
        402 => "payment required\n".to_owned(),
        401 => "unauthorized\n".to_owned(),
        _ => format!("{}\n", refusal.text),
    }
}

/// The phrase that goes with a status.
pub(super) const fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        409 => "Conflict",
        413 => "Content Too Large",
        414 => "URI Too Long",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Refused",
    }
}

#[derive(Serialize)]
struct OfferFields<'a> {
    price_sats: u64,
    invoice: &'a str,
    macaroon: String,
    price_msat: u64,
    payment_hash: String,
    expires_at: u64,
}

impl<'a> OfferFields<'a> {
    fn of(offer: &'a Offer) -> Self {
        Self {
            price_sats: offer.price.to_sat_ceil(),
            invoice: offer.challenge.invoice(),
            macaroon: offer.challenge.macaroon().to_base64(),
            price_msat: offer.price.as_msat(),
            payment_hash: offer.payment_hash.to_string(),
            expires_at: offer.expires_at.as_secs(),
        }
    }
}

fn line(body: &impl Serialize) -> String {
    // Strings and numbers always serialise; an empty body would still carry the right status.
    serde_json::to_string(body).unwrap_or_default() + "\n"
}
