//! [`from_url`]: the wallet that one line of text names.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;

use url::Url;

use crate::env::{EnvError, NamedWallet, from_vars};
use crate::secret_file::{self, Forbidden, SecretFileError};

/// Connects to the wallet that a line such as `lnbits://lnbits.example.com?key_file=admin.key` names.
///
/// | text | parameters |
/// |---|---|
/// | `lnd://host:port` | `macaroon_file`, `tls_cert_file` |
/// | `cln:///path/to/lightning-rpc` | |
/// | `cln://host:port` | `rune`, `ca_file` |
/// | `phoenixd://host:port` (default `127.0.0.1:9740`) | `password` |
/// | `lnbits://host` | `key` |
/// | `alby://host` | `token` |
/// | `btcpay://host` | `store`, `key` |
/// | `blink:` or `blink://host/path` | `key` |
/// | `zbd:`, `strike:` | `key` |
/// | `alby-account:` | `token` |
/// | `nwc:` | `uri` |
/// | `dev://host:port`, for the node of `l402-dev` below `/node` there | |
/// | `env:` | none: as [`from_env`](crate::from_env) |
///
/// The secrets `key`, `token`, `password`, `rune` and `uri` are not in the text: `key_file=PATH` names a file that holds
/// one and nothing else, `key_env=NAME` an environment variable. Any of them may have `network=regtest`. Such a file is
/// refused if it is ours and others can read it (`chmod 600`); LND's macaroons may be its group's, as LND writes them.
///
/// A host is spoken to over `https`. For this machine and `.onion` hosts it is `http`, except with LND and Core Lightning,
/// whose nodes speak TLS there, too; `lnd+http://` and `lnbits+https://` say it where that is wrong. A path is kept:
/// `lnbits://127.0.0.1:3402/lnbits`.
///
/// `get` reads environment variables, such as `|name| std::env::var(name).ok()`.
///
/// ```no_run
/// # fn main() -> Result<(), l402_wallets::WalletUrlError> {
/// let text = "lnd://10.0.0.7:8080?macaroon_file=pay.macaroon&tls_cert_file=tls.cert";
/// let found = l402_wallets::from_url(text, |name| std::env::var(name).ok())?;
/// println!("paying with {}", found.name);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`WalletUrlError`], which holds no secret.
///
/// # Security
/// A secret in the text itself is refused: command lines are seen by every user of a machine, and stay in histories. The one
/// exception is a Nostr Wallet Connect URI as wallets hand it out (`nostr+walletconnect://...`), which is a secret as a
/// whole; take it from a variable or a file of the owner's.
pub fn from_url(text: &str, get: impl Fn(&str) -> Option<String>) -> Result<NamedWallet, WalletUrlError> {
    let text = text.trim();
    if is_nwc_uri(text) {
        return Ok(from_vars(|name| match name {
            "L402_WALLET" => Some("nwc".to_owned()),
            "NWC_URI" => Some(text.to_owned()),
            name => get(name).filter(|_| name == "L402_NETWORK"),
        })?);
    }
    let url = Url::parse(text).map_err(|_| WalletUrlError::NotAUrl)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(WalletUrlError::SecretInText { parameter: "password".into() });
    }
    let (scheme, transport) = match url.scheme().split_once('+') {
        Some((scheme, transport @ ("http" | "https"))) => (scheme, Some(transport)),
        _ => (url.scheme(), None),
    };
    if scheme == "env" {
        return Ok(from_vars(get)?);
    }
    if scheme == "dev" {
        return dev_node(&url);
    }
    let form = FORMS.iter().find(|form| form.scheme == scheme).ok_or(WalletUrlError::UnknownScheme)?;
    let vars = form.vars(&url, transport, &get)?;
    Ok(from_vars(|name| match vars.get(name) {
        Some(value) => Some(value.clone()),
        None => get(name).filter(|_| name == "L402_NETWORK"),
    })?)
}

#[cfg(feature = "dev")]
fn dev_node(url: &Url) -> Result<NamedWallet, WalletUrlError> {
    if url.query_pairs().any(|(name, value)| name != "network" || value != "regtest") {
        return Err(WalletUrlError::UnknownParameter { scheme: "dev", known: "network=regtest".to_owned() });
    }
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or(crate::dev::DevNodeUrlError(()))?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    let path = if matches!(url.path(), "" | "/") { "/node" } else { url.path() };
    let node = format!("http://{host}{port}{path}");
    Ok(NamedWallet { name: "dev", wallet: Box::new(crate::dev::DevNodeWallet::new(&node)?) })
}

