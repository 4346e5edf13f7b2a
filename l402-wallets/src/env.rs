//! [`from_env`]: the wallet that the environment names.

mod error;
mod sources;

use std::fmt;

use l402_core::Network;
use l402_core::ports::Wallet;

use crate::secret_file::{self, Forbidden, SecretFileError};
pub use error::EnvError;
use sources::{SOURCES, UNUSABLE};

/// A wallet, and which one it is.
#[non_exhaustive]
pub struct NamedWallet {
    /// The name of its backend, as in `L402_WALLET`. Worth showing: this is where the money comes from.
    pub name: &'static str,
    /// The wallet.
    pub wallet: Box<dyn Wallet>,
}

impl fmt::Debug for NamedWallet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NamedWallet({}, {})", self.name, self.wallet.network())
    }
}

/// Connects to the wallet that environment variables name.
///
/// `L402_WALLET` chooses one by its name. Without it, the first of this table is taken whose first variable is set:
///
/// | name | needs | may have |
/// |---|---|---|
/// | `lnd` | `LND_REST_URL`, `LND_MACAROON_FILE` or `LND_MACAROON_HEX` | `LND_TLS_CERT_FILE` |
/// | `cln` | `CLN_SOCKET`; or `CLN_REST_URL`, `CLN_RUNE` | `CLN_CA_FILE` |
/// | `phoenixd` | `PHOENIXD_PASSWORD` | `PHOENIXD_URL` (`http://127.0.0.1:9740`) |
/// | `lnbits` | `LNBITS_URL`, `LNBITS_ADMIN_KEY` | |
/// | `alby` | `ALBY_HUB_URL`, `ALBY_HUB_TOKEN` | |
/// | `btcpay` | `BTCPAY_URL`, `BTCPAY_STORE_ID`, `BTCPAY_API_KEY` | |
/// | `nwc` | `NWC_URI` | |
/// | `blink` | `BLINK_API_KEY` | `BLINK_URL` |
/// | `zbd` | `ZBD_API_KEY` | |
/// | `strike` | `STRIKE_API_KEY` | |
/// | `alby-account` | `ALBY_ACCESS_TOKEN` | |
///
/// `L402_NETWORK` is `bitcoin` (the default), `testnet`, `signet` or `regtest`. Files hold what their variable is named
/// for; one with a secret is refused if it is ours and everybody can read it. One's own nodes come before services that hold the money.
///
/// ```no_run
/// # fn main() -> Result<(), l402_wallets::EnvError> {
/// let found = l402_wallets::from_env()?;
/// println!("paying with {}", found.name);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`EnvError`] says which variable is missing or wrong. It never holds the value of one.
pub fn from_env() -> Result<NamedWallet, EnvError> {
    from_vars(|name| std::env::var(name).ok())
}

/// As [`from_env`], with variables from elsewhere, such as a configuration file.
///
/// # Errors
/// As for [`from_env`].
pub fn from_vars(get: impl Fn(&str) -> Option<String>) -> Result<NamedWallet, EnvError> {
    let get = |name: &str| get(name).filter(|value| !value.trim().is_empty());
    let vars = Vars { get: &get };
    let source = match vars.get("L402_WALLET") {
        Some(name) => {
            if let Some(it) = UNUSABLE.iter().find(|it| it.name == name.trim()) {
                return Err(EnvError::Unusable { wallet: it.name, why: it.why });
            }
            let found = SOURCES.iter().find(|source| source.name == name.trim());
            found.ok_or(EnvError::UnknownWallet)?
        }
        None => {
            let found = SOURCES.iter().find(|source| source.triggers.iter().any(|it| vars.has(it)));
            found.ok_or_else(|| EnvError::nothing(&vars))?
        }
    };
    let wallet = (source.connect)(source.name, &vars)?;
    Ok(NamedWallet { name: source.name, wallet })
}

/// The environment, or what stands for it.
struct Vars<'a> {
    get: &'a dyn Fn(&str) -> Option<String>,
}

impl Vars<'_> {
    fn get(&self, name: &str) -> Option<String> {
        (self.get)(name)
    }

    fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    #[allow(dead_code, reason = "not without backends")]
    fn need(&self, wallet: &'static str, name: &'static str) -> Result<String, EnvError> {
        self.get(name).ok_or(EnvError::Missing { wallet, variable: name })
    }

    #[allow(dead_code, reason = "not without backends")]
    fn network(&self) -> Result<Network, EnvError> {
        match self.get("L402_NETWORK").as_deref().map(str::trim) {
            None | Some("bitcoin") => Ok(Network::Bitcoin),
            Some("testnet") => Ok(Network::Testnet),
            Some("signet") => Ok(Network::Signet),
            Some("regtest") => Ok(Network::Regtest),
            Some(_) => Err(EnvError::UnknownNetwork),
        }
    }

    #[allow(dead_code, reason = "not without backends")]
    fn file(&self, name: &'static str) -> Result<Option<Vec<u8>>, EnvError> {
        let Some(path) = self.get(name) else { return Ok(None) };
        std::fs::read(path).map(Some).map_err(|source| EnvError::File { variable: name, source })
    }

    #[allow(dead_code, reason = "not without backends")]
    fn secret_file(&self, name: &'static str, forbidden: Forbidden) -> Result<Option<Vec<u8>>, EnvError> {
        let Some(path) = self.get(name) else { return Ok(None) };
        secret_file::read(&path, forbidden).map(Some).map_err(|error| match error {
            SecretFileError::Exposed => EnvError::Exposed { variable: name },
            SecretFileError::Io(source) => EnvError::File { variable: name, source },
        })
    }
}
