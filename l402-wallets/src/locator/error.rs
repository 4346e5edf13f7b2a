//! [`WalletUrlError`]: how to write it.

use std::io;

use super::form::FORMS;
use crate::env::EnvError;

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
