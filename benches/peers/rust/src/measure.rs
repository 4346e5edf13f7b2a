//! How long a verification takes, and what is printed of it.

use std::hint::black_box;
use std::time::Duration;

use serde::Serialize;

use crate::fixture::Fixture;
use crate::peers::{Floor, Peer, Token};

#[path = "../../../benches/work/stats.rs"]
#[allow(dead_code, reason = "rounds are compared by who runs this program")]
mod stats;

/// A line of the output: one implementation, one token.
#[derive(Debug, Serialize)]
pub struct Row<'a> {
    implementation: &'a str,
    language: &'a str,
    version: &'a str,
    verifies: &'a [&'a str],
    case: &'a str,
    caveats: usize,
    #[serde(flatten)]
    measured: Measured,
}

/// What was measured.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measured {
    /// CPU time of one verification, in nanoseconds.
    Ns(f64),
    Allocations(u64),
}

/// Checks every implementation and measures it, each with every token.
///
/// # Panics
/// If an implementation takes a wrong token or refuses a valid one, which would make its time worthless.
pub fn print_rows(fixture: &Fixture, measure: impl Fn(&mut dyn FnMut() -> bool) -> Measured) {
    for mut peer in Peer::all(fixture) {
        let name = peer.name;
        let tokens = peer.tokens(fixture);
        for token in &tokens {
            let is_accepted = (peer.verify)(token.header);
            assert_eq!(is_accepted, token.is_valid, "{name} judges {} ({})", token.case, token.caveats);
        }
        for Token { case, caveats, header, .. } in tokens {
            let measured = measure(&mut || (peer.verify)(black_box(header)));
            print_row(&Row {
                implementation: name,
                language: peer.language,
                version: &peer.version,
                verifies: peer.verifies,
                case,
                caveats,
                measured,
            });
        }
    }
}

/// Measures the floor as if it were an implementation.
pub fn print_floor(measure: impl Fn(&mut dyn FnMut() -> bool) -> Measured) {
    for caveats in [0, 3, 10] {
        let measured = measure(&mut || Floor.hash(black_box(caveats)));
        print_row(&Row {
            implementation: "floor",
            language: "Rust",
            version: "",
            verifies: &["nothing: SHA-256 of as many blocks"],
            case: "valid",
            caveats,
            measured,
        });
    }
}

#[allow(clippy::print_stdout, reason = "that is what its programs are for")]
fn print_row(row: &Row<'_>) {
    println!("{}", serde_json::to_string(row).unwrap());
}

/// CPU time of one call in nanoseconds: the median of nine slots of at least two milliseconds.
pub fn cpu_time(call: &mut dyn FnMut() -> bool) -> Measured {
    const SLOT: Duration = Duration::from_millis(2);
    let mut slot = |calls: u32| {
        let start = stats::thread_time();
        for _ in 0..calls {
            black_box(call());
        }
        stats::thread_time() - start
    };
    let mut calls = 1;
    while slot(calls) < SLOT {
        calls *= 2;
    }
    let (ns, _) = stats::median((0..9).map(|_| slot(calls).as_nanos() as f64 / f64::from(calls)));
    Measured::Ns((ns * 10.0).round() / 10.0)
}
