//! The command, run as a user runs it.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests may fail")]

#[cfg(unix)]
mod asked;
mod books;
#[cfg(unix)]
mod conformance;
mod fetch;
mod killed;
mod settled;
mod world;
