//! [`Ready`]: what is served where, for programs and for people.

use std::fmt;

use l402_core::Msat;
use l402_dev::DevNode;
use l402_dev::facade::nwc::Nwc;
use serde::Serialize;

/// What `--json` prints when the node is ready, on one line.
#[derive(Clone, Serialize)]
pub(super) struct Ready {
    pub(super) url: String,
    pub(super) node: String,
    pub(super) premium: String,
    pub(super) lnd: String,
    pub(super) lnbits: String,
    pub(super) phoenixd: String,
    pub(super) clnrest: String,
    pub(super) blink: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) lnd_tls: Option<LndTls>,
    pub(super) accounts: Vec<Account>,
}

#[derive(Clone, Serialize)]
pub(super) struct LndTls {
    pub(super) url: String,
    pub(super) cert_pem: String,
}

#[derive(Clone, Serialize)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) balance_sats: u64,
    pub(super) spend_key: String,
    pub(super) receive_key: String,
    pub(super) nwc: Option<String>,
    pub(super) lightning_address: String,
}

impl Ready {
    pub(super) fn new(node: &DevNode, nwc: &Nwc, url: &str) -> Self {
        let host = url.trim_start_matches("http://");
        let account = |name: &str| {
            let account = node.account(name)?;
            Some(Account {
                name: name.to_owned(),
                balance_sats: Msat::as_msat(account.balance()) / 1000,
                spend_key: account.spend_key(),
                receive_key: account.receive_key(),
                nwc: nwc.uri(name).map(str::to_owned),
                lightning_address: format!("{name}@{host}"),
            })
        };
        Self {
            url: url.to_owned(),
            node: format!("{url}/node"),
            premium: format!("{url}/premium"),
            lnd: format!("{url}/lnd"),
            lnbits: format!("{url}/lnbits"),
            phoenixd: format!("{url}/phoenixd"),
            clnrest: format!("{url}/clnrest"),
            blink: format!("{url}/graphql"),
            lnd_tls: None,
            accounts: node.accounts().iter().filter_map(|record| account(&record.name)).collect(),
        }
    }
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url, node, premium, lnd, lnbits, phoenixd, clnrest, blink, .. } = self;
        writeln!(f, "A Lightning node for development is running. Watch it at {url}\n")?;
        writeln!(f, "  paid API     {premium}   (try: curl -i {premium})")?;
        writeln!(f, "  pay          curl -s --data INVOICE {node}/pay")?;
        writeln!(f, "  LND REST     {lnd}")?;
        if let Some(tls) = &self.lnd_tls {
            writeln!(f, "               {}", tls.url)?;
        }
        writeln!(f, "  LNbits       {lnbits}")?;
        writeln!(f, "  phoenixd     {phoenixd}")?;
        writeln!(f, "  clnrest      {clnrest}")?;
        writeln!(f, "  Blink        {blink}\n")?;
        for account in &self.accounts {
            let Account { name, balance_sats, spend_key, receive_key, lightning_address, nwc } = account;
            writeln!(f, "  account {name}: {balance_sats} sat, {lightning_address}")?;
            writeln!(f, "    key to pay and receive  {spend_key}")?;
            writeln!(f, "    key to receive only     {receive_key}")?;
            if let Some(nwc) = nwc {
                writeln!(f, "    Nostr Wallet Connect    {nwc}")?;
            }
        }
        writeln!(f, "\nCtrl-C ends it.")
    }
}
