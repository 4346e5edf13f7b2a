//! The bodies for programs: JSON in two shapes, problem documents, a line of text.

use super::json::Object;
use super::refusal::{Offer, Refusal};

/// Room for everything but the sentence, the invoice and the macaroon.
const REST: usize = 256;

/// Our shape. The first four fields of a challenge are what deployed JSON clients read.
pub(super) fn json(refusal: &Refusal) -> Vec<u8> {
    let mut body = object_for(refusal);
    body.text("error", &refusal.text);
    if let Some(offer) = &refusal.offer {
        push_offer(&mut body, offer);
    }
    body.word("code", refusal.code);
    body.into_line()
}

/// What l402kit's servers write, and its clients read.
pub(super) fn l402kit(refusal: &Refusal) -> Vec<u8> {
    let error = match (refusal.status, refusal.code) {
        (402, _) if refusal.offer.is_some() => "Payment Required",
        (401, "token_used") => "Token already used",
        _ => &refusal.text,
    };
    let mut body = object_for(refusal);
    body.text("error", error);
    if let Some(offer) = &refusal.offer {
        push_four_fields(&mut body, offer);
    }
    body.into_line()
}

/// A problem document (RFC 9457). With the type `about:blank` the title is that of the status; the code says the rest.
pub(super) fn problem(refusal: &Refusal) -> Vec<u8> {
    let mut body = object_for(refusal);
    body.word("type", "about:blank");
    body.word("title", title(refusal.status));
    body.number("status", refusal.status.into());
    body.text("detail", &refusal.text);
    body.word("code", refusal.code);
    if let Some(offer) = &refusal.offer {
        push_offer(&mut body, offer);
    }
    body.into_line()
}

/// What the reference server writes: its two sentences, and ours where it has none.
pub(super) fn text(refusal: &Refusal) -> Vec<u8> {
    match refusal.status {
        402 => b"payment required\n".to_vec(),
        401 => b"unauthorized\n".to_vec(),
        _ => format!("{}\n", refusal.text).into_bytes(),
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

/// An object with room for everything that is said here.
fn object_for(refusal: &Refusal) -> Object {
    let offer = refusal.offer.as_ref().map(|offer| &offer.challenge);
    let offer = offer.map_or(0, |offer| offer.invoice().len() + offer.macaroon_text().len());
    Object::with_room(REST + refusal.text.len() + offer)
}

fn push_four_fields(body: &mut Object, offer: &Offer) {
    body.number("price_sats", offer.price.to_sat_ceil());
    body.word("invoice", offer.challenge.invoice());
    body.word("macaroon", offer.challenge.macaroon_text());
}

fn push_offer(body: &mut Object, offer: &Offer) {
    push_four_fields(body, offer);
    body.number("price_msat", offer.price.as_msat());
    body.hex("payment_hash", offer.payment_hash.as_bytes());
    body.number("expires_at", offer.expires_at.as_secs());
}
