//! [`Cors`]: which web pages may read the answers (the CORS protocol of <https://fetch.spec.whatwg.org>).

use std::borrow::Cow;
use std::time::Duration;

use super::Reply;
use crate::request::{HeaderValues, RequestParts};

/// The fields of an answer that a page of another origin may read.
pub(super) const EXPOSED: &str = "WWW-Authenticate, Retry-After, L402-Payment-Hash";

/// The request fields that a preflight without readable wishes is granted.
const DEFAULT_HEADERS: &str = "Authorization, Content-Type, Idempotency-Key";

/// The most bytes of `Access-Control-Request-Headers` that are granted as asked.
const MOST_HEADER_BYTES: usize = 1024;

/// The longest method that is granted as asked.
const MOST_METHOD_BYTES: usize = 32;

/// Which web pages of other origins may use what the gate sells.
///
/// Without it, a browser lets scripts of a page use the answers only if the page comes from the same origin. With it,
/// the gate answers preflights itself, before it asks for money (a browser sends no credential with them), and
/// every answer, paid or not, tells the browser who may read it and that the challenge is among what may be read.
/// What a handler says about `Access-Control-Allow-Origin` itself stays as it is.
///
/// ```
/// use l402_server::Cors;
///
/// let public_api = Cors::any_origin();
/// let own_pages = Cors::origins(["https://app.example", "http://localhost:3000"]).with_methods(["GET", "POST"]);
/// ```
///
/// # Security
/// Origins are compared byte by byte with the list, and what is sent back comes from the list, never from the request.
/// `null`, the origin of sandboxed frames and files, cannot be listed, since anybody can have it. Cookies are never
/// allowed (`Access-Control-Allow-Credentials`); an L402 credential that a script sets is no cookie and needs no such
/// leave.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Cors {
    /// `None` for any.
    origins: Option<Vec<String>>,
    methods: Option<Vec<String>>,
    headers: Option<Vec<String>>,
    max_age: Duration,
}

/// Which value of `Access-Control-Allow-Origin` a request has earned.
#[derive(Clone, Copy, Debug)]
pub(super) enum AllowedOrigin {
    None,
    Any,
    /// By its place in the list.
    Listed(usize),
}

impl Cors {
    /// Pages of every origin, as public APIs want it.
    pub const fn any_origin() -> Self {
        Self { origins: None, methods: None, headers: None, max_age: Duration::from_secs(600) }
    }

    /// Pages of these origins, each `scheme://host` or `scheme://host:port` exactly as browsers send it: in lower case,
    /// without a default port, a path or a slash at the end. [`GateBuilder::build`](crate::GateBuilder::build) refuses
    /// others, which would never match.
    pub fn origins<O: Into<String>>(origins: impl IntoIterator<Item = O>) -> Self {
        Self { origins: Some(origins.into_iter().map(Into::into).collect()), ..Self::any_origin() }
    }

    /// Allows these methods only. Default: the one that the preflight asks for; which methods there are is the
    /// router's business.
    pub fn with_methods<M: Into<String>>(self, methods: impl IntoIterator<Item = M>) -> Self {
        Self { methods: Some(methods.into_iter().map(Into::into).collect()), ..self }
    }

    /// Allows these request fields only. Default: those that the preflight asks for, up to 1 KiB of them. `Authorization`
    /// must be among them, or no page can pay.
    pub fn with_headers<H: Into<String>>(self, headers: impl IntoIterator<Item = H>) -> Self {
        Self { headers: Some(headers.into_iter().map(Into::into).collect()), ..self }
    }

    /// How long a browser may remember the answer to a preflight. Default: 10 minutes.
    pub const fn with_max_age(mut self, max_age: Duration) -> Self {
        self.max_age = max_age;
        self
    }

    /// Whether every origin, method and field can be what it says.
    pub(crate) fn is_sound(&self) -> bool {
        let tokens = |list: &Option<Vec<String>>| list.iter().flatten().all(|name| is_token(name.as_bytes()));
        self.origins.iter().flatten().all(|origin| is_origin(origin))
            && tokens(&self.methods)
            && tokens(&self.headers)
    }

