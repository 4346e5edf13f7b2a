//! Claims for tests that are about stores rather than about the contract.

use std::num::NonZeroU32;
use std::time::Duration;

use l402_core::ports::{Claim, LeaseId};
use l402_core::{PaymentHash, UnixTime};

/// No answer comes too late, however busy the machine is: that is for the tests about waiting. It ends one that would hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) const NOW: u64 = 1_900_000_000;
pub(crate) const LEASE: u64 = 60;

/// Claim number `lease` of token number `token`, which has `uses`, `now` seconds after the beginning.
pub(crate) fn claim(token: u8, lease: u64, uses: u32, now: u64) -> Claim {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&lease.to_be_bytes());
    Claim::new(
        PaymentHash::from_bytes([token; 32]),
        LeaseId::from_bytes(id),
        NonZeroU32::new(uses).unwrap(),
        UnixTime::from_secs(NOW + now),
        UnixTime::from_secs(NOW + now + LEASE),
        UnixTime::from_secs(NOW + 86_400),
    )
}
