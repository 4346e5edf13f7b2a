//! The node over HTTP, so that another process can pay: [`router`] on the node's side, [`pay()`] and
//! [`ControlWallet`] on the other.
//!
//! | request | answer |
//! |---|---|
//! | `POST /pay`, the invoice as plain text | `200`, `text/plain`: the preimage as 64 hex digits and a newline |
//! | `GET /payments/<payment hash>` | `200`, `text/plain`: the preimage of a payment of the default wallet; `404` if there is none |
//! | `GET /balance` | `200`, `text/plain`: what the default wallet holds, in msat |
//! | `GET /invoices` | `200`, `application/json`: every invoice, oldest first, without secrets |
//!
//! `/pay` pays from the node's default wallet, and paying the same invoice again gives the same preimage for
//! nothing. A refusal is a 4xx with one line of plain text: the reason, and what to do.
//!
//! An invoice in the list is
//! `{"payment_hash": hex, "amount_msat": n, "description": text, "created_at": secs, "expires_at": secs,
//! "settled_at": secs or null}`; times are Unix times.
//!
//! ```
//! use core::time::Duration;
//! use l402_core::Msat;
//! use l402_core::ports::{InvoiceProvider, NewInvoice};
//! use l402_dev::{DevNode, control};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let node = DevNode::new()?;
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! let url = format!("http://{}", listener.local_addr()?);
//! tokio::spawn(axum::serve(listener, control::router(&node)).into_future());
//!
//! let price = NewInvoice::new(Msat::from_sat(10), String::new(), Duration::from_secs(600));
//! let invoice = node.provider().create_invoice(price).await?;
//! let preimage = control::pay(&url, &invoice.bolt11).await?;
//! assert_eq!(preimage.payment_hash(), invoice.payment_hash);
//! # Ok(())
//! # }
//! ```
//!
//! # Security
//! There is no authentication, and preimages travel in the clear. Serve it on loopback only.

mod client;
mod server;
mod wallet;

pub use client::{ControlError, pay};
pub use server::router;
pub use wallet::ControlWallet;

/// Longer bodies are refused, as `l402_core::bolt11` refuses longer invoices.
const MAX_BODY_BYTES: usize = 4096;
