//! Core Lightning: over clnrest, and over the Unix socket as `lightning-cli` and `pyln-client` speak it.
//!
//! Contract: <https://docs.corelightning.org/reference> and <https://docs.corelightning.org/docs/rest>. Both serve `invoice`,
//! `listinvoices`, `waitinvoice`, `xpay`, `pay`, `listpays`, `decode`, `listpeerchannels`, `listfunds` and `getinfo`.
//!
//! **clnrest.** [`router`] answers `POST /v1/<command>` with parameters as a JSON object. The rune is a key of an account in
//! hex: the spend key may give every command, the receive key those that make and look up invoices.
//!
//! ```
//! use l402_dev::{DevNode, facade};
//!
//! let node = DevNode::new()?;
//! let app: axum::Router = facade::cln::router(&node);
//! # Ok::<(), l402_dev::DevNodeError>(())
//! ```
//!
//! **Socket.** `serve` answers for one account; the socket is the key.
//!
//! ```
//! # #[cfg(unix)]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use l402_core::Msat;
//! use l402_dev::{DevNode, facade};
//!
//! # let directory = tempfile::tempdir()?;
//! # let path = directory.path().join("lightning-rpc");
//! let node = DevNode::new()?;
//! let alice = node.open_account("alice", Msat::from_sat(500))?;
//! let listener = facade::cln::bind(&path)?;
//! tokio::spawn(facade::cln::serve(listener, alice));
//! # Ok(())
//! # }
//! # #[cfg(not(unix))]
//! # fn main() {}
//! ```
//!
//! Labels of invoices are those of one router, or of one socket.

mod commands;
mod error;
mod labels;
mod params;
mod rest;
#[cfg(unix)]
mod socket;

pub use rest::router;
#[cfg(unix)]
pub use socket::{bind, serve};
