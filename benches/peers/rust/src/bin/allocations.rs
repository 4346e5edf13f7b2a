//! `allocations FIXTURE`: counts how often every Rust implementation asks Rust's allocator for memory, token by token.

use l402_bench_peers::fixture::Fixture;
use l402_bench_peers::measure::{Measured, print_floor, print_rows};

fn main() {
    let path = std::env::args().nth(1).expect("the path of the fixture");
    let fixture: Fixture = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    print_floor(allocations);
    print_rows(&fixture, allocations);
}

fn allocations(call: &mut dyn FnMut() -> bool) -> Measured {
    call(); // whatever is kept for later calls
    let counted = allocation_counter::measure(|| {
        call();
    });
    Measured::Allocations(counted.count_total)
}