    /// Whether answers differ by `Origin`, which caches have to know.
    pub(super) const fn varies(&self) -> bool {
        self.origins.is_some()
    }

    /// Holds the one `Origin` of a request against the list.
    pub(super) fn allowed<'a>(&self, mut values: impl Iterator<Item = &'a [u8]>) -> AllowedOrigin {
        let Some(listed) = &self.origins else { return AllowedOrigin::Any };
        match (values.next(), values.next()) {
            (Some(origin), None) => listed
                .iter()
                .position(|allowed| allowed.as_bytes() == origin)
                .map_or(AllowedOrigin::None, AllowedOrigin::Listed),
            _ => AllowedOrigin::None,
        }
    }

    /// The value of `Access-Control-Allow-Origin`.
    pub(super) fn header_value(&self, origin: AllowedOrigin) -> Option<Cow<'static, str>> {
        match origin {
            AllowedOrigin::None => None,
            AllowedOrigin::Any => Some(Cow::Borrowed("*")),
            AllowedOrigin::Listed(place) => Some(Cow::Owned(self.origins.as_ref()?.get(place)?.clone())),
        }
    }

    /// The answer to a preflight: 204, and for an origin that is not allowed nothing else.
    pub(super) fn preflight<H: HeaderValues>(&self, request: &RequestParts<'_, H>) -> Option<Reply> {
        let method = request.headers.values("access-control-request-method").next()?;
        request.headers.values("origin").next()?;
        if request.method != "OPTIONS" {
            return None;
        }
        let vary = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";
        let mut headers = vec![("vary", Cow::Borrowed(vary)), ("cache-control", Cow::Borrowed("no-store"))];
        if let Some(origin) = self.header_value(self.allowed(request.headers.values("origin"))) {
            let asked = request.headers.values("access-control-request-headers");
            headers.push(("access-control-allow-origin", origin));
            headers.extend(self.granted_methods(method).map(|value| ("access-control-allow-methods", value)));
            headers.push(("access-control-allow-headers", self.granted_headers(asked)));
            headers.push(("access-control-max-age", self.max_age.as_secs().to_string().into()));
        }
        let headers = headers.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect();
        Some(Reply { status: 204, headers, body: Vec::new(), code: "preflight" })
    }

    fn granted_methods(&self, asked: &[u8]) -> Option<Cow<'static, str>> {
        if let Some(listed) = &self.methods {
            return Some(listed.join(", ").into());
        }
        let fits = asked.len() <= MOST_METHOD_BYTES && is_token(asked);
        fits.then(|| String::from_utf8_lossy(asked).into_owned().into())
    }

    fn granted_headers<'a>(&self, asked: impl Iterator<Item = &'a [u8]>) -> Cow<'static, str> {
        if let Some(listed) = &self.headers {
            return listed.join(", ").into();
        }
        let mut granted = String::new();
        for name in asked.flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii) {
            if !is_token(name) || granted.len() + name.len() > MOST_HEADER_BYTES {
                return DEFAULT_HEADERS.into();
            }
            if !granted.is_empty() {
                granted.push_str(", ");
            }
            granted.extend(name.iter().map(|byte| char::from(*byte)));
        }
        if granted.is_empty() { DEFAULT_HEADERS.into() } else { granted.into() }
    }
}

/// A token of RFC 9110 section 5.6.2: the name of a method or field.
fn is_token(name: &[u8]) -> bool {
    let is_char = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !name.is_empty() && name.iter().all(is_char)
}

/// Whether a browser could send this: `scheme://host` with an optional port.
fn is_origin(origin: &str) -> bool {
    let Some((scheme, host)) = origin.split_once("://") else { return false };
    let in_scheme = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    let in_host = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._~:[]".contains(&byte);
    let default_port =
        matches!(scheme, "http") && host.ends_with(":80") || scheme == "https" && host.ends_with(":443");
    !scheme.is_empty()
        && scheme.bytes().all(in_scheme)
        && !host.is_empty()
        && host.bytes().all(in_host)
        && !default_port
}
