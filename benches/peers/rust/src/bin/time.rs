//! `time FIXTURE`: measures the floor and every Rust implementation once, and prints a line of JSON for each token.

use l402_bench_peers::fixture::Fixture;
use l402_bench_peers::measure::{cpu_time, print_floor, print_rows};

fn main() {
    let path = std::env::args().nth(1).expect("the path of the fixture");
    let fixture: Fixture = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    print_floor(cpu_time);
    print_rows(&fixture, cpu_time);
}
