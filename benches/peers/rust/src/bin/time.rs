//! `time FIXTURE`: measures the floor and every Rust implementation once, and prints a line of JSON for each token.

use l402_bench_peers::fixture::Fixture;
use l402_bench_peers::measure::{cpu_time, print_floor, print_rows};
use l402_bench_peers::peers::Peer;

fn main() {
    let fixture = Fixture::from_argument();
    print_floor(cpu_time);
    print_rows(Peer::all(&fixture), &fixture, cpu_time);
}
