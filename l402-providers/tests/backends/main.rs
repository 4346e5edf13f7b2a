//! Every backend against a server that speaks its API, well or badly.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests may fail")]
#![cfg(feature = "_http")]

#[cfg(feature = "alby")]
mod alby;
#[cfg(feature = "blink")]
mod blink;
#[cfg(feature = "btcpay")]
mod btcpay;
#[cfg(feature = "cln")]
mod cln;
#[allow(dead_code, reason = "not every backend alone needs all of it")]
mod contract;
mod http;
#[cfg(feature = "lnbits")]
mod lnbits;
#[cfg(feature = "lnd")]
mod lnd;
#[cfg(feature = "lnurl")]
mod lnurl;
#[cfg(feature = "managed")]
mod managed;
#[cfg(feature = "nwc")]
mod nwc;
#[cfg(feature = "opennode")]
mod opennode;
#[cfg(feature = "phoenixd")]
mod phoenixd;
#[cfg(feature = "strike")]
mod strike;
#[allow(dead_code, reason = "not every backend alone needs all of it")]
mod support;
#[cfg(feature = "zbd")]
mod zbd;
