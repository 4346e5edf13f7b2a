//! The client against servers and wallets of every kind, over real HTTP on loopback.

mod hostile_servers;
mod hostile_wallets;
mod paying;
mod redirects;
mod secrets;
mod support;
