//! Writes the tokens that every implementation verifies, as JSON. Those of l402kit are valid for an hour.
#![allow(clippy::print_stdout, reason = "that is what it is for")]

use l402_bench_peers::fixture::Fixture;

fn main() {
    println!("{}", serde_json::to_string_pretty(&Fixture::new()).unwrap());
}
