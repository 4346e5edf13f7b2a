//! The L402 gate, independent of any web framework.
//!
//! A [`Gate`] decides about requests. The order of its steps exists here and nowhere else:
//!
//! 1. read the credential, within [`l402_core::Limits`];
//! 2. no credential: ask the provider for an invoice, check the answer, mint a token, answer 402;
//! 3. look up the root key, check preimage, signature and caveats;
//!    with an `Idempotency-Key`, ask for the body ([`Decision::ReadBody`]), and answer what was answered before;
//! 4. claim one use in the replay store;
//! 5. let the handler run, then commit the use if it delivered, or give it back if it did not.
//!
//! Nothing that fails creates an invoice or burns a use, and no error of a store or provider lets a request in.
//! `l402-axum` and `l402-actix` translate requests and answers and know no rules.
//!
//! ```
//! use l402_core::Msat;
//! use l402_dev::DevNode;
//! use l402_server::{Decision, Gate, RequestParts};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let gate = Gate::builder(DevNode::new()?.provider())
//!     .ephemeral_root_key() // .root_key(master_key_from_env("L402_ROOT_KEY")?) in real life
//!     .price(Msat::from_sat(10))
//!     .build()?;
//!
//! let nobody_paid: &[(&str, &[u8])] = &[];
//! let request = RequestParts::new("GET", "/report", &nobody_paid);
//! let Decision::Answer(reply) = gate.decide(&request).await else { panic!("let in for nothing") };
//! assert_eq!(reply.status, 402);
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod builder;
mod client_key;
mod gate;
mod index;
pub mod keys;
mod paid;
mod patience;
mod pricing;
mod reply;
mod request;
pub mod stores;
mod telemetry;
mod unpaid;

pub use builder::{BuildError, GateBuilder};
pub use client_key::{InvalidNetwork, ProxyHeader, TrustedProxies};
pub use gate::{Decision, Gate};
pub use paid::{Admission, BodyWanted, Delivery, DeliveryError, Idempotency, SettlementCheck};
pub use pricing::{FreeTier, PriceError, PriceRequest, PriceTable, Quote, QuoteError};
pub use reply::{Cors, ErrorShape, HeaderEdits, OnBadToken, Profile, Reply};
pub use request::{HeaderValues, RequestParts};
pub use telemetry::{Challenged, Refused};
pub use unpaid::{OfferLimits, ProviderHealth, Rate};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
