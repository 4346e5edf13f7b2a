//! [`EnvError`]: what to set.

use super::Vars;
use super::sources::{SOURCES, UNUSABLE};

/// Why the environment names no wallet that works.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnvError {
    /// No variable of any wallet is set.
    #[error("no wallet in the environment; set {looked_for}{remark}")]
    Nothing {
        /// The variables that were looked for.
        looked_for: String,
        /// Variables that are set, and whose service cannot be used.
        remark: String,
    },
    /// `L402_WALLET` is none of the names.
    #[error("L402_WALLET must be one of {}", names())]
    UnknownWallet,
    /// `L402_WALLET` is a service that nothing can be bought with.
    #[error("L402_WALLET cannot be {wallet}: {why}")]
    Unusable {
        /// The wallet that was chosen.
        wallet: &'static str,
        /// Why it cannot be used.
        why: &'static str,
    },
    /// `L402_NETWORK` is none of the networks.
    #[error("L402_NETWORK must be bitcoin, testnet, signet or regtest")]
    UnknownNetwork,
    /// One of several variables is not set.
    #[error("the wallet {wallet} needs {variable}, too")]
    Missing {
        /// The wallet that was chosen.
        wallet: &'static str,
        /// What it needs.
        variable: &'static str,
    },
    /// The wallet is not part of this program.
    #[error(
        "this program was built without the wallet {wallet}; l402-wallets has the feature `{feature}` for it"
    )]
    NotBuilt {
        /// The wallet that was chosen.
        wallet: &'static str,
        /// The feature that it is part of.
        feature: &'static str,
    },
    /// A file cannot be read.
    #[error("the file that {variable} names cannot be read")]
    File {
        /// The variable that names it.
        variable: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A file with a secret can be read by others.
    #[error("the file that {variable} names holds a secret and others can read it; `chmod 600` it")]
    Exposed {
        /// The variable that names it.
        variable: &'static str,
    },
    /// A variable has a value that cannot work.
    #[cfg(feature = "_http")]
    #[error("the wallet {wallet} cannot be set up")]
    Config {
        /// The wallet that was chosen.
        wallet: &'static str,
        /// What is wrong.
        #[source]
        source: crate::ConfigError,
    },
}

impl EnvError {
    pub(super) fn nothing(vars: &Vars<'_>) -> Self {
        let triggers: Vec<_> = SOURCES.iter().flat_map(|source| source.triggers).copied().collect();
        let unusable = UNUSABLE.iter().filter(|it| vars.has(it.trigger));
        let remark = unusable.map(|it| format!(" ({} is set, but {})", it.trigger, it.why)).collect();
        Self::Nothing { looked_for: format!("one of {}", triggers.join(", ")), remark }
    }
}

fn names() -> String {
    SOURCES.iter().map(|source| source.name).collect::<Vec<_>>().join(", ")
}
