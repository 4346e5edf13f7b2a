//! [`Endpoint`]: where a backend is, and how to reach it.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use reqwest::Client;
use reqwest::redirect::Policy;
use url::{Host, Url};

use super::ConfigError;
use super::tls::Trust;

const USER_AGENT: &str = concat!("l402/", env!("CARGO_PKG_VERSION"));

/// Where a backend is, and how to reach it.
///
/// ```
/// use l402_providers::Endpoint;
/// use std::time::Duration;
///
/// let endpoint = Endpoint::new("https://node.example.com:8080")?.timeout(Duration::from_secs(10));
/// assert!(Endpoint::new("http://127.0.0.1:9740").is_ok());
/// assert!(Endpoint::new("http://node.example.com").is_err()); // the key would travel in the clear
/// # Ok::<(), l402_providers::ConfigError>(())
/// ```
///
/// # Security
/// TLS certificates are always verified: by the operating system's authorities, or by the one certificate given
/// with [`Endpoint::root_certificate`] or [`Endpoint::pinned_certificate`]. Redirects are never followed. A proxy
/// named by the environment (`HTTPS_PROXY`, `ALL_PROXY`) is used, except to this machine.
#[derive(Clone)]
pub struct Endpoint {
    pub(super) base: Url,
    pub(super) trust: Trust,
    pub(super) connect_timeout: Duration,
    pub(super) timeout: Duration,
    pub(super) pause: Duration,
    /// Connects to addresses of the public internet alone.
    #[cfg(feature = "lnurl")]
    pub(crate) public_only: bool,
}

impl Endpoint {
    /// The backend at `url`, which may have a path.
    ///
    /// # Errors
    /// [`ConfigError::NotHttps`] unless it is `https`, this machine or an `.onion` host; [`ConfigError::UrlParts`]
    /// for a URL with a user name, password, query or fragment; [`ConfigError::Url`] for what is no URL.
    pub fn new(url: &str) -> Result<Self, ConfigError> {
        let base = Url::parse(url.trim()).map_err(|_| ConfigError::Url)?;
        check(&base)?;
        Ok(Self {
            base,
            trust: Trust::System,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(15),
            pause: Duration::from_millis(500),
            #[cfg(feature = "lnurl")]
            public_only: false,
        })
    }

    /// Trusts certificates that this authority signed, and no others. PEM or DER.
    ///
    /// # Errors
    /// [`ConfigError::Certificate`] when it is neither.
    pub fn root_certificate(mut self, certificate: &[u8]) -> Result<Self, ConfigError> {
        self.trust = Trust::authority(certificate)?;
        Ok(self)
    }

    /// Trusts exactly this certificate, whatever name or expiry stands in it, and no others. PEM or DER.
    ///
    /// This is for nodes that sign their own, such as LND's `tls.cert`.
    ///
    /// # Errors
    /// [`ConfigError::Certificate`] when it is neither.
    pub fn pinned_certificate(mut self, certificate: &[u8]) -> Result<Self, ConfigError> {
        self.trust = Trust::pinned(certificate)?;
        Ok(self)
    }

    /// How long connecting may take. Default: 5 seconds.
    #[must_use]
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// How long a call may take altogether, repeats included. Default: 15 seconds.
    ///
    /// Payments have a deadline of their own, in the request.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// The pause before a read is repeated, or a payment under way is looked at again. Doubled each time, and made
    /// irregular. Default: half a second.
    #[must_use]
    pub const fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Its timeout and its pause.
    #[cfg(feature = "nwc")]
    pub(crate) const fn times(&self) -> (Duration, Duration) {
        (self.timeout, self.pause)
    }

    pub(super) fn client(&self) -> Result<Client, ConfigError> {
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .redirect(Policy::none())
            .referer(false)
            .connect_timeout(self.connect_timeout);
        if is_this_machine(&self.base) {
            builder = builder.no_proxy();
        }
        #[cfg(feature = "lnurl")]
        if self.public_only {
            builder = super::guard::apply(builder);
        }
        let builder = self.trust.apply(builder)?;
        builder.build().map_err(|error| ConfigError::Client(error.without_url().into()))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.base.origin().ascii_serialization();
        f.debug_struct("Endpoint")
            .field("origin", &origin)
            .field("trust", &self.trust)
            .finish_non_exhaustive()
    }
}

/// Whether requests with a key may go there.
fn check(url: &Url) -> Result<(), ConfigError> {
    if url.host().is_none() {
        return Err(ConfigError::Url);
    }
    if !url.username().is_empty()
        || url.password().is_some()
        || url.query().is_some()
        || url.fragment().is_some()
    {
        return Err(ConfigError::UrlParts);
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_this_machine(url) || is_onion(url) => Ok(()),
        _ => Err(ConfigError::NotHttps),
    }
}

pub(super) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

fn is_onion(url: &Url) -> bool {
    url.host_str().is_some_and(|host| host.ends_with(".onion"))
}
