//! [`from_url`]: the wallet that one line of text names.

mod error;
mod form;

use url::Url;

use crate::env::{NamedWallet, from_vars};
pub use error::WalletUrlError;
use form::FORMS;

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
    Err(crate::env::EnvError::NotBuilt { wallet: "dev", feature: "dev" }.into())
}

/// Whether the text is a Nostr Wallet Connect URI, which is a secret as a whole.
#[must_use]
pub fn is_nwc_uri(text: &str) -> bool {
    const SCHEMES: [&str; 2] = ["nostr+walletconnect:", "nostrwalletconnect:"];
    SCHEMES.iter().any(|scheme| text.get(..scheme.len()).is_some_and(|it| it.eq_ignore_ascii_case(scheme)))
}
