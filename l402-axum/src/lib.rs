//! Charge for axum routes over Lightning.
//!
//! [`L402Layer`] puts a [`Gate`] in front of the routes it is layered on. Whoever has not paid gets `402 Payment
//! Required` with an invoice; whoever comes back with the proof gets in, once per payment. A handler that fails
//! (no 2xx and no 304, a panic, a client that went away) is not charged: the buyer keeps the token.
//!
//! Use `route_layer`: with `layer`, paths that do not exist are sold as well, and then answered 404. On the methods of a
//! route, as below, `route_layer` sells no methods that do not exist either, nor does it see them: for
//! [`Cors`], whose preflights are `OPTIONS` requests, put it on the router.
//!
//! ```
//! use axum::Router;
//! use axum::routing::get;
//! use l402_axum::{Gate, L402Layer, Msat, Paid};
//! use l402_dev::DevNode;
//!
//! async fn report(paid: Paid) -> String {
//!     format!("a report for payment {}", paid.payment_hash)
//! }
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let gate = Gate::builder(DevNode::new()?.provider())
//!     .ephemeral_root_key() // .root_key(master_key_from_env("L402_ROOT_KEY")?) in real life
//!     .price(Msat::from_sat(10))
//!     .build()?;
//! let app: Router = Router::new().route("/report", get(report).route_layer(L402Layer::new(gate)));
//! # Ok(())
//! # }
//! ```
//!
//! # Prices per route
//! Layer another gate on another route. Gates that share the root key must share the store, too:
//!
//! ```
//! # use axum::{Router, routing::get};
//! # use l402_axum::{Gate, L402Layer, MasterKey, Msat, stores::MemoryReplayStore};
//! # use l402_dev::DevNode;
//! # fn app(key: MasterKey) -> Result<(), Box<dyn std::error::Error>> {
//! let (node, store) = (DevNode::new()?, MemoryReplayStore::default());
//! let gate = |price| Gate::builder(node.provider()).root_key(key.clone()).store(store.clone()).price(price).build();
//! let app: Router = Router::new()
//!     .route("/cheap", get("cheap").route_layer(L402Layer::new(gate(Msat::from_sat(1))?)))
//!     .route("/dear", get("dear").route_layer(L402Layer::new(gate(Msat::from_sat(500))?)));
//! # Ok(())
//! # }
//! ```
//! A token is bound to the path and method it was bought for, so a cheap one does not open the dear route.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod extract;
mod future;
mod idempotency;
mod layer;
mod request;
mod response;

pub use extract::{NotPaid, Paid};
pub use future::ResponseFuture;
pub use l402_core::{Grant, MasterKey, Msat};
#[doc(no_inline)]
pub use l402_server::{
    BuildError, Challenged, Cors, ErrorShape, FreeTier, Gate, GateBuilder, Idempotency, InvalidNetwork,
    OfferLimits, OnBadToken, PriceError, PriceRequest, PriceTable, Profile, ProviderHealth, ProxyHeader,
    Quote, QuoteError, Rate, Refused, SettlementCheck, TrustedProxies, keys, stores,
};
pub use layer::{L402Layer, L402Service};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// The workspace's README, whose examples need this crate.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct WorkspaceReadme;
