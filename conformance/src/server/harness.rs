//! The server suite, as the runner sees it.

use super::context::Context;
use super::{EXPIRING_URL, FAILING_URL, LEDGER, OTHER_METHOD, OTHER_URL, PAYER, RESTART, SUITE};
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
        let payer = match self.payer {
            None => "none",
            Some(payer) if payer.has_ledger() => "a dev node",
            Some(_) => "a command",
        };
        let target = self.target;
        let told = [
            ("another URL", target.other.is_some()),
            ("another method", target.other_method.is_some()),
            ("a failing URL", target.failing.is_some()),
            ("an expiring URL", target.expiring.is_some()),
            ("a restart", target.restart.is_some()),
        ];
        let told: Vec<&str> = told.into_iter().filter_map(|(what, given)| given.then_some(what)).collect();
        let told = if told.is_empty() { "nothing".to_owned() } else { told.join(", ") };
        let facts = vec![("payer".to_owned(), payer.to_owned()), ("given besides the URL".to_owned(), told)];
        Subject { suite: SUITE, target: target.url().to_owned(), facts }
    }
}

impl Harness for ServerHarness<'_> {
    type Context = Context;

    fn lacks(&self, need: Need) -> Option<Outcome> {
        let has = match need {
            PAYER => self.payer.is_some(),
            LEDGER => match self.payer {
                Some(payer) if !payer.has_ledger() => {
                    return Some(Outcome::unsupported(format!("{need}; this payer does not")));
                }
                payer => payer.is_some(),
            },
            OTHER_URL => self.target.other.is_some(),
            OTHER_METHOD => self.target.other_method.is_some(),
            FAILING_URL => self.target.failing.is_some(),
            EXPIRING_URL => self.target.expiring.is_some(),
            RESTART => self.target.restart.is_some(),
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
