//! Counting uses: in memory, next to the map that everybody would write; in SQLite, on the disk of the temporary
//! directory; in a Redis server that is started for it, next to the one command that a claim cannot do without.
//!
//! With an argument, `memory` or `waiting`, that part only; with the name of a row behind it, that row only, next to what
//! it is compared with: for who profiles it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    missing_docs,
    reason = "a benchmark may stop"
)]

mod memory;
#[path = "../work/record.rs"]
mod record;
#[path = "../../../l402-server/tests/stores/redis_server.rs"]
#[allow(dead_code, clippy::expect_used, reason = "tests need more of it")]
mod redis_server;
#[path = "../work/stats.rs"]
mod stats;
mod waiting;

use std::num::NonZeroU32;

use l402_core::ports::{Claim, LeaseId};
use l402_core::{PaymentHash, UnixTime};

const NOW: u64 = 1_900_000_000;

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let (part, row) = (arguments.next(), arguments.next());
    if part.as_deref() != Some("waiting") {
        memory::run(row.as_deref(), &mut record::Record::new("stores-memory"));
    }
    if part.as_deref() != Some("memory") {
        waiting::run(row.as_deref(), &mut record::Record::new("stores-waiting"));
    }
}

/// A claim of the only use, `later` seconds after the others.
fn claim_of(payment_hash: PaymentHash, later: u64) -> Claim {
    let mut lease = [0; 16];
    lease.copy_from_slice(&payment_hash.as_bytes()[..16]);
    let at = |secs| UnixTime::from_secs(NOW + later + secs);
    Claim::new(payment_hash, LeaseId::from_bytes(lease), NonZeroU32::MIN, at(0), at(60), at(3600))
}
