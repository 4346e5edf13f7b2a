//! The command, run as a user runs it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]

mod books;
#[cfg(unix)]
mod conformance;
mod fetch;
mod killed;
mod world;