#[cfg(not(feature = "dev"))]
fn dev_node(_: &Url) -> Result<NamedWallet, WalletUrlError> {
    Err(EnvError::NotBuilt { wallet: "dev", feature: "dev" }.into())
}

/// Whether the text is a Nostr Wallet Connect URI, which is a secret as a whole.
#[must_use]
pub fn is_nwc_uri(text: &str) -> bool {
    const SCHEMES: [&str; 2] = ["nostr+walletconnect:", "nostrwalletconnect:"];
    SCHEMES.iter().any(|scheme| text.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme)))
}

/// How the parts of a URL are called in the environment.
struct Form {
    scheme: &'static str,
    /// Of the address; `None` where there is one service only.
    url: Option<&'static str>,
    /// Whether it speaks TLS on this machine, too.
    is_always_tls: bool,
    /// Of what follows `scheme:///`.
    socket: Option<&'static str>,
    /// The secret's parameter and variable.
    secret: Option<(&'static str, &'static str)>,
    /// Other parameters and their variables.
    others: &'static [(&'static str, &'static str)],
}

const FORMS: &[Form] = &[
    Form {
        is_always_tls: true,
        others: &[("macaroon_file", "LND_MACAROON_FILE"), ("tls_cert_file", "LND_TLS_CERT_FILE")],
        ..Form::at("lnd", "LND_REST_URL")
    },
    Form {
        is_always_tls: true,
        socket: Some("CLN_SOCKET"),
        others: &[("ca_file", "CLN_CA_FILE")],
        ..Form::at("cln", "CLN_REST_URL").with("rune", "CLN_RUNE")
    },
    Form::at("phoenixd", "PHOENIXD_URL").with("password", "PHOENIXD_PASSWORD"),
    Form::at("lnbits", "LNBITS_URL").with("key", "LNBITS_ADMIN_KEY"),
    Form::at("alby", "ALBY_HUB_URL").with("token", "ALBY_HUB_TOKEN"),
    Form {
        others: &[("store", "BTCPAY_STORE_ID")],
        ..Form::at("btcpay", "BTCPAY_URL").with("key", "BTCPAY_API_KEY")
    },
    Form::at("blink", "BLINK_URL").with("key", "BLINK_API_KEY"),
    Form { url: None, ..Form::at("zbd", "").with("key", "ZBD_API_KEY") },
    Form { url: None, ..Form::at("strike", "").with("key", "STRIKE_API_KEY") },
    Form { url: None, ..Form::at("alby-account", "").with("token", "ALBY_ACCESS_TOKEN") },
    Form { url: None, ..Form::at("nwc", "").with("uri", "NWC_URI") },
];

impl Form {
    const fn at(scheme: &'static str, url: &'static str) -> Self {
        Self { scheme, url: Some(url), is_always_tls: false, socket: None, secret: None, others: &[] }
    }

    const fn with(self, parameter: &'static str, variable: &'static str) -> Self {
        Self { secret: Some((parameter, variable)), ..self }
    }

