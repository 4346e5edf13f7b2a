//! [`Settings`]: which cases run, and how they are scored.

use std::path::{Path, PathBuf};

use wildmatch::WildMatch;

use crate::case::{Case, Level};
use crate::expected::Expected;
use crate::generate::Wishes;
use crate::profile::Profile;

/// Which cases run, and how they are scored. The same for all suites.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub(crate) profile: Profile,
    pub(crate) strict: bool,
    pub(crate) seed: Option<u64>,
    pub(crate) expected: Expected,
    pub(crate) exhaustive: bool,
    pub(crate) generated: Wishes,
    only: Vec<WildMatch>,
    skip: Vec<WildMatch>,
    level: Option<Level>,
    without: Vec<String>,
}

impl Settings {
    /// Every case, scored by the default profile.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whose reading counts where texts contradict each other. Default: [`Profile::Default`].
    #[must_use]
    pub const fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Warnings, and cases that were not checked, make the verdict [failing](crate::Verdict::Failing). Default: no.
    #[must_use]
    pub const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Chance is drawn from this number, so that a run can be repeated. Default: another number each time, which the
    /// report has.
    #[must_use]
    pub const fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Deviations that are known, and have reasons. Default: none.
    #[must_use]
    pub fn with_expected(mut self, expected: Expected) -> Self {
        self.expected = expected;
        self
    }

    /// Where cases try a sample, such as some bits of a token to flip, they try all: thousands of requests. Default: no.
    #[must_use]
    pub const fn exhaustive(mut self) -> Self {
        self.exhaustive = true;
        self
    }

    /// How many values each generated case tries. Default: 256 for verifiers, 48 for servers and 8 for clients, by what one
    /// try costs.
    #[must_use]
    pub const fn with_generated(mut self, count: u32) -> Self {
        self.generated.count = Some(count);
        self
    }

    /// Where a generated value that went wrong is kept, as small as it can be made. Default: nowhere.
    #[must_use]
    pub fn with_save(mut self, directory: impl Into<PathBuf>) -> Self {
        self.generated.save = Some(directory.into());
        self
    }

    /// Tries the value of this file again, which [`with_save`](Self::with_save) kept, in its case and in those that it
    /// depends on.
    ///
    /// # Errors
    /// What is wrong with the file.
    pub fn with_replay(mut self, file: &Path) -> Result<Self, String> {
        let case = self.generated.replay(file)?;
        Ok(self.only(&case))
    }

    /// Runs the cases with this id, and those that they depend on. `*` stands for any characters. If it is said
    /// several times, all of them run. Default: every case.
    #[must_use]
    pub fn only(mut self, pattern: &str) -> Self {
        self.only.push(WildMatch::new(pattern));
        self
    }

    /// Leaves the cases with this id out. `*` stands for any characters.
    ///
    /// A MUST that is left out makes the verdict [partial](crate::Verdict::Partial). For a deviation that is known and
    /// stays, take [`with_expected`](Self::with_expected).
    #[must_use]
    pub fn skip(mut self, pattern: &str) -> Self {
        self.skip.push(WildMatch::new(pattern));
        self
    }

    /// Runs cases of this level and of stricter ones. Default: all levels.
    #[must_use]
    pub const fn with_level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Says that the implementation does not have what some cases need, by the [need's name](crate::Need::name):
    /// these cases end as unsupported rather than skipped, and do not make the verdict partial.
    #[must_use]
    pub fn without(mut self, need: impl Into<String>) -> Self {
        self.without.push(need.into());
        self
    }

    /// The seed that was given, or any.
    pub(crate) fn seed(&self) -> u64 {
        let any = || getrandom::u64().unwrap_or_default(); // a fixed one is as good, it only repeats
        self.seed.unwrap_or_else(any)
    }

    pub(crate) fn lacks(&self, need: &str) -> bool {
        self.without.iter().any(|name| name == need)
    }

    pub(crate) fn selects(&self, case: &Case) -> bool {
        let named = self.only.is_empty() || self.only.iter().any(|pattern| pattern.matches(case.id));
        let strict_enough = self.level.is_none_or(|level| case.level_in(self.profile) <= level);
        named && strict_enough && !self.excludes(case)
    }

    /// Left out even if a selected case depends on it.
    pub(crate) fn excludes(&self, case: &Case) -> bool {
        self.skip.iter().any(|pattern| pattern.matches(case.id))
    }

    /// The needs that were named and that no case has.
    pub(crate) fn unknown_needs<'s>(&'s self, cases: &'s [Case]) -> impl Iterator<Item = &'s str> + 's {
        let needed = |name: &str| cases.iter().any(|case| case.needs.iter().any(|need| need.name() == name));
        self.without.iter().map(String::as_str).filter(move |name| !needed(name))
    }

    /// The names that were given and that fit no case.
    pub(crate) fn unknown_patterns<'s>(&'s self, cases: &'s [Case]) -> impl Iterator<Item = String> + 's {
        let unknown = |pattern: &&WildMatch| !cases.iter().any(|case| pattern.matches(case.id));
        self.only.iter().chain(&self.skip).filter(unknown).map(ToString::to_string)
    }
}
