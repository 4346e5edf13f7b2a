//! `allocations FIXTURE`: counts how often every Rust implementation asks Rust's allocator for memory, token by token.

use l402_bench_peers::fixture::Fixture;
use l402_bench_peers::measure::{Measured, print_floor, print_rows};
use l402_bench_peers::peers::Peer;

fn main() {
    let fixture = Fixture::from_argument();
    print_floor(allocations);
    print_rows(Peer::all(&fixture), &fixture, allocations);
}

fn allocations(call: &mut dyn FnMut() -> bool) -> Measured {
    call(); // whatever is kept for later calls
    let counted = allocation_counter::measure(|| {
        call();
    });
    Measured::Allocations(counted.count_total)
}
