//! Every replay store against the contract, a model of it, and what breaks in real life.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail")]

mod abandoned;
mod claims;
mod flawed;
mod kept;
mod model;
mod proxy;
mod redis;
mod redis_server;
mod sqlite;
