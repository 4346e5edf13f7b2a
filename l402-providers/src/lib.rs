//! Where a paywall gets its invoices from.
//!
//! Every backend implements [`l402_core::ports::InvoiceProvider`], the port that `l402-server` asks. Each is a module
//! behind a feature of the same name; none is on by default. [`FnProvider`] makes one from a closure, for a node or service of one's own:
//!
//! ```
//! use l402_core::ports::{InvoiceProvider, NewInvoice};
//! use l402_core::{Msat, Network};
//! use l402_dev::DevNode;
//! use l402_providers::FnProvider;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let node = DevNode::new()?; // stands for your node's own client
//! let provider = FnProvider::new("my-node", Network::Regtest, move |wanted: NewInvoice| {
//!     let node = node.clone();
//!     async move { node.provider().create_invoice(wanted).await }
//! });
//!
//! let wanted = NewInvoice::new(Msat::from_sat(10), "one report".into(), std::time::Duration::from_secs(600));
//! assert!(provider.create_invoice(wanted).await?.bolt11.starts_with("lnbcrt"));
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alby")]
pub mod alby;
#[cfg(feature = "blink")]
pub mod blink;
#[cfg(feature = "btcpay")]
pub mod btcpay;
#[cfg(feature = "cln")]
pub mod cln;
mod func;
#[cfg(feature = "_http")]
#[doc(hidden)]
pub mod http;
#[cfg(feature = "_http")]
#[allow(dead_code, reason = "not every backend alone needs all of it")]
mod invoice;
#[cfg(feature = "ldk")]
pub mod ldk;
#[cfg(feature = "lnbits")]
pub mod lnbits;
#[cfg(feature = "lnd")]
pub mod lnd;
#[cfg(feature = "lnurl")]
pub mod lnurl;
#[cfg(feature = "managed")]
pub mod managed;
#[cfg(feature = "nwc")]
pub mod nwc;
#[cfg(feature = "opennode")]
pub mod opennode;
#[cfg(feature = "phoenixd")]
pub mod phoenixd;
#[cfg(feature = "_http")]
#[allow(unused_imports, unused_macros, reason = "not every backend alone needs both")]
mod port;
#[cfg(feature = "strike")]
pub mod strike;
#[cfg(feature = "zbd")]
pub mod zbd;

pub use func::FnProvider;
#[cfg(feature = "_http")]
pub use http::{ConfigError, Endpoint, Secret};

#[cfg(all(doctest, feature = "phoenixd"))]
#[doc = include_str!("../README.md")]
struct Readme;
