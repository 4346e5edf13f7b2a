//! An agent's host starts `l402 mcp` and calls its tools, with the development node as the wallet.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]

mod agent;
mod approval;
mod hostile;
mod tools;
#[allow(dead_code, reason = "shared with the tests of the command")]
#[path = "../cli/world.rs"]
mod world;
