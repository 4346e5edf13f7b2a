//! What all HTTP backends share: one way to send a request, and one way to distrust the answer.
//!
//! [`Endpoint`] is what a user configures. The rest is for the backends of this crate and of `l402-wallets`, which
//! calls the same services; it may change in any version.
//!
//! The rules, for every backend alike:
//! - https, except to this machine and to `.onion` hosts; certificates are always verified; no redirects;
//! - a deadline for connecting and one for the whole call; answers above [`MAX_BODY`] bytes are not read;
//! - reads are tried up to three times, anything else once;
//! - keys are sent in headers marked sensitive, and neither they nor anything that looks like a key or preimage
//!   reaches an error, a log or `Debug`.

mod answer;
mod body;
mod call;
mod endpoint;
mod error;
pub mod fields;
#[cfg(feature = "lnurl")]
pub(crate) mod guard;
mod redact;
pub(crate) mod retry;
mod secret;
mod tls;
#[cfg(feature = "nwc")]
mod websocket;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, Method};
use url::Url;

pub use answer::Answer;
pub use call::Call;
pub use endpoint::Endpoint;
pub use error::{CallError, ConfigError};
pub use secret::Secret;

#[cfg(any(feature = "cln", feature = "nwc"))]
pub(crate) use redact::Redactor;
#[cfg(feature = "nwc")]
pub(crate) use websocket::{WebSocket, WebSocketHost};

#[cfg(not(any(feature = "cln", feature = "nwc")))]
use redact::Redactor;

/// The largest answer that is read, in bytes, unless a backend's answers are known to be larger.
pub const MAX_BODY: usize = 256 * 1024;

/// A connection pool to one backend, with its credential. Clones share it.
#[derive(Clone)]
pub struct Http {
    shared: Arc<Shared>,
}

struct Shared {
    backend: &'static str,
    client: Client,
    base: Url,
    credential: Option<(HeaderName, HeaderValue)>,
    redactor: Redactor,
    timeout: Duration,
    pause: Duration,
    max_body: usize,
}

impl Http {
    /// Connects (lazily) to `endpoint`. Requests carry `credential`: the name of a header, and its value.
    ///
    /// # Errors
    /// [`ConfigError`] when the credential cannot stand in a header, or TLS cannot be set up.
    pub fn new(
        backend: &'static str,
        endpoint: Endpoint,
        credential: Option<(&'static str, Secret)>,
    ) -> Result<Self, ConfigError> {
        let mut redactor = Redactor::default();
        let credential = match credential {
            None => None,
            Some((name, secret)) => {
                redactor.hide(secret.expose());
                Some((HeaderName::from_static(name), secret.to_header()?))
            }
        };
        let client = endpoint.client()?;
        let Endpoint { base, timeout, pause, .. } = endpoint;
        let shared =
            Shared { backend, client, base, credential, redactor, timeout, pause, max_body: MAX_BODY };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Allows larger answers than [`MAX_BODY`].
    #[must_use]
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.max_body = bytes;
        }
        self
    }

    /// Keeps `secret`, a part of the credential, out of all texts, too.
    #[must_use]
    pub fn hiding(mut self, secret: &Secret) -> Self {
        if let Some(shared) = Arc::get_mut(&mut self.shared) {
            shared.redactor.hide(secret.expose());
        }
        self
    }

    /// A `GET` of the base URL with these path segments added. They are escaped.
    pub fn get(&self, segments: &[&str]) -> Call {
        self.call(Method::GET, segments)
    }

    /// A `POST` to the base URL with these path segments added.
    pub fn post(&self, segments: &[&str]) -> Call {
        self.call(Method::POST, segments)
    }

    /// A `PATCH` of the base URL with these path segments added.
    pub fn patch(&self, segments: &[&str]) -> Call {
        self.call(Method::PATCH, segments)
    }

    fn call(&self, method: Method, segments: &[&str]) -> Call {
        Call::new(self.clone(), method, self.url(segments))
    }

    /// A `GET` of another URL, with the same limits and the same credential.
    pub fn get_url(&self, url: Url) -> Call {
        Call::new(self.clone(), Method::GET, url)
    }

    /// The backend's short name.
    #[must_use]
    pub fn backend(&self) -> &'static str {
        self.shared.backend
    }

    /// The pause before a second look at something.
    #[must_use]
    pub fn pause(&self) -> Duration {
        self.shared.pause
    }

    fn url(&self, segments: &[&str]) -> Url {
        let mut url = self.shared.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        url
    }
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.shared.base.origin().ascii_serialization();
        f.debug_struct("Http")
            .field("backend", &self.shared.backend)
            .field("origin", &origin)
            .finish_non_exhaustive()
    }
}
