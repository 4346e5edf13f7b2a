//! [`Source`]: values from a strategy, and the smallest one that fails.

use std::fmt::Debug;
use std::sync::mpsc;
use std::thread;

use proptest::strategy::{BoxedStrategy, Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::Effort;
use crate::wire::sha256;

/// Draws values from a strategy. Once one is said to fail, only smaller ones come, until none that is smaller fails:
/// the last one that failed is the smallest.
///
/// Strategies live on a thread of their own, since what they draw can be tried out by tasks that move between
/// threads, and what they draw from cannot.
#[derive(Debug)]
pub(crate) struct Source<T> {
    values: tokio::sync::mpsc::Receiver<T>,
    failures: mpsc::Sender<bool>,
}

impl<T: Clone + Debug + Send + 'static> Source<T> {
    /// As many values as `effort` says, always the same ones for the same `seed` and `name`.
    pub(crate) fn new(seed: u64, name: &str, effort: Effort, strategy: fn() -> BoxedStrategy<T>) -> Self {
        let seed = sha256(&[seed.to_be_bytes().as_slice(), name.as_bytes()].concat());
        let (sender, values) = tokio::sync::mpsc::channel(1);
        let (failures, answers) = mpsc::channel();
        thread::spawn(move || {
            // Nobody is left who could try it: not a failure, and there will be nothing more.
            let fails = |value: T| sender.blocking_send(value).is_ok() && answers.recv() == Ok(true);
            draw(&seed, effort, &strategy(), fails);
        });
        Self { values, failures }
    }

    /// The next value to try, after whose trial [`Source::tried`] is to be called.
    pub(crate) async fn next(&mut self) -> Option<T> {
        self.values.recv().await
    }

    pub(crate) fn tried(&self, failed: bool) {
        // The thread may have come to its end.
        let _ = self.failures.send(failed);
    }
}

fn draw<T: Debug>(
    seed: &[u8; 32],
    effort: Effort,
    strategy: &BoxedStrategy<T>,
    mut fails: impl FnMut(T) -> bool,
) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, seed);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    for _ in 0..effort.tries {
        let Ok(mut tree) = strategy.new_tree(&mut runner) else { return };
        if !fails(tree.current()) {
            continue;
        }
        let mut goes_on = tree.simplify();
        for _ in 0..effort.shrinks {
            if !goes_on {
                break;
            }
            goes_on = if fails(tree.current()) { tree.simplify() } else { tree.complicate() };
        }
        return;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(seed: u64, fails: fn(&Vec<u32>) -> bool) -> (Vec<Vec<u32>>, Option<Vec<u32>>) {
        let strategy = || proptest::collection::vec(0_u32..1000, 0..10).boxed();
        let mut source = Source::new(seed, "test", Effort { tries: 100, shrinks: 2000 }, strategy);
        let (mut seen, mut smallest) = (Vec::new(), None);
        while let Some(value) = source.next().await {
            let failed = fails(&value);
            seen.push(value.clone());
            source.tried(failed);
            if failed {
                smallest = Some(value);
            }
        }
        (seen, smallest)
    }

    #[tokio::test]
    async fn the_same_seed_draws_the_same() {
        let (first, none) = run(1, |_| false).await;
        assert_eq!((first.len(), none), (100, None));
        assert_eq!(run(1, |_| false).await.0, first);
        assert_ne!(run(2, |_| false).await.0, first);
    }

    #[tokio::test]
    async fn the_last_failure_is_the_smallest() {
        let (_, smallest) = run(1, |value| value.iter().any(|number| *number >= 700)).await;
        assert_eq!(smallest, Some(vec![700]));
    }
}
