//! Which wallet: from the command line, the environment or the configuration.

mod nothing;

use std::env;

use l402_wallets::{EnvError, NamedWallet, from_env, from_url, is_nwc_uri};

use super::failure::{Failure, with_causes};
pub(crate) use nothing::Nothing;

pub(crate) const HOW_TO_SET: &str = "set L402_WALLET or `wallet` in the configuration, such as \
    lnd://10.0.0.7:8080?macaroon_file=pay.macaroon or dev://127.0.0.1:3402";

/// Where the wallet is said.
///
/// # Security
/// May hold a secret; `Debug` leaves it out.
pub(crate) enum Source {
    /// A line of text, and where it was found.
    Line { text: String, place: &'static str },
    /// The variables of [`from_env`].
    Variables,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Line { place, .. } => f.write_str(place),
            Self::Variables => f.write_str("variables"),
        }
    }
}

const FILE: &str = "`wallet` in the configuration";

impl Source {
    /// The command line comes first, then the environment, then the configuration.
    ///
    /// # Security
    /// Command lines are seen by every user of a machine, so one that is a secret is refused.
    pub(crate) fn find(argument: Option<&str>, in_file: Option<&str>) -> Result<Self, Failure> {
        if let Some(text) = argument {
            if is_nwc_uri(text) {
                return Err(Failure::usage(
                    "this URI is a secret, and command lines are seen by others; put it into a file that only you \
                     can read and write --wallet nwc:?uri_file=PATH, or set L402_WALLET",
                ));
            }
            return Ok(Self::Line { text: text.to_owned(), place: "--wallet" });
        }
        // `L402_WALLET` may also be the bare name of a wallet whose address and key are in variables of their own.
        match env::var("L402_WALLET").ok().filter(|text| text.contains(':')) {
            Some(text) => Ok(Self::Line { text, place: "L402_WALLET" }),
            None if has_variables() => Ok(Self::Variables),
            None => {
                Ok(in_file.map_or(Self::Variables, |text| Self::Line { text: text.to_owned(), place: FILE }))
            }
        }
    }

    pub(crate) fn is_secret_in_file(&self) -> bool {
        matches!(self, Self::Line { text, place } if *place == FILE && is_nwc_uri(text))
    }
}

fn has_variables() -> bool {
    !matches!(from_env(), Err(EnvError::Nothing { .. }))
}

/// The wallet; `None` when there is none at all.
pub(crate) fn connect(source: &Source, network: Option<&str>) -> Result<Option<NamedWallet>, Failure> {
    let get = |name: &str| match name {
        "L402_NETWORK" => network.map(str::to_owned),
        "L402_WALLET" => env::var(name).ok().filter(|text| !text.contains(':')),
        name => env::var(name).ok(),
    };
    match source {
        Source::Line { text, place } => {
            let found = from_url(text, get);
            found.map(Some).map_err(|error| Failure::usage(format!("{place}: {}", with_causes(&error))))
        }
        Source::Variables => match l402_wallets::from_vars(get) {
            Ok(found) => Ok(Some(found)),
            Err(EnvError::Nothing { .. }) => Ok(None),
            Err(error) => Err(Failure::usage(with_causes(&error))),
        },
    }
}
