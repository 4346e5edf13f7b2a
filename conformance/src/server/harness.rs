//! The server suite, as the runner sees it.

use super::context::Context;
use super::{OTHER_URL, PAYER, SUITE};
use crate::case::{Case, Need};
use crate::check::Harness;
use crate::outcome::{Findings, Outcome};
use crate::payer::Payer;
use crate::report::Subject;
use crate::settings::Settings;
use crate::target::Target;

#[derive(Debug)]
pub(super) struct ServerHarness<'a> {
    target: &'a Target,
    payer: Option<&'a Payer>,
}

impl<'a> ServerHarness<'a> {
    pub(super) const fn new(target: &'a Target, payer: Option<&'a Payer>) -> Self {
        Self { target, payer }
    }

    pub(super) fn subject(&self) -> Subject {
        Subject { suite: SUITE, target: self.target.url().to_owned(), facts: Vec::new() }
    }
}

impl Harness for ServerHarness<'_> {
    type Context = Context;

    fn lacks(&self, need: Need) -> Option<Outcome> {
        let has = match need {
            PAYER => self.payer.is_some(),
            OTHER_URL => self.target.other.is_some(),
            _ => false,
        };
        (!has).then(|| Outcome::skip(format!("needs {need}")))
    }

    fn context(&self, case: &Case, settings: &Settings) -> Context {
        Context::new(self.target.clone(), self.payer.cloned(), case, settings)
    }

    fn findings(context: Context) -> Findings {
        context.into_findings()
    }
}
