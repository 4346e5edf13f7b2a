//! The L402 protocol without I/O.
//!
//! L402 sells HTTP requests one by one: the server answers `402 Payment Required` with a *macaroon* (a signed
//! token) and a Lightning *invoice*; the client pays, which reveals the *preimage* of the invoice's payment hash,
//! and repeats the request with both. The token is worth nothing without the preimage, and the preimage fits one
//! token only.
//!
//! This crate knows what is true: how headers and macaroons are written and read ([`header`], [`Macaroon`]), how a
//! token is minted ([`mint`]) and checked ([`Unverified`] and the types after it), and what is needed from outside
//! ([`ports`]). It has no sockets, no clock and no randomness: time and entropy are arguments, bytes go in and
//! come out. The order of steps around a real request is in `l402-server`.
//!
//! See [`Unverified`]'s module for the whole life of a token in thirty lines, and the [`manual`] for the format byte by
//! byte, what deployed software does, the requirements and the threats.
//!
//! # Features
//! - `std` (default): conversion from `SystemTime`. The crate is `no_std` with `alloc` otherwise.
//! - `bolt11`: a view of invoices whose signature is checked (`bolt11::InvoiceFacts`), over `lightning-invoice`, which
//!   builds C. What a seller needs of an invoice, [`bolt11::InvoiceTerms`], is there without.
//! - `third-party`: third-party caveats (`Macaroon::add_third_party`, `Macaroon::bind`) and credentials that
//!   carry discharges.

#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;
#[cfg(any(feature = "std", test))]
extern crate std;

mod amount;
pub mod bolt11;
mod caveat;
mod codec;
mod hash;
pub mod header;
mod identifier;
mod json;
mod key_ring;
mod limits;
mod macaroon;
#[cfg(any(doc, doctest))]
pub mod manual;
mod mint;
mod network;
pub mod ports;
mod proof;
mod secret;
mod sha256;
mod time;
pub mod verify;
#[cfg(test)]
mod verify_cost;
mod wipe;

pub use amount::Msat;
pub use caveat::{AtMost, CaveatPolicy, RequestContext, Satisfier, UnknownCaveats};
pub use hash::{ParseHexError, PaymentHash, RootKeyId, TokenId};
pub use identifier::{Identifier, IdentifierDialect, IdentifierError};
pub use json::JsonError;
pub use key_ring::{FoundKey, KeyRing};
pub use limits::Limits;
#[cfg(feature = "third-party")]
pub use macaroon::DischargeError;
pub use macaroon::{
    Caveat, Caveats, Macaroon, MacaroonDecodeError, MacaroonFormat, MacaroonRef, MacaroonText, ThirdParty,
    TooLarge,
};
pub use mint::{MintRequest, Uses, mint};
pub use network::Network;
pub use secret::{EmptyRootKey, MasterKey, Preimage, RootKey};
pub use time::{Clock, ManualClock, UnixTime};
#[doc(inline)]
pub use verify::{Authentic, Grant, Rejection, Unverified};

/// The examples of the README, to be compiled and run like all others.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
