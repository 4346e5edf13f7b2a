//! [`NwcUri`]: what a wallet gives out for a connection.

use std::fmt;
use std::time::Duration;

use nostr::{Keys, PublicKey, SecretKey};
use url::form_urlencoded;

use crate::http::{ConfigError, Endpoint};

/// Longer texts are refused unread. Real ones have under 400 bytes.
const MAX_LEN: usize = 4096;
const MAX_RELAYS: usize = 8;
const SCHEMES: [&str; 2] = ["nostr+walletconnect:", "nostrwalletconnect:"];

/// A wallet's `nostr+walletconnect://` URI: whose wallet, over which relays, and with which secret.
///
/// It redacts itself: whoever knows it can do everything that the connection allows.
///
/// ```
/// use l402_providers::nwc::NwcUri;
///
/// let uri = NwcUri::parse(
///     "nostr+walletconnect://b889ff5b1513b641e2a139f661a661364979c5beee91842f8f0ef42ab558e9d4\
///      ?relay=wss%3A%2F%2Frelay.example.com&secret=71a8c14c1407c113601079c4302dab36460f0ccd0ad506f1f2dc73b5100e4f3c",
/// )?;
/// assert!(!format!("{uri:?}").contains("71a8c14c"));
/// # Ok::<(), l402_providers::ConfigError>(())
/// ```
#[derive(Clone)]
pub struct NwcUri {
    pub(super) wallet: PublicKey,
    pub(super) relays: Vec<Endpoint>,
    pub(super) keys: Keys,
}

impl NwcUri {
    /// Reads a URI. Relays must be `wss`, except on this machine and on `.onion` hosts.
    ///
    /// # Errors
    /// [`ConfigError`] says which part is missing or wrong, and never shows it.
    pub fn parse(uri: &str) -> Result<Self, ConfigError> {
        let uri = uri.trim();
        if uri.len() > MAX_LEN {
            return Err(ConfigError::Invalid("the connection's URI is too long"));
        }
        let rest = SCHEMES.iter().find_map(|scheme| {
            let (start, rest) = uri.split_at_checked(scheme.len())?;
            start.eq_ignore_ascii_case(scheme).then(|| rest.strip_prefix("//").unwrap_or(rest))
        });
        let rest = rest.ok_or(ConfigError::Invalid(
            "this is not a connection's URI; it begins with nostr+walletconnect://",
        ))?;
        let (wallet, query) = rest.split_once('?').unwrap_or((rest, ""));
        let wallet = PublicKey::from_hex(wallet.trim_end_matches('/')).map_err(|_| {
            ConfigError::Invalid("the connection's URI does not name a wallet's public key (64 hex digits)")
        })?;
        let (mut relays, mut secret) = (Vec::new(), None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "relay" => relays.push(relay(&value)?),
                "secret" if secret.is_some() => {
                    return Err(ConfigError::Invalid("the connection's URI has two secrets"));
                }
                "secret" => secret = Some(self::secret(&value)?),
                _ => {}
            }
        }
        if relays.is_empty() || relays.len() > MAX_RELAYS {
            return Err(ConfigError::Invalid("the connection's URI must name one to eight relays"));
        }
        let secret = secret.ok_or(ConfigError::Invalid("the connection's URI has no secret"))?;
        Ok(Self { wallet, relays, keys: Keys::new(secret) })
    }

    /// How long the wallet may take to answer, payments excepted: they have a deadline of their own. It includes
    /// connecting to the relay. Default: 15 seconds.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        self.for_relays(|relay| relay.timeout(timeout))
    }

    /// The pause before a read is repeated, or a payment under way is looked at again. Default: half a second.
    #[must_use]
    pub fn pause(self, pause: Duration) -> Self {
        self.for_relays(|relay| relay.pause(pause))
    }

    /// Trusts relays with certificates that this authority signed, and no others. PEM or DER.
    ///
    /// # Errors
    /// [`ConfigError::Certificate`] when it is neither.
    pub fn root_certificate(mut self, certificate: &[u8]) -> Result<Self, ConfigError> {
        let relays = self.relays.into_iter().map(|relay| relay.root_certificate(certificate));
        self.relays = relays.collect::<Result<_, _>>()?;
        Ok(self)
    }

    fn for_relays(mut self, change: impl Fn(Endpoint) -> Endpoint) -> Self {
        self.relays = self.relays.into_iter().map(change).collect();
        self
    }
}

impl fmt::Debug for NwcUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NwcUri").field("relays", &self.relays).finish_non_exhaustive()
    }
}

/// WebSockets begin as HTTP, where the same rules hold: nothing in the clear but to this machine.
fn relay(url: &str) -> Result<Endpoint, ConfigError> {
    let wrong =
        |_| ConfigError::Invalid("a relay must be a wss:// URL (ws:// on this machine or an .onion host)");
    let http = match url.trim().split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("wss") => format!("https://{rest}"),
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("ws") => format!("http://{rest}"),
        _ => return Err(wrong(ConfigError::Url)),
    };
    Endpoint::new(&http).map_err(wrong)
}

fn secret(hex: &str) -> Result<SecretKey, ConfigError> {
    let wrong = ConfigError::Invalid("the secret in the connection's URI is no key (64 hex digits)");
    SecretKey::from_hex(hex).map_err(|_| wrong)
}
