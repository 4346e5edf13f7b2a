//! The node over HTTP, so that another process can pay: [`router`] on the node's side, [`pay()`] and
//! `l402_wallets::dev` on the other.
//!
//! | request | answer |
//! |---|---|
//! | `POST /pay`, the invoice as plain text | `200`, `text/plain`: the preimage as 64 hex digits and a newline |
//! | `GET /payments/<payment hash>` | `200`, `text/plain`: the preimage; `202` while it is under way, `409` when it failed, `404` when there is none |
//! | `GET /balance` | `200`, `text/plain`: what the default wallet holds, in msat |
//! | `GET /invoices` | `200`, `application/json`: every invoice, oldest first, without secrets |
//! | `POST /invoices`, `{"amount_msat": n}` | `201`: `{"bolt11": text, "payment_hash": hex}` |
//! | `GET /faults` | `200`: the [faults](crate::fault) that wait to happen, as a list of texts |
//! | `POST /faults`, `{"operation": "payment", "fault": "stuck", "times": 1}` | `200`: the same list |
//! | `DELETE /faults` | `204` |
//! | `GET /state` | `200`: accounts, newest invoices and payments (`?newest=100`), and faults |
//! | `GET /events` | `200`, `text/event-stream`: an event `change` after every change |
//!
//! `/pay` pays from the account `payer`, and `POST /invoices` is paid to `payee`, unless `?account=` or `"account"`
//! names another. Paying the same invoice again gives the same preimage for nothing. `POST /invoices` also takes
//! `"description"` and `"expires_in"` in seconds (3600); `POST /faults` takes `"times"`, or `"payment_hash"`, or neither
//! for every call. A refusal is a 4xx, or a 503 for a scripted outage, with one line of plain text: the reason, and what
//! to do.
//!
//! An invoice in a list is
//! `{"payment_hash": hex, "bolt11": text, "amount_msat": n, "description": text, "payee": account, "status": "open" |
//! "in_flight" | "paid" | "expired", "created_at": secs, "expires_at": secs, "settled_at": secs or null}`; times are
//! Unix times.
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
mod order;
mod server;

pub use client::{ControlError, add_fault, clear_faults, create_invoice, faults, pay};
pub use order::{FaultOrder, InvoiceOrder};
pub use server::router;

/// Longer bodies are refused, as `l402_core::bolt11` refuses longer invoices.
const MAX_BODY_BYTES: usize = 4096;

/// What a payment cost on top of its amount, in millisatoshi.
const FEE_HEADER: &str = "l402-dev-fee-msat";
