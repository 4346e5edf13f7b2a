//! When a node that tries again has stopped trying.
//!
//! Core Lightning calls a payment failed between two attempts, too, and whoever passes on what it says does the same
//! ([#9036](https://github.com/ElementsProject/lightning/issues/9036)). Its word counts when no attempt can follow.

use std::time::SystemTime;

/// How long a node is told to try, at most, in seconds.
pub(crate) const LONGEST: u64 = 600;

/// How far our clock may be from the node's, in seconds.
const CLOCK_SKEW: u64 = 60;

/// Whether no attempt can follow one that was begun then, in seconds since 1970.
pub(crate) fn are_over(begun: u64) -> bool {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
    begun.saturating_add(LONGEST + CLOCK_SKEW) < now
}
