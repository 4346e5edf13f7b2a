//! [`Check`]: a case with the code that decides it.

use std::pin::Pin;

use crate::case::{Case, Need};
use crate::outcome::{CaseResult, Findings, Outcome};
use crate::settings::Settings;

/// A case, and the code that decides it within a suite's context `C`.
#[derive(Debug)]
pub(crate) struct Check<C> {
    pub(crate) case: Case,
    pub(crate) run: Run<C>,
}

pub(crate) type Run<C> = for<'a> fn(&'a C) -> CaseFuture<'a>;

pub(crate) type CaseFuture<'a> = Pin<Box<dyn Future<Output = CaseResult> + Send + 'a>>;

impl<C> Clone for Check<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for Check<C> {}

/// A suite, seen from the runner: it has what the cases need, and makes each a context of its own.
pub(crate) trait Harness: Sync {
    type Context: Send + Sync;

    /// `None` if it has what is needed. Otherwise how the case ends: skipped when nobody gave it, unsupported when the
    /// implementation does not have it.
    fn lacks(&self, need: Need) -> Option<Outcome>;

    fn context(&self, case: &Case, settings: &Settings) -> Self::Context;

    fn findings(context: Self::Context) -> Findings;
}
