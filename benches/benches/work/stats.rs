//! CPU time of a thread, and medians.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The CPU time that this thread has used.
pub(crate) fn thread_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap())
}

/// The median, and the quartiles around it.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> (f64, [f64; 2]) {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    (quantile(&values, 0.5), [quantile(&values, 0.25), quantile(&values, 0.75)])
}

/// A quantile of sorted values.
pub(crate) fn quantile(sorted: &[f64], at: f64) -> f64 {
    sorted[((sorted.len() - 1) as f64 * at) as usize]
}

/// What each case adds to the one that it is held against, round by round.
pub(crate) fn against(rounds: &[Vec<f64>], case: usize, bare: usize) -> impl Iterator<Item = (f64, f64)> {
    rounds.iter().map(move |round| (round[case], round[bare]))
}
