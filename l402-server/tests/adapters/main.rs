//! Both adapters in front of the same site, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::future_not_send,
    reason = "a test may fail, and actix is local"
)]

mod ask;
mod attacks;
mod backend;
mod faults;
mod flood;
mod instance;
mod instances;
mod lab;
mod readme;
#[path = "../stores/redis_server.rs"]
#[allow(dead_code, reason = "the tests of the stores use more of it")]
mod redis_server;
mod row;
#[path = "../secrecy/watch.rs"]
mod secrecy;
mod shop;
mod site;
mod slow_bodies;
mod table;
mod token;
mod wire;
