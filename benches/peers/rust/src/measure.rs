//! How long a verification takes, and what is printed of it.

use std::hint::black_box;
use std::time::Duration;

use serde::Serialize;

use crate::fixture::Fixture;
use crate::peers::{Floor, Peer, Token};

#[path = "../../../benches/work/stats.rs"]
#[allow(dead_code, reason = "rounds are compared by who runs this program")]
mod stats;

/// What is measured of calls.
pub type Measure = fn(&mut dyn FnMut() -> bool) -> Measured;

/// A line of the output: one implementation, one token.
#[derive(Serialize)]
struct Row<'a> {
    implementation: &'a str,
    language: &'a str,
    version: &'a str,
    verifies: &'a [&'a str],
    case: &'a str,
    caveats: usize,
    #[serde(flatten)]
    measured: Measured,
}

/// The line of an implementation that is left out.
#[derive(Serialize)]
struct Skipped<'a> {
    implementation: &'a str,
    skipped: String,
}

/// What was measured.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Measured {
    /// CPU time of one verification, in nanoseconds.
    Ns(f64),
    Allocations(u64),
}

/// Checks implementations and measures them, each with every token.
///
/// One that takes a wrong token or refuses a valid one is left out, which is printed: its time would be worthless.
///
/// # Panics
/// If that one is ours.
pub fn print_rows(peers: Vec<Peer<'_>>, fixture: &Fixture, measure: Measure) {
    for mut peer in peers {
        let name = peer.name;
        let tokens = peer.tokens(fixture);
        let wrong = tokens.iter().find(|token| (peer.verify)(token.header) != token.is_valid);
        if let Some(token) = wrong {
            assert_ne!(name, "l402-core", "misjudges {} ({} caveats)", token.case, token.caveats);
            print_line(&Skipped { implementation: name, skipped: format!("misjudges {}", token.case) });
            continue;
        }
        for Token { case, caveats, header, .. } in tokens {
            let measured = measure(&mut || (peer.verify)(black_box(header)));
            print_line(&Row {
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
pub fn print_floor(measure: Measure) {
    for caveats in [0, 3, 10] {
        let measured = measure(&mut || Floor.hash(black_box(caveats)));
        print_line(&Row {
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
fn print_line(line: &impl Serialize) {
    println!("{}", serde_json::to_string(line).unwrap());
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
