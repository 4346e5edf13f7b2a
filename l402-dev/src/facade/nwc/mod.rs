//! Nostr Wallet Connect (NIP-47): a relay of its own, and a wallet service for every account behind it.
//!
//! Contract: <https://github.com/nostr-protocol/nips/blob/master/47.md>. Serves `get_info`, `get_balance`, `make_invoice`,
//! `lookup_invoice` and `pay_invoice`, sealed with NIP-44 or NIP-04 as the request is. A node that is down says nothing,
//! as a wallet that is offline.
//!
//! ```
//! use l402_dev::{DevNode, facade};
//!
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let node = DevNode::new()?;
//! let nwc = facade::nwc::Nwc::start(&node).await?;
//! assert!(nwc.uri("payer").unwrap().starts_with("nostr+walletconnect://"));
//! # Ok(())
//! # }
//! ```

mod methods;
mod service;

use std::collections::BTreeMap;
use std::fmt;

use l402_core::ports::BoxError;
use nostr::{Keys, SecretKey};
use nostr_relay_builder::builder::{RateLimit, RelayBuilder};
use nostr_relay_builder::local::LocalRelay;
use tokio::task::JoinHandle;

use crate::account::DevAccount;
use crate::node::DevNode;
use service::Service;

/// Far more than a test sends.
const RATE_LIMIT: RateLimit = RateLimit { max_reqs: 10_000, notes_per_minute: 1_000_000 };

/// How often a port is looked for.
const MOST_TRIES: u32 = 8;

/// The relay or a wallet behind it does not run.
#[derive(Debug, thiserror::Error)]
#[error("the Nostr relay does not run; is a port of 127.0.0.1 free?")]
pub struct NwcError(#[source] BoxError);

/// A running relay with its wallets. Everything ends when it is dropped.
pub struct Nwc {
    relay: LocalRelay,
    url: String,
    uris: BTreeMap<String, String>,
    services: Vec<JoinHandle<()>>,
}

impl Nwc {
    /// Starts a relay on a free port of 127.0.0.1, and a wallet for every account there is.
    ///
    /// # Errors
    /// [`NwcError`] when the relay cannot listen, or a wallet cannot reach it.
    pub async fn start(node: &DevNode) -> Result<Self, NwcError> {
        Self::try_start(node).await.map_err(NwcError)
    }

    async fn try_start(node: &DevNode) -> Result<Self, BoxError> {
        let relay = start_relay().await?;
        let url = relay.url().await.to_string();
        let mut nwc = Self { relay, url, uris: BTreeMap::new(), services: Vec::new() };
        for record in node.accounts() {
            if let Some(account) = node.account(&record.name) {
                nwc.connect(account).await?;
            }
        }
        Ok(nwc)
    }

    /// Where the relay is, such as `ws://127.0.0.1:38211`.
    #[must_use]
    pub fn relay_url(&self) -> &str {
        &self.url
    }

    /// The connection that opens an account, to spend and to receive: `nostr+walletconnect://…`. It is a secret.
    #[must_use]
    pub fn uri(&self, account: &str) -> Option<&str> {
        self.uris.get(account).map(String::as_str)
    }

    async fn connect(&mut self, account: DevAccount) -> Result<(), BoxError> {
        let name = account.name();
        let wallet = keys(&account, "wallet")?;
        let client = keys(&account, "client")?;
        let secret = client.secret_key().to_secret_hex();
        let uri = format!("nostr+walletconnect://{}?relay={}&secret={secret}", wallet.public_key(), self.url);
        let service = Service::connect(&self.url, account, wallet, client.public_key()).await?;
        self.services.push(tokio::spawn(service.run()));
        self.uris.insert(name, uri);
        Ok(())
    }
}

/// A relay looks for a free port first and takes it then, when it may be another program's; then another one is looked for.
async fn start_relay() -> Result<LocalRelay, BoxError> {
    let mut tries = 1;
    loop {
        let relay = LocalRelay::new(RelayBuilder::default().rate_limit(RATE_LIMIT));
        match relay.run().await {
            Ok(()) => return Ok(relay),
            Err(error) if tries == MOST_TRIES => return Err(error.into()),
            Err(_) => tries += 1,
        }
    }
}

impl Drop for Nwc {
    fn drop(&mut self) {
        for service in &self.services {
            service.abort();
        }
        self.relay.shutdown();
    }
}

impl fmt::Debug for Nwc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nwc").field("relay", &self.url).finish_non_exhaustive()
    }
}

/// The same keys for the same account of the same node, so that a connection survives a restart.
fn keys(account: &DevAccount, role: &str) -> Result<Keys, BoxError> {
    let secret = account.ledger().nostr_key(account.id(), role);
    Ok(Keys::new(SecretKey::from_slice(&secret)?))
}
