//! `allocations FIXTURE`: counts how often it asks Rust's allocator for memory, token by token.

use l402_bench_peers::fixture::Fixture;
use l402_bench_peers::measure::{Measured, print_rows};

fn main() {
    let fixture = Fixture::from_argument();
    print_rows(l402_bench_peer_l402_middleware::peers(&fixture), &fixture, allocations);
}

fn allocations(call: &mut dyn FnMut() -> bool) -> Measured {
    call(); // whatever is kept for later calls
    let counted = allocation_counter::measure(|| {
        call();
    });
    Measured::Allocations(counted.count_total)
}
