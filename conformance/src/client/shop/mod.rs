//! [`Shop`]: an origin that sells for the development node, honestly or not.

mod forms;
mod invoice;
mod offer;
mod script;
mod till;

use std::io;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;

use l402_dev::DevNode;

pub(crate) use forms::Form;
pub(crate) use invoice::Draft;
pub(crate) use offer::{Offer, Spelled};
pub(crate) use script::{CONTENT, PRICE_MSAT, Script, content};
pub(crate) use till::Till;

use super::log::Log;
use super::origin::{Origin, Transport};

/// An origin that sells. What it has offered is in its till.
#[derive(Debug)]
pub(crate) struct Shop {
    origin: Origin,
    till: Arc<Till>,
}

impl Shop {
    pub(crate) async fn open(
        name: &'static str,
        address: SocketAddr,
        transport: Transport,
        node: &DevNode,
        log: &Arc<Log>,
        script: Script,
    ) -> io::Result<Self> {
        let till = Arc::new(Till::new(node));
        let seller = Arc::clone(&till);
        let handler = Box::new(move |request: &_| script.answer(&seller, request));
        Ok(Self { origin: Origin::open(name, address, transport, log, handler).await?, till })
    }

    /// Every offer so far, the oldest first.
    pub(crate) fn offers(&self) -> Vec<Offer> {
        self.till.offers()
    }
}

impl Deref for Shop {
    type Target = Origin;

    fn deref(&self) -> &Origin {
        &self.origin
    }
}
