//! Every wallet against a server that speaks its API, well or badly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may fail")]
#![cfg(feature = "_http")]

#[cfg(feature = "alby")]
mod alby;
#[cfg(feature = "alby")]
mod alby_account;
#[cfg(feature = "blink")]
mod blink;
#[cfg(feature = "btcpay")]
mod btcpay;
#[cfg(feature = "cln")]
mod cln;
#[allow(dead_code, reason = "not every backend alone needs all of it")]
mod contract;
#[cfg(feature = "lnbits")]
mod lnbits;
#[cfg(feature = "lnd")]
mod lnd;
#[cfg(feature = "nwc")]
mod nwc;
#[cfg(feature = "phoenixd")]
mod phoenixd;
#[cfg(feature = "strike")]
mod strike;
/// One set of signed bills and misbehaving servers for both crates.
#[allow(dead_code, reason = "the other crate needs the rest")]
#[path = "../../../l402-providers/tests/backends/support/mod.rs"]
mod support;
#[cfg(feature = "zbd")]
mod zbd;
