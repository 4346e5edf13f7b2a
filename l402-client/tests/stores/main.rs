//! The stores: the promises that both keep, and an SQLite file as it is in real life.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests are tests, too")]

mod contract;
mod sqlite;
