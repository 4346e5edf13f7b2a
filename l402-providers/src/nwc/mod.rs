//! Any wallet that speaks [Nostr Wallet Connect](https://nwc.dev)
//! ([NIP-47](https://github.com/nostr-protocol/nips/blob/master/47.md)): Alby Hub, coinos, Primal, and others.
//!
//! **Set up.** In the wallet, add a connection (*Apps*, *Connections* or *Nostr Wallet Connect*) that may receive and look
//! invoices up, and not send; in Alby Hub that is a *read-only* connection with *Create invoices*. Copy its URI:
//!
//! ```no_run
//! use l402_providers::nwc::{NwcProvider, NwcUri};
//!
//! # fn main() -> Result<(), l402_providers::ConfigError> {
//! let uri = NwcUri::parse(&std::env::var("NWC_URI").unwrap_or_default())?;
//! let provider = NwcProvider::new(uri)?;
//! # Ok(())
//! # }
//! ```
//!
//! Nothing listens and no port is open anywhere: wallet and paywall meet at a relay, which sees that they talk, and not what
//! they say. [`NwcProvider::checked`] asks the wallet at start-up what the connection allows.
//!
//! **Proof.** The preimage proves payment: nobody but the holder of the connection can ask the wallet for it.
//!
//! **Units and limits.** Millisatoshi on the wire, but Alby Hub and others refuse what is not whole satoshi, so this provider
//! says that it cannot; [`NwcProvider::with_msat_precision`] is for wallets that can. Descriptions of up to 639 bytes (longer
//! ones are cut); expiry in seconds, though some wallets choose their own. A wallet that is offline cannot make invoices.
//!
//! **Encryption.** NIP-44 where the wallet's info event says that it knows it, otherwise NIP-04. Answers count when the wallet
//! signed them, whatever a relay says; relays that demand a log-in (NIP-42) cannot be used.

#[doc(hidden)]
pub mod api;
mod uri;

use l402_core::ports::{BackendError, Invoice, NewInvoice, ProviderCapabilities, Settlement};
use l402_core::{PaymentHash, UnixTime};

use crate::http::ConfigError;
use crate::invoice::{MAX_BOLT11_DESCRIPTION, Order, cut_bytes, proof, unknown_status};
use crate::port::provider;
use api::{Api, Transaction};

pub use uri::NwcUri;

/// Creates invoices of a wallet over Nostr Wallet Connect. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct NwcProvider {
    api: Api,
    msat_precision: bool,
}

impl NwcProvider {
    /// The wallet of this connection. Nothing is sent before the first order.
    ///
    /// # Errors
    /// [`ConfigError`] when TLS cannot be set up.
    pub fn new(uri: NwcUri) -> Result<Self, ConfigError> {
        Api::new(uri).map(|api| Self { api, msat_precision: false })
    }

    /// Asks the wallet what the connection allows, so that
    /// [`can_lookup`](l402_core::ports::ProviderCapabilities::can_lookup) is known and a connection that cannot receive is
    /// found out at start-up.
    ///
    /// # Errors
    /// [`Unsupported`](l402_core::ports::BackendErrorKind::Unsupported) when it allows no invoices; otherwise when no relay can be reached.
    pub async fn checked(mut self) -> Result<Self, BackendError> {
        self.api.check("make_invoice").await?;
        Ok(self)
    }

    /// Whether the wallet makes invoices for parts of a satoshi. Default: no.
    #[must_use]
    pub const fn with_msat_precision(mut self, yes: bool) -> Self {
        self.msat_precision = yes;
        self
    }

    async fn create(&self, wanted: &NewInvoice) -> Result<Invoice, BackendError> {
        let order = Order { backend: Api::NAME, network: self.api.network, wanted };
        if !self.msat_precision {
            order.whole_sats()?;
        }
        let invoice = api::NewInvoice {
            amount: wanted.amount.as_msat(),
            description: cut_bytes(&wanted.description, MAX_BOLT11_DESCRIPTION),
            expiry: wanted.expires_in.as_secs(),
        };
        let created = self.api.create(&invoice).await?;
        order.by_hash(created.invoice.unwrap_or_default(), created.payment_hash)
    }

    async fn look_up(&self, lookup_id: &str) -> Result<Settlement, BackendError> {
        let Ok(hash) = lookup_id.parse() else { return Ok(Settlement::NotFound) };
        match self.api.transaction(hash).await? {
            Some(transaction) => settlement(transaction, hash),
            None => Ok(Settlement::NotFound),
        }
    }
}

provider!(NwcProvider, |this| {
    ProviderCapabilities::FULL.with_msat_precision(this.msat_precision).with_lookup(this.api.can_lookup)
});

/// A preimage says nothing here, for some wallets tell it before payment: `state` does, or when it was settled.
fn settlement(found: Transaction, hash: PaymentHash) -> Result<Settlement, BackendError> {
    if found.direction.as_deref() == Some("outgoing") {
        return Ok(Settlement::NotFound);
    }
    match found.state.as_deref() {
        Some("settled") => Ok(settled(found, hash)),
        None | Some("") if found.settled_at.is_some() => Ok(settled(found, hash)),
        None | Some("" | "pending") => Ok(Settlement::Open),
        Some("accepted") => Ok(Settlement::Held),
        Some("expired") => Ok(Settlement::Expired),
        Some("failed") => Ok(Settlement::Canceled),
        Some(_) => Err(unknown_status(Api::NAME)),
    }
}

fn settled(found: Transaction, hash: PaymentHash) -> Settlement {
    let settled_at = found.settled_at.map(UnixTime::from_secs);
    Settlement::Settled { preimage: proof(found.preimage, hash), settled_at }
}
