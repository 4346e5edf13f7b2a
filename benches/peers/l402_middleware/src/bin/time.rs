//! `time FIXTURE`: measures it once, and prints a line of JSON for each token.

use l402_bench_peers::fixture::Fixture;
use l402_bench_peers::measure::{cpu_time, print_rows};

fn main() {
    let fixture = Fixture::from_argument();
    print_rows(l402_bench_peer_l402_middleware::peers(&fixture), &fixture, cpu_time);
}
