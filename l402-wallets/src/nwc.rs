//! Any wallet that speaks [Nostr Wallet Connect](https://nwc.dev)
//! ([NIP-47](https://github.com/nostr-protocol/nips/blob/master/47.md)): Alby Hub, coinos, Primal, and others.
//!
//! **Set up.** In the wallet, add a connection (*Apps*, *Connections* or *Nostr Wallet Connect*) that may pay and look payments
//! up, with a budget: that is what can be lost with its URI.
//!
//! ```no_run
//! use l402_wallets::nwc::{NwcUri, NwcWallet};
//!
//! # fn main() -> Result<(), l402_wallets::ConfigError> {
//! let uri = NwcUri::parse(&std::env::var("NWC_URI").unwrap_or_default())?;
//! let wallet = NwcWallet::new(uri)?;
//! # Ok(())
//! # }
//! ```
//!
//! [`NwcWallet::checked`] asks the wallet at start-up what the connection allows, and refuses one that cannot pay.
//!
//! **Fees.** NIP-47 has no limit per payment; [`PayRequest::max_fee`](l402_core::ports::PayRequest::max_fee) is not honoured.
//! A budget of the connection is.
//!
//! **Answers.** The wallet answers when the payment has ended. One that does not in time is looked up with `lookup_invoice`
//! until the request's timeout, and is pending then: a wallet that was offline may yet pay, up to a minute after it.
//! Refusals are believed after a look at what became of the payment. Whether a wallet pays one payment hash once is the
//! wallet's own affair; Alby Hub does.

use std::time::Duration;

use l402_core::ports::{BackendError, BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash, Preimage};
use l402_providers::ConfigError;
use l402_providers::http::{CallError, fields};
pub use l402_providers::nwc::NwcUri;
use l402_providers::nwc::api::{Api, Refusal, Transaction};
use serde::{Deserialize, Serialize};

use crate::driver::{Bill, PaymentApi, Reply, wallet};

/// Pays from a wallet over Nostr Wallet Connect. See the [module](self). Clones share the connection.
#[derive(Clone, Debug)]
pub struct NwcWallet {
    api: Api,
}

impl NwcWallet {
    /// The wallet of this connection. Nothing is sent before the first payment.
    ///
    /// # Errors
    /// [`ConfigError`] when TLS cannot be set up.
    pub fn new(uri: NwcUri) -> Result<Self, ConfigError> {
        Api::new(uri).map(|api| Self { api })
    }

    /// Asks the wallet what the connection allows, so that [`can_lookup`](WalletCapabilities::can_lookup) is known and a
    /// connection that cannot pay is found out at start-up.
    ///
    /// # Errors
    /// [`BackendErrorKind::Unsupported`] when it allows no payments; otherwise when no relay can be reached.
    pub async fn checked(mut self) -> Result<Self, BackendError> {
        self.api.check("pay_invoice").await?;
        Ok(self)
    }

    /// What a refusal means, unless a payment goes on in spite of it, or was made before.
    async fn refused(&self, hash: PaymentHash, kind: BackendErrorKind) -> Reply {
        match self.find(hash).await {
            Ok(Reply::Failed(_) | Reply::NotFound) => Reply::Failed(kind),
            Ok(reply) => reply,
            // A wallet that cannot tell has nothing but its word.
            Err(error) if error.kind() == BackendErrorKind::Unsupported => Reply::Failed(kind),
            Err(_) => Reply::Unclear,
        }
    }
}

wallet!(NwcWallet, |this| WalletCapabilities::FULL.with_fee_limit(false).with_lookup(this.api.can_lookup));

#[derive(Serialize)]
struct Pay<'a> {
    invoice: &'a str,
}

#[derive(Serialize)]
struct Nothing {}

#[derive(Deserialize)]
struct Paid {
    #[serde(default, deserialize_with = "fields::preimage")]
    preimage: Option<Preimage>,
    #[serde(default, deserialize_with = "fields::maybe_msat")]
    fees_paid: Option<Msat>,
}

#[derive(Deserialize)]
struct Balance {
    #[serde(deserialize_with = "fields::msat")]
    balance: Msat,
}

impl PaymentApi for NwcWallet {
    const NAME: &'static str = Api::NAME;

    fn network(&self) -> Network {
        self.api.network
    }

    fn pause(&self) -> Duration {
        self.api.pause()
    }

    async fn send(&self, bill: &Bill) -> Result<Reply, CallError> {
        let pay = Pay { invoice: &bill.bolt11 };
        let said: Result<Paid, Refusal> = self.api.send("pay_invoice", &pay, Some(bill.timeout)).await?;
        let refusal = match said {
            Ok(paid) => return Ok(Reply::Paid { preimage: paid.preimage, fee: paid.fees_paid }),
            Err(refusal) => refusal,
        };
        match refusal.kind() {
            BackendErrorKind::AlreadyPaid => Ok(Reply::Failed(BackendErrorKind::AlreadyPaid)),
            BackendErrorKind::InFlight => Ok(Reply::Unclear),
            // The wallet has taken the payment on, and has recorded how it ended.
            BackendErrorKind::Unavailable => Ok(Reply::Pending),
            // Turned away before anything was done.
            BackendErrorKind::Auth
            | BackendErrorKind::Forbidden
            | BackendErrorKind::RateLimited { .. }
            | BackendErrorKind::Unsupported => Err(self.api.refused(&refusal)),
            BackendErrorKind::Protocol => {
                Ok(self.refused(bill.facts.payment_hash, BackendErrorKind::InvalidInvoice).await)
            }
            kind => Ok(self.refused(bill.facts.payment_hash, kind).await),
        }
    }

    async fn find(&self, hash: PaymentHash) -> Result<Reply, CallError> {
        let found = self.api.transaction(hash).await?;
        let found = found.filter(|it| it.direction.as_deref() != Some("incoming"));
        Ok(found.map_or(Reply::NotFound, |found| reply(found, hash)))
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        let said: Result<Balance, Refusal> = self.api.read("get_balance", &Nothing {}).await?;
        said.map(|it| it.balance).map_err(|refusal| self.api.refused(&refusal))
    }
}

fn reply(found: Transaction, hash: PaymentHash) -> Reply {
    let proves = found.preimage.as_ref().is_some_and(|preimage| preimage.payment_hash() == hash);
    match found.state.as_deref() {
        Some("failed") => Reply::Failed(BackendErrorKind::NoRoute),
        Some("expired") => Reply::Failed(BackendErrorKind::Expired),
        Some("settled") => paid(found),
        // Old wallets tell no state.
        None | Some("") if found.settled_at.is_some() || proves => paid(found),
        _ => Reply::Pending,
    }
}

fn paid(found: Transaction) -> Reply {
    Reply::Paid { preimage: found.preimage, fee: found.fees_paid }
}
