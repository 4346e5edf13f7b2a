//! The client against servers and wallets of every kind, over real HTTP on loopback.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

#[cfg(all(feature = "blocking", feature = "reqwest-middleware", feature = "tower"))]
mod drivers;
mod hostile_answers;
mod hostile_servers;
mod hostile_wallets;
mod journal;
mod paying;
mod redirects;
mod rules;
mod settling;
#[path = "../support/mod.rs"]
mod support;
mod tokens;
