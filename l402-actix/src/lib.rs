//! Charge for actix-web routes over Lightning.
//!
//! [`L402`] puts a [`Gate`] in front of an app, a scope, a resource or a route. Whoever has not paid gets `402 Payment
//! Required` with an invoice; whoever comes back with the proof gets in, once per payment. A handler that fails
//! (no 2xx and no 304, a panic, a client that went away) is not charged: the buyer keeps the token.
//!
//! Wrap routes: around an app or a resource, paths and methods that do not exist are sold as well, and then answered
//! 404 or 405; around an app or a scope, guards are not looked at for the price, as nothing is routed yet. For [`Cors`], wrap
//! the resource, since a route of it does not see the preflights, which are `OPTIONS` requests. And call `HttpServer::h1_allow_half_closed(false)`: by default actix-web runs the handler of an HTTP/1
//! client that went away to its end, which is then charged.
//!
//! ```
//! use actix_web::{App, web};
//! use l402_actix::{Gate, L402, Msat, Paid};
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
//! let app = App::new().service(web::resource("/report").route(web::get().to(report).wrap(L402::new(gate))));
//! # let _ = app;
//! # Ok(())
//! # }
//! ```
//!
//! Build the gate once, outside the closure of `HttpServer::new`, and clone it in: the workers then share one
//! store of uses.

#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod body;
mod extract;
mod future;
mod idempotency;
mod middleware;
mod request;
mod response;

pub use body::ChargedBody;
pub use extract::{NotPaid, Paid};
pub use future::ResponseFuture;
pub use l402_core::{Grant, MasterKey, Msat};
#[doc(no_inline)]
pub use l402_server::{
    BuildError, Challenged, Cors, ErrorShape, FreeTier, Gate, GateBuilder, Idempotency, InvalidNetwork,
    OfferLimits, OnBadToken, PriceError, PriceRequest, PriceTable, Profile, ProviderHealth, ProxyHeader,
    Quote, QuoteError, Rate, Refused, SettlementCheck, TrustedProxies, keys, stores,
};
pub use middleware::{L402, L402Service};

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
