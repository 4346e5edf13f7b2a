//! [`Trial`]: something that is generated and tried, the same way in every suite.

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use proptest::strategy::BoxedStrategy;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Replay, Source};
use crate::case::Case;
use crate::check::CaseFuture;
use crate::outcome::{CaseResult, Outcome};
use crate::settings::Settings;

/// Something that is generated and tried in a suite's context `C`.
pub(crate) trait Trial<C>:
    Clone + Debug + Serialize + DeserializeOwned + Send + Sync + 'static
{
    fn strategy() -> BoxedStrategy<Self>;

    fn run<'a>(&'a self, context: &'a C) -> CaseFuture<'a>;
}

/// A suite's context, as its generated cases need it.
pub(crate) trait Tries: Sync {
    const EFFORT: Effort;

    fn draw(&self) -> &Draw;

    fn note(&self, text: String);

    /// A try begins: what happened in those before is no evidence any more.
    fn begin_try(&self);
}

/// How much a case tries, by what a try costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Effort {
    /// So many values are tried, unless [`Settings::with_generated`] says otherwise.
    pub(crate) tries: u32,
    /// So often at most a value that failed is made smaller.
    pub(crate) shrinks: u32,
}

/// What a run was told about generated cases.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes {
    pub(crate) count: Option<u32>,
    pub(crate) save: Option<PathBuf>,
    pub(crate) replay: Option<Replay>,
}

impl Wishes {
    /// Reads the saved value, and says which case it is of.
    pub(crate) fn replay(&mut self, file: &Path) -> Result<String, String> {
        let replay = Replay::read(file)?;
        let case = replay.case.clone();
        self.replay = Some(replay);
        Ok(case)
    }
}

/// What one case draws from, and what becomes of it.
#[derive(Clone, Debug)]
pub(crate) struct Draw {
    case: &'static str,
    seed: u64,
    wishes: Wishes,
}

impl Draw {
    pub(crate) fn new(case: &Case, settings: &Settings) -> Self {
        Self { case: case.id, seed: settings.seed(), wishes: settings.generated.clone() }
    }

    /// The id of the case.
    pub(crate) const fn case(&self) -> &'static str {
        self.case
    }
}

/// Tries generated values, or the one that is replayed.
pub(crate) async fn try_all<T: Trial<C>, C: Tries>(context: &C) -> CaseResult {
    let Draw { case, seed, wishes } = context.draw();
    if let Some(replay) = wishes.replay.as_ref().filter(|replay| replay.case == *case) {
        let value: T = replay.value().map_err(Outcome::error)?;
        return value.run(context).await;
    }
    let effort = Effort { tries: wishes.count.unwrap_or(C::EFFORT.tries), ..C::EFFORT };
    let mut source = Source::new(*seed, case, effort, T::strategy);
    let mut smallest = Ok(());
    let mut failing = None;
    while let Some(value) = source.next().await {
        context.begin_try();
        let result = value.run(context).await;
        // Of the suite's own troubles nothing is to be learnt by repeating them.
        let is_failure = matches!(result, Err(Outcome::Fail { .. } | Outcome::Warn { .. }));
        if result.is_err() {
            smallest = result;
            failing = Some(value);
            if !is_failure {
                return smallest;
            }
        }
        source.tried(is_failure);
    }
    let Some(value) = failing else { return smallest };
    let replay = Replay::new(case, *seed, &value).map_err(Outcome::error)?;
    context.note(format!("the smallest that went wrong: {}", replay.value));
    if let Some(directory) = &wishes.save {
        let path = replay.save(directory).map_err(Outcome::error)?;
        context.note(format!("saved; again: --replay '{}'", path.display()));
    }
    // What is shown is the exchange with the smallest, not with the last one that was tried.
    context.begin_try();
    value.run(context).await.and(smallest)
}
