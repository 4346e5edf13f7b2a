//! A Lightning node for development and tests, in one process and without money.
//!
//! Everything that can be checked is real: invoices are BOLT11 for regtest (`lnbcrt…`), signed with the node's
//! own secp256k1 key; preimages are 32 unpredictable bytes; a payment hash is the SHA-256 of its preimage. Only
//! the money is not: balances are numbers in a ledger in memory. Code that works here sees the same bytes as
//! with a real node.
//!
//! [`DevNode`] is the handle. [`DevNode::provider`] is the payee's side, for a paywall; [`DevNode::wallet`] the
//! payer's side, for a client. Tests look at the ledger with [`DevNode::invoices`] and [`DevNode::payments`],
//! and make things go wrong with [`DevNode::faults`]; [`control`] lets another process pay over HTTP.
//!
//! ```
//! use core::time::Duration;
//! use l402_core::Msat;
//! use l402_core::ports::{InvoiceProvider, NewInvoice, PayOutcome, PayRequest, Wallet};
//! use l402_dev::DevNode;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let node = DevNode::new()?;
//! let price = NewInvoice::new(Msat::from_sat(10), "one report".to_owned(), Duration::from_secs(600));
//! let invoice = node.provider().create_invoice(price).await?;
//! assert!(invoice.bolt11.starts_with("lnbcrt100n1"));
//!
//! let request = PayRequest::new(invoice.bolt11, invoice.payment_hash, Msat::ZERO, Duration::from_secs(5));
//! let PayOutcome::Paid(payment) = node.wallet().pay(request).await? else { panic!("not paid") };
//! assert_eq!(payment.preimage.payment_hash(), invoice.payment_hash);
//! assert_eq!(node.payments().len(), 1);
//! # Ok(())
//! # }
//! ```
//!
//! # Security
//! Not for production: anybody who can reach the node is paid for with money that does not exist.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
pub mod control;
mod error;
#[cfg(feature = "facades")]
pub mod facade;
pub mod fault;
mod ledger;
mod node;
mod provider;
mod signer;
mod testing;
mod wallet;

pub use account::DevAccount;
pub use error::DevNodeError;
pub use ledger::{AccountRecord, InvoiceRecord, InvoiceStatus, PaymentRecord};
pub use node::{Changes, DevNode, DevNodeBuilder};
pub use provider::DevProvider;
pub use testing::TestTokenError;
pub use wallet::DevWallet;

/// The README's examples, compiled.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
