//! What a paid answer gets in addition: rules for caches, a receipt, CORS.

use std::borrow::Cow;

use hex_simd::{AsciiCase, encode_to_string};
use l402_core::PaymentHash;

use super::cors::EXPOSED;
use super::{Audience, RECEIPT, Replies};
use crate::request::HeaderValues;

/// Header fields that an adapter sets on the answer of a handler, each in place of all values of that name.
///
/// See [`Admission::header_edits`](crate::Admission::header_edits).
#[derive(Debug)]
#[must_use]
pub struct HeaderEdits {
    cache_control: Option<Cow<'static, str>>,
    vary: Option<Cow<'static, str>>,
    receipt: Option<PaymentHash>,
    allow_origin: Option<Cow<'static, str>>,
    expose: Option<Cow<'static, str>>,
}

impl HeaderEdits {
    /// Hands each field to `set`: its name in lower case, and a value in visible ASCII.
    pub fn for_each(self, mut set: impl FnMut(&'static str, Cow<'static, str>)) {
        if let Some(value) = self.cache_control {
            set("cache-control", value);
        }
        if let Some(value) = self.vary {
            set("vary", value);
        }
        if let Some(payment) = self.receipt {
            set(RECEIPT, Cow::Owned(encode_to_string(payment.as_bytes(), AsciiCase::Lower)));
        }
        if let Some(value) = self.allow_origin {
            set("access-control-allow-origin", value);
        }
        if let Some(value) = self.expose {
            set("access-control-expose-headers", value);
        }
    }
}

impl Replies {
    /// What to set on an answer that has `current` fields. `paid` is the payment that it was delivered for; an answer
    /// that `is_sold`, though not to this client, must not come out of a cache either.
    pub(crate) fn edits<H: HeaderValues>(
        &self,
        audience: Audience,
        is_sold: bool,
        paid: Option<PaymentHash>,
        current: &H,
    ) -> HeaderEdits {
        let cache_control = if is_sold { cache_control(current.values("cache-control")) } else { None };
        let (mut by_origin, mut allow_origin, mut expose) = (false, None, None);
        if let Some(cors) = &self.cors {
            let handlers_own = current.values("access-control-allow-origin").next().is_some();
            by_origin = cors.varies() && !handlers_own;
            if !handlers_own {
                allow_origin = cors.header_value(audience.origin);
            }
            if handlers_own || allow_origin.is_some() {
                expose = merged(current.values("access-control-expose-headers"), EXPOSED);
            }
        }
        let vary_on = match (is_sold, by_origin) {
            (true, true) => Some("Authorization, Origin"),
            (true, false) => Some("Authorization"),
            (false, true) => Some("Origin"),
            (false, false) => None,
        };
        HeaderEdits {
            cache_control,
            vary: vary_on.and_then(|names| merged(current.values("vary"), names)),
            receipt: paid.filter(|_| self.receipts),
            allow_origin,
            expose,
        }
    }
}

/// The `Cache-Control` that a paid answer gets in place of its own; `None` when its own keeps shared caches away.
///
/// What one buyer paid for is not to be handed to the next visitor. A request with `Authorization` is kept from shared
/// caches already, but not once a handler says `public`, `s-maxage` or `must-revalidate` (RFC 9111 section 3.5), which
/// is not said with payment in mind. What it says to the buyer's own cache, `no-cache` or `max-age`, stands.
fn cache_control<'a>(current: impl Iterator<Item = &'a [u8]>) -> Option<Cow<'static, str>> {
    let mut own: Vec<&[u8]> = Vec::new();
    for directive in current.flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii) {
        if directive.eq_ignore_ascii_case(b"private") || directive.eq_ignore_ascii_case(b"no-store") {
            return None;
        }
        let name = directive.split(|byte| *byte == b'=').next().unwrap_or_default().trim_ascii();
        let is_for_shared =
            [&b"public"[..], b"s-maxage"].iter().any(|shared| name.eq_ignore_ascii_case(shared));
        if !directive.is_empty() && !is_for_shared && directive.iter().all(|byte| matches!(byte, b' '..=b'~'))
        {
            own.push(directive);
        }
    }
    if own.is_empty() {
        return Some(Cow::Borrowed("private"));
    }
    own.insert(0, b"private");
    Some(String::from_utf8_lossy(&own.join(&b", "[..])).into_owned().into())
}

/// The list of names that has all of `current` and of `wanted`; `None` if `current` does already, or says `*`.
///
/// What is in `current` and is no name is left out: a value that is set again must be one that can be set.
fn merged<'a>(current: impl Iterator<Item = &'a [u8]>, wanted: &'static str) -> Option<Cow<'static, str>> {
    let mut names: Vec<&[u8]> = Vec::new();
    for name in current.flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii) {
        if name == b"*" {
            return None;
        }
        if !name.is_empty() && name.iter().all(u8::is_ascii_graphic) {
            names.push(name);
        }
    }
    if names.is_empty() {
        return Some(Cow::Borrowed(wanted));
    }
    let known = names.len();
    for name in wanted.split(", ") {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name.as_bytes())) {
            names.push(name.as_bytes());
        }
    }
    (names.len() > known).then(|| String::from_utf8_lossy(&names.join(&b", "[..])).into_owned().into())
}
