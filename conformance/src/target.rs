//! [`Target`]: the server under test.

use std::time::Duration;

use url::Url;

use crate::hook::Hook;
use crate::http::Trust;

/// A server under test: a URL that answers 402, and 2xx to a `GET` that is paid for.
///
/// The more of it is told, the more is tested; what is not told is skipped, and what the server does not have is said
/// with [`Settings::without`](crate::Settings::without).
#[derive(Clone, Debug)]
pub struct Target {
    pub(crate) endpoint: Endpoint,
    pub(crate) other: Option<Endpoint>,
    pub(crate) failing: Option<Endpoint>,
    pub(crate) expiring: Option<(Endpoint, Expiry)>,
    pub(crate) restart: Option<Hook>,
    pub(crate) other_method: Option<String>,
    pub(crate) trust: Trust,
    pub(crate) timeout: Duration,
    pub(crate) max_header_bytes: usize,
    pub(crate) parallel: usize,
}

/// When the tokens of a URL expire.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Expiry {
    /// So long after they were sold.
    After(Duration),
    /// Once the operator makes it happen, say by moving the server's clock.
    Hook(Hook),
}

impl Target {
    /// Tests `url`, such as `http://127.0.0.1:8402/report`.
    ///
    /// # Errors
    /// [`TargetError`] when it is not a URL that can be tested.
    pub fn new(url: &str) -> Result<Self, TargetError> {
        Ok(Self {
            endpoint: Endpoint::parse(url)?,
            other: None,
            failing: None,
            expiring: None,
            restart: None,
            other_method: None,
            trust: Trust::default(),
            timeout: Duration::from_secs(10),
            max_header_bytes: 160 * 1024,
            parallel: 16,
        })
    }

    /// Also tests that a token for the first URL does not open this one, on the same server. Default: not tested,
    /// since a server may sell several URLs with one token.
    ///
    /// # Errors
    /// [`TargetError`] when it is not a URL that can be tested.
    pub fn with_other_url(mut self, url: &str) -> Result<Self, TargetError> {
        self.other = Some(Endpoint::parse(url)?);
        Ok(self)
    }

    /// Also tests that a token for `GET` does not open the URL with this method, such as `POST`. Default: not tested,
    /// since it may change something, and a server may sell all methods with one token.
    ///
    /// # Errors
    /// [`TargetError::Method`] when it is no name of a method.
    pub fn with_other_method(mut self, method: &str) -> Result<Self, TargetError> {
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Err(TargetError::Method(method.to_owned()));
        }
        self.other_method = Some(method.to_owned());
        Ok(self)
    }

    /// Also tests that nobody pays for an answer that fails: this URL sells, and its handler answers 5xx, always or
    /// the first time. Default: not tested.
    ///
    /// # Errors
    /// [`TargetError`] when it is not a URL that can be tested.
    pub fn with_failing_url(mut self, url: &str) -> Result<Self, TargetError> {
        self.failing = Some(Endpoint::parse(url)?);
        Ok(self)
    }

    /// Also tests that tokens expire: those of this URL, which may be the first one. Default: not tested.
    ///
    /// # Errors
    /// [`TargetError`] when it is not a URL that can be tested.
    pub fn with_expiring_url(mut self, url: &str, expiry: Expiry) -> Result<Self, TargetError> {
        self.expiring = Some((Endpoint::parse(url)?, expiry));
        Ok(self)
    }

    /// Also tests that tokens outlive a restart. Default: not tested.
    #[must_use]
    pub fn with_restart(mut self, restart: Hook) -> Self {
        self.restart = Some(restart);
        self
    }

    /// Whose certificates are accepted over `https://`. Default: those of the authorities that Mozilla trusts.
    #[must_use]
    pub fn with_trust(mut self, trust: Trust) -> Self {
        self.trust = trust;
        self
    }

    /// How long one answer may take. Default: 10 seconds, since a server may wait for its Lightning node.
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The longest header value, in bytes, that is sent to see whether the server survives it. Default: 160 KiB.
    #[must_use]
    pub const fn with_max_header_bytes(mut self, bytes: usize) -> Self {
        self.max_header_bytes = bytes;
        self
    }

    /// How many requests are sent at once where requests are sent at once; at least 2. Default: 16.
    #[must_use]
    pub const fn with_parallel(mut self, requests: usize) -> Self {
        self.parallel = if requests < 2 { 2 } else { requests };
        self
    }

    /// The URL under test.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.endpoint.url
    }
}

/// Why a URL cannot be tested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetError {
    /// Not a URL.
    #[error("{0:?} is not a URL such as http://127.0.0.1:8402/report")]
    NotAUrl(String),
    /// Another scheme.
    #[error("{0}: URLs cannot be tested, only http: and https: ones")]
    Scheme(String),
    /// Not the name of a method.
    #[error("{0:?} is not a method such as POST")]
    Method(String),
    /// A user name or password, which would become an `Authorization` header of its own.
    #[error("the URL has a user name or a password: leave it out")]
    UserInfo,
}

/// Where to connect, and what to ask for there.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    pub(crate) url: String,
    /// The value of the `Host` header.
    pub(crate) authority: String,
    /// For the resolver: an IPv6 address without its brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) path_and_query: String,
    pub(crate) is_tls: bool,
}

impl Endpoint {
    pub(crate) fn parse(text: &str) -> Result<Self, TargetError> {
        let mut url = Url::parse(text).map_err(|_| TargetError::NotAUrl(text.to_owned()))?;
        let is_tls = match url.scheme() {
            "http" => false,
            "https" => true,
            other => return Err(TargetError::Scheme(other.to_owned())),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(TargetError::UserInfo);
        }
        url.set_fragment(None);
        let authority = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let path_and_query = url[url::Position::BeforePath..].to_owned();
        let port = url.port_or_known_default().unwrap_or(80);
        Ok(Self { url: url.into(), authority, host, port, path_and_query, is_tls })
    }

    /// What `openssl s_client` connects to.
    pub(crate) fn authority_with_port(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        format!("{host}:{}", self.port)
    }

    /// The URL with one more path segment.
    pub(crate) fn join(&self, segment: &str) -> Result<Self, TargetError> {
        let (base, query) = self.url.split_once('?').map_or((self.url.as_str(), None), |(b, q)| (b, Some(q)));
        let mut url = format!("{}/{segment}", base.trim_end_matches('/'));
        if let Some(query) = query {
            url = format!("{url}?{query}");
        }
        Self::parse(&url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let endpoint = Endpoint::parse("http://[::1]:8402/a%20b?q=1#frag").unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port), ("::1", 8402));
        assert_eq!(endpoint.authority, "[::1]:8402");
        assert_eq!(endpoint.path_and_query, "/a%20b?q=1");
        assert_eq!(Endpoint::parse("http://example.com").unwrap().path_and_query, "/");
    }

    #[test]
    fn what_cannot_be_tested_is_refused_with_a_reason() {
        let refused = |url: &str| Target::new(url).unwrap_err().to_string();
        assert!(refused("ftp://example.com/").contains("only http: and https:"));
        assert!(refused("example.com/").contains("is not a URL"));
        assert!(refused("http://me:secret@example.com/").contains("leave it out"));
    }

    #[test]
    fn a_segment_is_added_before_the_query() {
        let join = |url: &str| Endpoint::parse(url).unwrap().join("pay").unwrap().path_and_query;
        assert_eq!(join("http://a/node"), "/node/pay");
        assert_eq!(join("http://a/node/"), "/node/pay");
        assert_eq!(join("http://a"), "/pay");
        assert_eq!(join("http://a/node?k=1"), "/node/pay?k=1");
    }
}
