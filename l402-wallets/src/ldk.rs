//! An [LDK node](https://docs.rs/ldk-node) inside the program: no account, no server, and the money is yours.
//!
//! **Set up.** Build a node as [`l402_providers::ldk`] shows, start it, open a channel to somebody well connected, and wait
//! until it is ready. The node is yours: this module borrows it, and never starts or stops it.
//!
//! ```no_run
//! use std::sync::Arc;
//!
//! use l402_wallets::ldk::{LdkWallet, ldk_node::Node};
//!
//! # fn with(node: Arc<Node>) -> Result<(), l402_wallets::ConfigError> {
//! let wallet = LdkWallet::new(node)?;
//! # Ok(())
//! # }
//! ```
//!
//! **Fees.** [`PayRequest::max_fee`](l402_core::ports::PayRequest::max_fee) is honoured to the millisatoshi, in the search for
//! a route. Other settings for routes are the node's.
//!
//! **Answers.** The node tries for ten seconds; what is not over by the request's timeout is pending and can be looked up. It
//! pays one payment hash once, and one that failed may be tried again. Its own invoices it does not pay.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use l402_core::bolt11::InvoiceFacts;
use l402_core::ports::{BackendErrorKind, WalletCapabilities};
use l402_core::{Msat, Network, PaymentHash};
use l402_providers::ConfigError;
use l402_providers::http::CallError;
use l402_providers::ldk::api::{Api, failure, preimage};
pub use l402_providers::ldk::{discard_events, ldk_node};
use ldk_node::lightning_invoice::Bolt11Invoice;
use ldk_node::payment::{PaymentDetails, PaymentDirection, PaymentStatus};
use ldk_node::{Node, NodeError};

use crate::driver::{Bill, PaymentApi, Reply, port};

/// Pays from a node in this process. See the [module](self). Clones share the node.
#[derive(Clone, Debug)]
pub struct LdkWallet {
    api: Api,
}

impl LdkWallet {
    /// Pays with this node, which must be running when it is to pay.
    ///
    /// # Errors
    /// [`ConfigError`] for a node on a network that is none of [`Network`].
    pub fn new(node: Arc<Node>) -> Result<Self, ConfigError> {
        Api::new(node).map(|api| Self { api })
    }

    fn spendable(&self) -> Msat {
        let channels = self.api.node().list_channels();
        let usable = channels.iter().filter(|channel| channel.is_usable);
        Msat::from_msat(usable.map(|channel| channel.outbound_capacity_msat).fold(0, u64::saturating_add))
    }

    /// Why no payment was begun.
    fn reason(&self, invoice: &InvoiceFacts) -> BackendErrorKind {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        if invoice.expires_at.as_secs() <= now.as_secs() {
            BackendErrorKind::Expired
        } else if invoice.amount.is_some_and(|amount| amount > self.spendable()) {
            BackendErrorKind::InsufficientBalance
        } else {
            BackendErrorKind::NoRoute
        }
    }
}

port!(LdkWallet, |_wallet| WalletCapabilities::FULL);

impl PaymentApi for LdkWallet {
    const NAME: &'static str = Api::NAME;

    fn network(&self) -> Network {
        self.api.network
    }

    /// Looking is free: the answer is in memory.
    fn pause(&self) -> Duration {
        Duration::from_millis(20)
    }

    async fn send(&self, bill: &Bill) -> Result<Reply, CallError> {
        let invoice: Bolt11Invoice = bill
            .bolt11
            .parse()
            .map_err(|_| CallError::refused(Api::NAME, BackendErrorKind::InvalidInvoice))?;
        if *bill.facts.payee.as_bytes() == self.api.node().node_id().serialize() {
            return Ok(Reply::Failed(BackendErrorKind::SelfPayment));
        }
        let max_fee = bill.max_fee.as_msat();
        let sent = self.api.call(move |node| {
            let mut route = node.config().route_parameters.unwrap_or_default();
            route.max_total_routing_fee_msat = Some(max_fee);
            node.bolt11_payment().send(&invoice, Some(route))
        });
        match sent.await? {
            Ok(_) => Ok(Reply::Pending),
            Err(NodeError::DuplicatePayment) => Ok(match self.find(bill.facts.payment_hash).await? {
                Reply::NotFound | Reply::Failed(_) => Reply::Unclear,
                known => known,
            }),
            Err(NodeError::PaymentSendingFailed) => Ok(Reply::Failed(self.reason(&bill.facts))),
            Err(NodeError::InvalidInvoice) => Ok(Reply::Failed(BackendErrorKind::InvalidInvoice)),
            Err(error @ NodeError::NotRunning) => Err(failure(&error)),
            // Such as that the payment, which is under way, cannot be written down.
            Err(_) => Ok(Reply::Unclear),
        }
    }

    async fn find(&self, hash: PaymentHash) -> Result<Reply, CallError> {
        let found = self.api.payment(hash, PaymentDirection::Outbound);
        Ok(found.map_or(Reply::NotFound, |found| reply(&found)))
    }

    async fn funds(&self) -> Result<Msat, CallError> {
        Ok(self.spendable())
    }
}

fn reply(payment: &PaymentDetails) -> Reply {
    match payment.status {
        PaymentStatus::Pending => Reply::Pending,
        PaymentStatus::Succeeded => {
            Reply::Paid { preimage: preimage(payment), fee: payment.fee_paid_msat.map(Msat::from_msat) }
        }
        PaymentStatus::Failed => Reply::Failed(BackendErrorKind::NoRoute),
    }
}
