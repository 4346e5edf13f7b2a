//! [`Options`]: what the client can do, and what it pays with.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::case::Need;
use crate::words::UnknownWord;

/// What a client can do besides fetching a URL and paying for it. What is not declared is not asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Ability {
    /// It prints the body of the answer on its standard output; more may be around it.
    Stdout,
    /// It sends `{method}` with the content of `{body-file}`.
    Body,
    /// It spends no more than `{max-cost-sats}`.
    Limit,
    /// It keeps tokens in `{dir}` and uses them again in its next run.
    Cache,
    /// It follows redirects.
    Redirects,
}

impl Ability {
    /// Every ability.
    pub const ALL: [Self; 5] = [Self::Stdout, Self::Body, Self::Limit, Self::Cache, Self::Redirects];

    /// The word on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Body => "body",
            Self::Limit => "limit",
            Self::Cache => "cache",
            Self::Redirects => "redirects",
        }
    }

    /// The placeholders that it is about, of which a command without them cannot make use.
    #[must_use]
    pub const fn placeholders(self) -> &'static [&'static str] {
        match self {
            Self::Body => &["{method}", "{body-file}"],
            Self::Limit => &["{max-cost-sats}"],
            Self::Cache => &["{dir}"],
            Self::Stdout | Self::Redirects => &[],
        }
    }

    pub(crate) const fn need(self) -> Need {
        match self {
            Self::Stdout => STDOUT,
            Self::Body => BODY,
            Self::Limit => LIMIT,
            Self::Cache => CACHE,
            Self::Redirects => REDIRECTS,
        }
    }
}

pub(crate) const STDOUT: Need = Need::new("stdout", "a client that prints the answer's body (--can stdout)");
pub(crate) const BODY: Need = Need::new("body", "a client that sends {method} and {body-file} (--can body)");
pub(crate) const LIMIT: Need = Need::new("limit", "a client that keeps within {max-cost-sats} (--can limit)");
pub(crate) const CACHE: Need = Need::new("cache", "a client that keeps its tokens in {dir} (--can cache)");
pub(crate) const REDIRECTS: Need =
    Need::new("redirects", "a client that follows redirects (--can redirects)");

/// Shops that speak https.
pub(crate) const HTTPS: Need = Need::new("https", "shops that speak https (--https)");

/// The machine's own address, for what must not go over plain HTTP.
pub(crate) const NETWORK: Need = Need::new("network", "an address of this machine that is not loopback");

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Ability {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|ability| ability.name() == text);
        let known = "stdout, body, limit, cache, redirects";
        found.ok_or_else(|| UnknownWord { found: text.to_owned(), known })
    }
}

/// The interface of a wallet that the client gets, through [environment variables](super#wallets).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WalletKind {
    /// The control of the development node: an invoice is posted, a preimage answered.
    Dev,
    /// LND over REST.
    Lnd,
    /// LNbits.
    Lnbits,
    /// phoenixd.
    Phoenixd,
    /// Blink.
    Blink,
    /// Nostr Wallet Connect, with a relay of its own.
    Nwc,
}

impl WalletKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Dev, Self::Lnd, Self::Lnbits, Self::Phoenixd, Self::Blink, Self::Nwc];

    /// The word on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Dev => "dev",
            Self::Lnd => "lnd",
            Self::Lnbits => "lnbits",
            Self::Phoenixd => "phoenixd",
            Self::Blink => "blink",
            Self::Nwc => "nwc",
        }
    }
}

impl fmt::Display for WalletKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for WalletKind {
    type Err = UnknownWord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.name() == text);
        let known = "dev, lnd, lnbits, phoenixd, blink, nwc";
        found.ok_or_else(|| UnknownWord { found: text.to_owned(), known })
    }
}

/// How a client is run.
///
/// ```
/// use l402_conformance::client::{Ability, Options, WalletKind};
///
/// let options = Options::new().can(Ability::Stdout).can(Ability::Limit).wallet(WalletKind::Lnbits);
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) abilities: Vec<Ability>,
    pub(crate) wallet: Option<WalletKind>,
    pub(crate) timeout: Duration,
    pub(crate) https: bool,
}

impl Options {
    /// A client that can do nothing special, with all wallets at once, and 20 seconds for each run.
    #[must_use]
    pub const fn new() -> Self {
        Self { abilities: Vec::new(), wallet: None, timeout: Duration::from_secs(20), https: false }
    }

    /// Says that the client can do this.
    #[must_use]
    pub fn can(mut self, ability: Ability) -> Self {
        if !self.abilities.contains(&ability) {
            self.abilities.push(ability);
        }
        self
    }

    /// Gives the client this wallet only. Default: the variables of all of them.
    #[must_use]
    pub const fn wallet(mut self, kind: WalletKind) -> Self {
        self.wallet = Some(kind);
        self
    }

    /// How long one run may take. A client that takes longer is ended, and has not delivered; so has one that orders ten
    /// payments, however long it takes. Default: 20 seconds.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Shops speak https, and the client trusts the authority whose certificate, in PEM, is in a file that is made for the
    /// case: `{ca-file}` in its command, and in its environment `L402_CONFORMANCE_CA_FILE`, `SSL_CERT_FILE` (OpenSSL, Go,
    /// Python, rustls on Linux), `NODE_EXTRA_CA_CERTS`, `REQUESTS_CA_BUNDLE` and `CURL_CA_BUNDLE`. Default: plain http,
    /// and cases about https are [unsupported](crate::Outcome::Unsupported).
    #[must_use]
    pub const fn https(mut self) -> Self {
        self.https = true;
        self
    }

    pub(crate) fn has(&self, ability: Ability) -> bool {
        self.abilities.contains(&ability)
    }
}

impl Default for Options {
    fn default() -> Self {
        Self::new()
    }
}
