//! How fast others verify the same token: what they are given, who they are, and how a round is measured.
//!
//! `fixture` writes the tokens that every language verifies, `time` measures the Rust implementations once, and
//! `allocations` counts how often they ask for memory; that is a program of its own because counting takes time.

pub mod fixture;
pub mod measure;
pub mod peers;

#[path = "../../../benches/work/mod.rs"]
#[allow(dead_code, reason = "nobody else derives root keys")]
mod work;
