//! Which Lightning network: [`Network`].

use core::fmt;

/// A Lightning network. An invoice is payable on exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Network {
    /// Real bitcoin (`lnbc…`).
    Bitcoin,
    /// Test coins (`lntb…`).
    Testnet,
    /// Signet coins (`lntbs…`).
    Signet,
    /// A private chain (`lnbcrt…`), which the dev node uses, too.
    Regtest,
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bitcoin => "bitcoin",
            Self::Testnet => "testnet",
            Self::Signet => "signet",
            Self::Regtest => "regtest",
        })
    }
}
