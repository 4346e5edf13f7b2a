//! Both adapters in front of the same site, over real sockets.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::future_not_send,
    reason = "a test may fail, and actix is local"
)]

mod ask;
mod lab;
mod row;
mod secrets;
mod site;
mod table;
mod token;
mod wire;
