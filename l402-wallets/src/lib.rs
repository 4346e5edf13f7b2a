//! What a client pays with.
//!
//! Every backend implements [`l402_core::ports::Wallet`], the port that `l402-client` asks. Each is a module behind a
//! feature of the same name; none is on by default. [`from_env`] finds the one that the environment names, [`from_url`] the
//! one that a line of text names, and
//! [`FnWallet`] makes one from a closure, for a node or service of one's own:
//!
//! ```
//! use l402_core::ports::{InvoiceProvider, NewInvoice, PayOutcome, PayRequest, Wallet};
//! use l402_core::{Msat, Network};
//! use l402_dev::DevNode;
//! use l402_wallets::FnWallet;
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let node = DevNode::new()?;
//! # let wanted = NewInvoice::new(Msat::from_sat(10), "one report".into(), Duration::from_secs(600));
//! # let invoice = node.provider().create_invoice(wanted).await?;
//! # let request = PayRequest::new(invoice.bolt11, invoice.payment_hash, Msat::ZERO, Duration::from_secs(5));
//! let my_node = node.wallet(); // stands for your node's own client
//! let wallet = FnWallet::new("my-node", Network::Regtest, move |request: PayRequest| my_node.pay(request));
//! assert!(matches!(wallet.pay(request).await?, PayOutcome::Paid(_)));
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "alby")]
pub mod alby;
#[cfg(any(feature = "btcpay", feature = "cln"))]
mod attempts;
#[cfg(feature = "blink")]
pub mod blink;
#[cfg(feature = "btcpay")]
pub mod btcpay;
#[cfg(feature = "cln")]
pub mod cln;
#[cfg(feature = "dev")]
pub mod dev;
#[cfg(feature = "_http")]
#[allow(unused_imports, unused_macros, reason = "not every backend alone needs both macros")]
mod driver;
mod env;
mod func;
#[cfg(feature = "ldk")]
pub mod ldk;
#[cfg(feature = "lnbits")]
pub mod lnbits;
#[cfg(feature = "lnd")]
pub mod lnd;
mod locator;
#[cfg(feature = "nwc")]
pub mod nwc;
#[cfg(feature = "phoenixd")]
pub mod phoenixd;
mod secret_file;
#[cfg(feature = "_http")]
#[allow(dead_code, reason = "most backends find payments themselves")]
mod sent;
#[cfg(feature = "strike")]
pub mod strike;
#[cfg(feature = "zbd")]
pub mod zbd;

pub use env::{EnvError, NamedWallet, from_env, from_vars};
pub use func::FnWallet;
#[cfg(feature = "_http")]
pub use l402_providers::{ConfigError, Endpoint, Secret};
pub use locator::{WalletUrlError, from_url, is_nwc_uri};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
