//! When a read is repeated, and how long to wait before.

use std::time::Duration;

/// How often a read is tried altogether.
pub(crate) const TRIES: u32 = 3;

/// The pause after `tries` attempts: twice as long each time, and between half and all of that, so that many clients
/// that failed together do not come back together.
pub(crate) fn pause(base: Duration, tries: u32) -> Duration {
    let full = base.saturating_mul(1 << tries.saturating_sub(1).min(16));
    // Without randomness pauses are regular, which is no reason to fail.
    let share = getrandom::u32().unwrap_or(u32::MAX);
    full / 2 + (full / 2).mul_f64(f64::from(share) / f64::from(u32::MAX))
}

/// Whether a read that ended with this status may end better the next time.
pub(super) const fn is_transient(status: u16) -> bool {
    matches!(status, 502..=504)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_differ() {
        let base = Duration::from_millis(100);
        for (tries, full) in [(1, 100), (2, 200), (3, 400)] {
            let all: Vec<_> = (0..50).map(|_| pause(base, tries)).collect();
            let full = Duration::from_millis(full);
            assert!(all.iter().all(|&pause| full / 2 <= pause && pause <= full), "{all:?}");
            assert!(all.iter().any(|&pause| pause != all[0]), "{all:?}");
        }
        assert_eq!(pause(Duration::ZERO, 3), Duration::ZERO);
    }
}
