//! An HTTP client that pays for what it asks for.
//!
//! [`L402Client`] sends requests like [`reqwest`]. When the answer is `402 Payment Required` with an L402
//! challenge, it checks the challenge, pays the invoice from a [`Wallet`](l402_core::ports::Wallet), and repeats
//! the request with the proof of payment. It pays at most once per call, never more than its [`Budget`], and keeps the
//! token that it bought for the next requests.
//!
//! ```
//! use l402_client::{Budget, L402Client, Receipt};
//! use l402_core::Msat;
//! # use std::time::Duration;
//! # use l402_core::header::Challenge;
//! # use l402_core::ports::{InvoiceProvider, NewInvoice};
//! # use l402_core::{Identifier, Macaroon, RootKey, TokenId};
//! # use l402_dev::DevNode;
//! # use wiremock::matchers::header_exists;
//! # use wiremock::{Mock, MockServer, ResponseTemplate};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let node = DevNode::new()?;
//! # let price = NewInvoice::new(Msat::from_sat(10), String::new(), Duration::from_secs(600));
//! # let invoice = node.provider().create_invoice(price).await?;
//! # let id = Identifier { payment_hash: invoice.payment_hash, token_id: TokenId::from_bytes([1; 32]) };
//! # let macaroon = Macaroon::new(&RootKey::new(&[7; 32])?, &id.to_bytes(), b"")?;
//! # let challenge = Challenge::new(macaroon, invoice.bolt11)?.to_header_value();
//! # let shop = MockServer::start().await;
//! # Mock::given(header_exists("authorization")).respond_with(ResponseTemplate::new(200)).mount(&shop).await;
//! # let payment_required = ResponseTemplate::new(402).insert_header("www-authenticate", challenge.as_str());
//! # Mock::given(|_: &wiremock::Request| true).respond_with(payment_required).mount(&shop).await;
//! # let wallet = node.wallet();
//! # let url = format!("{}/report", shop.uri());
//! let budget = Budget::default().per_request(Msat::from_sat(100));
//! let client = L402Client::builder(wallet).budget(budget).build()?;
//!
//! let response = client.get(url).send().await?;
//! assert_eq!(response.status(), 200);
//! assert_eq!(Receipt::of(&response).map(|receipt| receipt.amount), Some(Msat::from_sat(10)));
//! # Ok(())
//! # }
//! ```
//!
//! # What is checked before paying
//! The status is 402; the answer comes from the origin that was asked, over a connection that nobody can read;
//! the invoice's checksum and signature hold; its amount is there, above zero and within every cap; its network is
//! the wallet's; it has not expired; the token commits to the invoice's payment hash, and is good for something; the host
//! is allowed; the request can be repeated; whoever is to be asked agrees. A check that fails is a [`ClientError`] of its
//! own, and nothing is spent. [`decision`] is the part of this that needs no I/O.
//!
//! # What is written down
//! A payment has one record in the [`store`](store::Store): reserved, being paid, paid, delivered. Each step is on the
//! disk before what it stands for begins, so that after a crash [`L402Client::resume`] can ask the wallet what became of
//! it: what was paid is not lost, and what may have been paid is not paid again.
//!
//! # What is known after an error
//! [`ClientError::spent`] says whether money was spent: nothing, a known amount, or not known. An unknown outcome
//! is never followed by another payment for the same request.
//!
//! # Security
//! Proofs of payment go over `https`, or over `http` to this machine and to `.onion`. Proxies that
//! the environment names (`HTTPS_PROXY` and so on) are used for other machines only.
//!
//! # Features
//! - `rustls` (default): `https` URLs.
//! - `sqlite`: `SqliteStore`, which outlives the program and is shared by processes.
//! - `blocking`: a client whose methods wait.
//! - `reqwest-middleware`: `L402Middleware` for clients of that crate.
//! - `tower`: `L402Layer` around hyper clients and other services.
//! - `metrics`: counts what happens, through the facade of that name.
//! - `store-contract`: the promises of a store as tests.
//! - `cli`: the command `l402`. Not for libraries.
//! - `mcp`: the command with `l402 mcp`, tools for agents. Not for libraries.
//!
//! # Metrics
//! With the feature `metrics`. All are counters.
//!
//! | name | label | counts |
//! |---|---|---|
//! | `l402_client_payments_total` | `outcome`: `paid`, `failed`, `unknown` | payments that the wallet was asked for, by what it said |
//! | `l402_client_resolved_total` | `outcome`: `paid`, `failed` | payments that were open, by what became of them ([`L402Client::resume`], [`L402Client::settle`]) |
//! | `l402_client_spent_msat_total` | | what both of these spent, with the fees that are known, in millisatoshi |
//! | `l402_client_refused_total` | `code`: [`ClientError::code`] | bills and invoices for which the wallet was not asked to pay |
//! | `l402_client_token_hits_total` | | requests that were sent with a token at hand |
//! | `l402_client_tokens_dropped_total` | | tokens that a server did not accept any more |

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod approval;
#[cfg(feature = "blocking")]
#[cfg_attr(docsrs, doc(cfg(feature = "blocking")))]
pub mod blocking;
mod budget;
mod client;
pub mod decision;
pub mod decode;
mod engine;
mod error;
#[cfg(feature = "reqwest-middleware")]
mod middleware;
mod receipt;
pub mod store;
mod telemetry;
mod token;
#[cfg(feature = "tower")]
mod tower;

/// The version of reqwest whose types this crate speaks.
pub use reqwest;

pub use approval::{Approval, Approver, Proposal};
pub use budget::{Budget, Cap, CapScope, Counted, Denial, Period, Usage};
pub use client::{BuildError, L402Client, L402ClientBuilder, Quote, RequestBuilder};
pub use engine::{OpenPayment, PaidInvoice, Resumed, SettleError, Settlement};
pub use error::{ClientError, HttpError, Spent};
#[cfg(feature = "reqwest-middleware")]
#[cfg_attr(docsrs, doc(cfg(feature = "reqwest-middleware")))]
pub use middleware::L402Middleware;
pub use receipt::Receipt;
pub use store::MemoryStore;
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use store::{SqliteOpenError, SqliteOptions, SqliteStore};
pub use token::{TokenError, TokenFacts};
#[cfg(feature = "tower")]
#[cfg_attr(docsrs, doc(cfg(feature = "tower")))]
pub use tower::{L402Layer, L402Service};

/// The README's examples, compiled.
#[cfg(all(doctest, feature = "sqlite"))]
#[doc = include_str!("../README.md")]
struct Readme;
