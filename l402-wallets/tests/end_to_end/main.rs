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
#[allow(dead_code, reason = "not every backend alone needs all of it")]
mod trade;
