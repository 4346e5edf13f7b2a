//! [`serve`]: one shop and its wallets, to try a client by hand.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use l402_core::ports::BoxError;
use l402_dev::DevNode;
use tempfile::TempDir;

use super::cases::{SCENES, Scene};
use super::log::Log;
use super::options::Options;
use super::origin::Transport;
use super::shop::Shop;
use super::tls::{Authority, Certificate};
use super::wallets::Wallets;

/// A shop and its wallets, which run until this is dropped.
pub struct Playground {
    shop: Shop,
    variables: Vec<(String, String)>,
    /// Held for their ends.
    _wallets: Wallets,
    scene: &'static Scene,
    /// Holds the certificate.
    _home: TempDir,
}

/// Serves the shop called `scene` at `address`, and wallets that can pay it. Of the options, the wallet and https count.
///
/// ```
/// use l402_conformance::client;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let options = client::Options::new();
/// let playground = client::serve("paid-then-402", ([127, 0, 0, 1], 0).into(), &options).await?;
/// assert!(playground.url().starts_with("http://127.0.0.1:"));
/// assert!(playground.variables().iter().any(|(name, _)| name == "L402_DEV_URL"));
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// [`ServeError`], when no shop is called so, the address is taken, or no wallet can be started.
pub async fn serve(scene: &str, address: SocketAddr, options: &Options) -> Result<Playground, ServeError> {
    let known = SCENES.iter().find(|known| known.name == scene);
    let scene = known.ok_or_else(|| ServeError::Unknown { name: scene.to_owned() })?;
    let node = DevNode::new().map_err(|error| ServeError::Wallet(error.into()))?;
    let home = tempfile::tempdir().map_err(|error| ServeError::Wallet(error.into()))?;
    let log = Arc::new(Log::default());
    let wallets =
        Wallets::serve(&node, options.wallet, home.path(), &log).await.map_err(ServeError::Wallet)?;
    let mut variables = wallets.variables().to_vec();
    let transport = if options.https {
        let authority = Authority::new(home.path()).map_err(ServeError::Certificate)?;
        variables.extend(authority.variables());
        Transport::Https(authority.acceptor(Certificate::Good).map_err(ServeError::Certificate)?)
    } else {
        Transport::Http
    };
    let shop = Shop::open("the shop", address, transport, &node, &log, (scene.script)()).await;
    let shop = shop.map_err(|error| ServeError::Listen(address, error))?;
    Ok(Playground { shop, variables, _wallets: wallets, scene, _home: home })
}

/// The names of all shops, and what they do. The first is the honest one.
pub fn scenes() -> impl Iterator<Item = (&'static str, &'static str)> {
    SCENES.iter().map(|scene| (scene.name, scene.summary))
}

impl Playground {
    /// What the shop sells.
    #[must_use]
    pub fn url(&self) -> String {
        self.shop.url("/report")
    }

    /// What the shop does.
    #[must_use]
    pub const fn summary(&self) -> &'static str {
        self.scene.summary
    }

    /// What a client finds its wallet with, and over https the authority to trust: the names and values of environment
    /// variables.
    #[must_use]
    pub fn variables(&self) -> &[(String, String)] {
        &self.variables
    }
}

impl fmt::Debug for Playground {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Playground")
            .field("url", &self.url())
            .field("scene", &self.scene.name)
            .finish_non_exhaustive()
    }
}

/// Why nothing is served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// No shop is called so.
    #[error("no shop is called {name:?}; there are {}", names())]
    #[non_exhaustive]
    Unknown {
        /// What was asked for.
        name: String,
    },
    /// The address is taken, or not of this machine.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, #[source] io::Error),
    /// No certificate can be made for https.
    #[error("no certificate can be made: {0}")]
    Certificate(#[source] BoxError),
    /// No node or none of its wallets can be started.
    #[error("no wallet can be started: {0}")]
    Wallet(#[source] BoxError),
}

fn names() -> String {
    let names: Vec<&str> = SCENES.iter().map(|scene| scene.name).collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::origin::Request;
    use crate::client::shop::Till;

    #[test]
    fn every_shop_has_its_own_name_and_an_answer() {
        let till = Till::new(&DevNode::new().unwrap());
        for (at, scene) in SCENES.iter().enumerate() {
            assert!(SCENES[..at].iter().all(|earlier| earlier.name != scene.name), "{}", scene.name);
            let answer = (scene.script)().answer(&till, &Request::default()).head_and_body();
            assert!(answer.starts_with(b"HTTP/1.1 "), "{}", scene.name);
        }
        assert_eq!(SCENES[0].name, "honest");
    }
}
