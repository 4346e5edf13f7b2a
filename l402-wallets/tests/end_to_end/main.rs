//! The whole way with real parts on both sides: a paywall with a provider of one backend, a client with its wallet, and money
//! of that backend in between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may fail")]

#[cfg(feature = "ldk")]
mod ldk;
#[cfg(feature = "lnbits")]
mod lnbits;
#[cfg(feature = "nwc")]
mod nwc;
#[allow(dead_code, reason = "not every backend alone needs all of it")]
mod shop;
/// Shared with the tests of providers.
#[cfg(feature = "nwc")]
#[allow(dead_code, reason = "the other tests need the rest")]
#[path = "../../../l402-providers/tests/backends/support/nostr.rs"]
mod wallet_service;
