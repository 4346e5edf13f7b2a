//! Caveats that bind a token to what its price depended on: the query, and header fields.
//!
//! They hold digests, so that a token neither grows with the request nor tells what was asked for.

use std::fmt::Write;

use l402_core::{RequestContext, Satisfier};
use sha2::{Digest, Sha256};

use super::Quote;
use crate::request::{HeaderValues, RequestParts};

const QUERY: &str = "query_sha256";
const HEADER: &str = "header_sha256";

/// What a token for this request is bound to, as the price function's quote wants it.
pub(crate) fn conditions<H: HeaderValues>(
    quote: &Quote,
    request: &RequestParts<'_, H>,
) -> Vec<(String, String)> {
    let query = (!quote.ignores_query()).then(|| (QUERY.to_owned(), query_digest(request)));
    let headers = quote.bound_headers().iter().map(|name| {
        let value = format!("{name}:{}", header_digest(request, name));
        (HEADER.to_owned(), value)
    });
    query.into_iter().chain(headers).collect()
}

/// `query_sha256=<hex>`: the query is the one that was priced.
pub(crate) struct QueryBinding<'r, 'a, H>(pub(crate) &'r RequestParts<'a, H>);

impl<H: HeaderValues> Satisfier for QueryBinding<'_, '_, H> {
    fn handles(&self, condition: &str, _: &RequestContext<'_>) -> bool {
        condition == QUERY
    }

    fn narrows(&self, previous: &str, next: &str) -> bool {
        previous == next
    }

    fn holds(&self, value: &str, _: &RequestContext<'_>) -> bool {
        value == query_digest(self.0)
    }
}

/// `header_sha256=<name>:<hex>`: the header field is the one that was priced.
pub(crate) struct HeaderBinding<'r, 'a, H>(pub(crate) &'r RequestParts<'a, H>);

impl<H: HeaderValues> Satisfier for HeaderBinding<'_, '_, H> {
    fn handles(&self, condition: &str, _: &RequestContext<'_>) -> bool {
        condition == HEADER
    }

    /// Repeated for several fields, and each must hold: one more allows nothing new.
    fn narrows(&self, _: &str, _: &str) -> bool {
        true
    }

    fn holds(&self, value: &str, _: &RequestContext<'_>) -> bool {
        let field = value.split_once(':');
        field.is_some_and(|(name, digest)| digest == header_digest(self.0, name))
    }
}

fn query_digest<H>(request: &RequestParts<'_, H>) -> String {
    hex(Sha256::digest(request.query.unwrap_or_default()))
}

/// Each value with its length before it, so that two values cannot look like one.
fn header_digest<H: HeaderValues>(request: &RequestParts<'_, H>, name: &str) -> String {
    let mut digest = Sha256::new();
    for value in request.headers.values(name) {
        digest.update((value.len() as u64).to_be_bytes());
        digest.update(value);
    }
    hex(digest.finalize())
}

fn hex(digest: impl AsRef<[u8]>) -> String {
    digest.as_ref().iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
