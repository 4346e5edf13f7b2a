//! What the gate answers itself, and what it adds to paid answers.
//!
//! *What happened* is a [`Refusal`]: status, code, sentence, perhaps an offer. *How it is said* is a [`Reply`]. One
//! place turns the first into the second, [`Replies::say`], given the [`Profile`], what the client's `Accept` asks
//! for, and [`Cors`].

mod accept;
mod body;
mod cors;
mod edits;
mod json;
mod page;
mod profile;
mod refusal;

use std::borrow::Cow;

use crate::request::{HeaderValues, RequestParts};
use accept::Format;
use cors::{AllowedOrigin, EXPOSED};

pub use cors::Cors;
pub use edits::HeaderEdits;
pub use profile::{ErrorShape, OnBadToken, Profile};
pub(crate) use refusal::{Offer, Reason, Refusal};

/// The header field that names the payment of a paid answer.
pub(crate) const RECEIPT: &str = "l402-payment-hash";

/// A complete HTTP answer, in no framework's types. Nothing is to be added to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Header fields, names in lower case, values in visible ASCII. A name may occur twice.
    pub headers: Vec<(Cow<'static, str>, Cow<'static, str>)>,
    /// The body, of the type that `content-type` says.
    pub body: Vec<u8>,
    code: &'static str,
}

impl Reply {
    /// Why, in one word: the `code` of JSON bodies, in every format and profile.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    /// A copy of a handler's answer; `None` when a field has a value that cannot be sent again.
    pub(crate) fn copy_of<H: HeaderValues>(status: u16, headers: &H, body: &[u8]) -> Option<Self> {
        let fields = headers.fields().filter(|(name, _)| !PER_MESSAGE.contains(name));
        let copy = |(name, value): (&str, &[u8])| {
            let is_visible = value.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t'));
            let value = str::from_utf8(value).ok().filter(|_| is_visible)?;
            Some((Cow::Owned(name.to_owned()), Cow::Owned(value.to_owned())))
        };
        let headers = fields.map(copy).collect::<Option<_>>()?;
        Some(Self { status, headers, body: body.to_vec(), code: "idempotent_replay" })
    }

    /// The first value of a header field, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(field, _)| *field == name).map(|(_, value)| &**value)
    }
}

/// The fields that the server writes anew for every message.
const PER_MESSAGE: [&str; 5] = ["connection", "content-length", "date", "keep-alive", "transfer-encoding"];

/// How a gate talks: its settings.
#[derive(Clone, Debug)]
pub(crate) struct Replies {
    pub(crate) profile: Profile,
    pub(crate) cors: Option<Cors>,
    pub(crate) html: bool,
    pub(crate) receipts: bool,
    pub(crate) only_offer_if_asked: bool,
}

impl Default for Replies {
    fn default() -> Self {
        Self { profile: Profile::DEFAULT, cors: None, html: true, receipts: true, only_offer_if_asked: false }
    }
}

/// Whom an answer is for: all that is kept of a request's `Accept` and `Origin`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Audience {
    format: Format,
    origin: AllowedOrigin,
}

impl Replies {
    /// Who asks. Cheap, for it is done for paid requests too: no allocation, and nothing to parse in most of them.
    pub(crate) fn audience<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> Audience {
        // A page can repeat a GET after the payment, and nothing else: it does not have the body of a POST.
        let html = self.html && matches!(request.method, "GET" | "HEAD");
        let native = self.profile.native_format();
        let format = accept::negotiate(request.headers.values("accept"), native, html);
        Audience { format, origin: self.origin(request) }
    }

    /// Who is let in for certain, so that nothing is going to be put into words for it.
    pub(crate) fn audience_let_in<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> Audience {
        Audience { format: self.profile.native_format(), origin: self.origin(request) }
    }

    fn origin<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> AllowedOrigin {
        match &self.cors {
            Some(cors) => cors.allowed(request.headers.values("origin")),
            None => AllowedOrigin::None,
        }
    }

    /// The answer to a CORS preflight; `None` for every other request, and while CORS is off.
    pub(crate) fn preflight<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> Option<Reply> {
        self.cors.as_ref()?.preflight(request)
    }

    /// What a refusal depends on, of the request's header fields.
    fn vary(&self) -> &'static str {
        match (self.cors.as_ref().is_some_and(Cors::varies), self.only_offer_if_asked) {
            (false, false) => "Accept",
            (true, false) => "Accept, Origin",
            (false, true) => "Accept, Accept-Authenticate",
            (true, true) => "Accept, Accept-Authenticate, Origin",
        }
    }

    /// Puts a refusal into words. The header fields for machines are the same in every format.
    pub(crate) fn say(&self, refusal: &Refusal, audience: Audience) -> Reply {
        let format = audience.format;
        let offer = refusal.offer.as_ref();
        let mut headers = Vec::with_capacity(8); // more than nearly all have
        let mut set = |name, value| headers.push((Cow::Borrowed(name), value));
        set("content-type", Cow::Borrowed(format.content_type()));
        set("cache-control", Cow::Borrowed("no-store"));
        set("vary", Cow::Borrowed(self.vary()));
        if let Some(offer) = offer {
            let values = self.profile.challenge_values(&offer.challenge);
            values.for_each(|value| set("www-authenticate", Cow::Owned(value)));
        } else if refusal.status == 401 {
            // RFC 9110 section 15.5.2 wants a challenge on every 401; the bare scheme is one, and costs no invoice.
            set("www-authenticate", Cow::Borrowed("L402"));
        }
        if let Some(wait) = refusal.retry_after {
            set("retry-after", Cow::Owned(wait.to_string()));
        }
        let body = match format {
            Format::Json => body::json(refusal),
            Format::L402Kit => body::l402kit(refusal),
            Format::Problem => body::problem(refusal),
            Format::Text => {
                set("x-content-type-options", Cow::Borrowed("nosniff"));
                body::text(refusal)
            }
            Format::Html => {
                page::security_headers(offer.is_some())
                    .into_iter()
                    .for_each(|(name, value)| set(name, value));
                page::html(refusal).into_bytes()
            }
        };
        if let Some(origin) = self.cors.as_ref().and_then(|cors| cors.header_value(audience.origin)) {
            set("access-control-allow-origin", origin);
            set("access-control-expose-headers", Cow::Borrowed(EXPOSED));
        }
        Reply { status: refusal.status, headers, body, code: refusal.code }
    }
}