    fn vars(
        &self,
        url: &Url,
        transport: Option<&str>,
        get: &impl Fn(&str) -> Option<String>,
    ) -> Result<HashMap<&'static str, String>, WalletUrlError> {
        let mut vars = HashMap::from([("L402_WALLET", self.scheme.to_owned())]);
        match (url.host_str().filter(|host| !host.is_empty()), self.url, self.socket) {
            (Some(host), Some(variable), _) => {
                vars.insert(variable, self.address(url, host, transport));
            }
            (Some(_), None, _) => return Err(WalletUrlError::NoAddress { scheme: self.scheme }),
            (None, _, Some(variable)) if url.path().starts_with('/') => {
                vars.insert(variable, percent_decoded(url.path())?);
            }
            (None, ..) => {}
        }
        for (name, value) in url.query_pairs() {
            let (variable, value) = self.parameter(&name, &value, get)?;
            vars.insert(variable, value);
        }
        Ok(vars)
    }

    fn address(&self, url: &Url, host: &str, transport: Option<&str>) -> String {
        let is_near = matches!(host, "localhost" | "127.0.0.1" | "[::1]") || host.ends_with(".onion");
        let default = if is_near && !self.is_always_tls { "http" } else { "https" };
        let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!("{}://{host}{port}{}", transport.unwrap_or(default), url.path())
    }

    fn parameter(
        &self,
        name: &str,
        value: &str,
        get: &impl Fn(&str) -> Option<String>,
    ) -> Result<(&'static str, String), WalletUrlError> {
        if name == "network" {
            return Ok(("L402_NETWORK", value.to_owned()));
        }
        if let Some((_, variable)) = self.others.iter().find(|(parameter, _)| *parameter == name) {
            return Ok((variable, value.to_owned()));
        }
        let unknown = || WalletUrlError::UnknownParameter { scheme: self.scheme, known: self.known() };
        let (parameter, variable) = self.secret.ok_or_else(unknown)?;
        match name.strip_prefix(parameter) {
            Some("") => Err(WalletUrlError::SecretInText { parameter: parameter.into() }),
            Some("_file") => {
                let text = secret_in(value)?;
                Ok((variable, text.trim().to_owned()))
            }
            Some("_env") => {
                let found = get(value).filter(|found| !found.trim().is_empty());
                Ok((variable, found.ok_or_else(|| WalletUrlError::NotSet { variable: value.to_owned() })?))
            }
            _ => Err(unknown()),
        }
    }

    fn known(&self) -> String {
        let secret = self.secret.map(|(name, _)| format!("{name}_file, {name}_env"));
        let others = self.others.iter().map(|(name, _)| (*name).to_owned());
        secret.into_iter().chain(others).chain(["network".to_owned()]).collect::<Vec<_>>().join(", ")
    }
}

fn secret_in(path: &str) -> Result<String, WalletUrlError> {
    let failed = |source| WalletUrlError::File { path: path.to_owned(), source };
    let bytes = secret_file::read(path, Forbidden::GroupAndOthers).map_err(|error| match error {
        SecretFileError::Exposed => WalletUrlError::Exposed { path: path.to_owned() },
        SecretFileError::Io(error) => failed(error),
    })?;
    String::from_utf8(bytes).map_err(|_| failed(io::Error::new(io::ErrorKind::InvalidData, "it is not text")))
}

fn percent_decoded(path: &str) -> Result<String, WalletUrlError> {
    // The parser of queries is the decoder at hand; a plus is no space in a path.
    let escaped = path.replace('+', "%2B").replace('&', "%26").replace('=', "%3D");
    let decoded = url::form_urlencoded::parse(escaped.as_bytes()).next();
    decoded.map(|(path, _)| Cow::into_owned(path)).ok_or(WalletUrlError::NotAUrl)
}

/// Why a text names no wallet that works.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalletUrlError {
    /// It is not of the form `scheme://...`.
    #[error("a wallet is written like lnbits://lnbits.example.com?key_file=admin.key")]
    NotAUrl,
    /// The scheme is none of the wallets.
    #[error("no wallet has this scheme; known are {}", schemes())]
    UnknownScheme,
    /// The parameter is none of this wallet's.
    #[error("{scheme} takes the parameters {known}")]
    UnknownParameter {
        /// The wallet.
        scheme: &'static str,
        /// What it knows.
        known: String,
    },
    /// A host was given for a service that has one only.
    #[error("{scheme} has one address only; write {scheme}:?...")]
    NoAddress {
        /// The wallet.
        scheme: &'static str,
    },
    /// A secret that others could see.
    #[error(
        "a {parameter} in this text can be seen by others; put it into a file and write {parameter}_file=PATH, or \
        {parameter}_env=NAME for an environment variable"
    )]
    SecretInText {
        /// Which.
        parameter: String,
    },
    /// A file cannot be read.
    #[error("{path} cannot be read: {source}")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A file with a secret can be read by others.
    #[error("{path} holds a secret and others can read it; `chmod 600` it")]
    Exposed {
        /// The file.
        path: String,
    },
    /// A variable is not set.
    #[error("the environment variable {variable} is not set")]
    NotSet {
        /// The variable.
        variable: String,
    },
    /// What follows `dev://` is no address.
    #[cfg(feature = "dev")]
    #[error(transparent)]
    DevNode(#[from] crate::dev::DevNodeUrlError),
    /// The parts do not make a wallet.
    #[error(transparent)]
    Wallet(#[from] EnvError),
}

fn schemes() -> String {
    FORMS.iter().map(|form| form.scheme).chain(["dev", "env"]).collect::<Vec<_>>().join(", ")
}
