//! What a case can do: ask the shim, and compare what it answers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use super::protocol::{Answer, Hello, Request};
use super::shim::{Exchange, Shim, ShimError, cut};
use crate::case::Case;
use crate::chance::Chance;
use crate::generate::{Draw, Effort, Tries};
use crate::outcome::{CaseResult, Evidence, Findings, Outcome};
use crate::settings::Settings;
use crate::vectors::{Expectation, Vector};

/// So many exchanges before a failure are shown.
const SHOWN_EXCHANGES: usize = 3;

/// What one case works with.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) hello: Arc<Result<Hello, ShimError>>,
    pub(super) exhaustive: bool,
    pub(super) chance: Chance,
    draw: Draw,
    shim: Arc<tokio::sync::Mutex<Shim>>,
    findings: Mutex<Findings>,
    is_decided: AtomicBool,
}

impl Context {
    pub(super) fn new(
        shim: Arc<tokio::sync::Mutex<Shim>>,
        hello: Arc<Result<Hello, ShimError>>,
        case: &Case,
        settings: &Settings,
    ) -> Self {
        Self {
            hello,
            exhaustive: settings.exhaustive,
            chance: Chance::new(settings.seed(), case.id),
            draw: Draw::new(case, settings),
            shim,
            findings: Mutex::default(),
            is_decided: AtomicBool::new(false),
        }
    }

    pub(super) fn into_findings(self) -> Findings {
        self.findings.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn findings(&self) -> std::sync::MutexGuard<'_, Findings> {
        self.findings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn note(&self, note: String) {
        self.findings().notes.push(note);
    }

    /// The case has failed: what is asked from now on is no evidence of it.
    pub(super) fn decide(&self) {
        self.is_decided.store(true, Ordering::Relaxed);
    }

    pub(super) const fn case_id(&self) -> &'static str {
        self.draw.case()
    }

    pub(super) fn hello(&self) -> Result<&Hello, Outcome> {
        self.hello.as_ref().as_ref().map_err(|error| Outcome::fail("an answer to `hello`", error.to_string()))
    }

    /// Asks, and records it. A shim that does not answer fails the case.
    pub(super) async fn ask(&self, request: &Request) -> Result<Answer, Outcome> {
        let (exchange, answer) = self.shim.lock().await.ask(request).await;
        self.record(&exchange);
        answer.map_err(|error| {
            if error.is_of_the_suite() {
                Outcome::error(error)
            } else {
                Outcome::fail("one line of JSON that answers the request", error.to_string())
            }
        })
    }

    fn record(&self, exchange: &Exchange) {
        if self.is_decided.load(Ordering::Relaxed) {
            return;
        }
        let text = format!("> {}\n< {}", cut(&exchange.sent), cut(&exchange.received));
        let mut findings = self.findings();
        if findings.evidence.len() == SHOWN_EXCHANGES {
            findings.evidence.remove(0);
        }
        findings.evidence.push(Evidence::transcript("request and answer, line by line", text));
    }

    /// Asks, and wants to be refused. `what` says what was sent.
    pub(super) async fn expect_refused(&self, what: &str, request: &Request) -> CaseResult {
        match self.ask(request).await? {
            Answer::Refused(_) => Ok(()),
            Answer::Unsupported => Err(broken_promise(&request.op)),
            Answer::Ok(_) => Err(Outcome::fail("the verdict `refused`", format!("`ok` for {what}"))),
        }
    }

    /// Asks, and wants to be answered `ok` with at least these fields.
    pub(super) async fn expect_ok(
        &self,
        what: &str,
        request: &Request,
        output: Option<&Map<String, Value>>,
    ) -> CaseResult {
        match self.ask(request).await? {
            Answer::Ok(found) => compare(what, output, &found),
            Answer::Unsupported => Err(broken_promise(&request.op)),
            Answer::Refused(reason) => {
                Err(Outcome::fail("the verdict `ok`", format!("`refused` for {what}: {reason}")))
            }
        }
    }

    /// Asks, and wants any answer: what matters is that there is one.
    pub(super) async fn expect_answer(&self, request: &Request) -> CaseResult {
        self.ask(request).await.map(|_| ())
    }

    /// Asks, and wants what the vector wants.
    pub(super) async fn expect_vector(&self, vector: &Vector, request: &Request) -> CaseResult {
        let what = format!("{} ({})", vector.id, vector.comment);
        match vector.result {
            Expectation::Invalid => self.expect_refused(&what, request).await,
            Expectation::Valid => self.expect_ok(&what, request, vector.output.as_ref()).await,
            Expectation::Acceptable => match self.ask(request).await? {
                Answer::Ok(found) => {
                    self.note(format!("accepts {what}"));
                    compare(&what, vector.output.as_ref(), &found)
                }
                Answer::Refused(_) => {
                    self.note(format!("refuses {what}"));
                    Ok(())
                }
                Answer::Unsupported => Err(broken_promise(&request.op)),
            },
        }
    }
}

impl Tries for Context {
    const EFFORT: Effort = Effort { tries: 256, shrinks: 2000 };

    fn draw(&self) -> &Draw {
        &self.draw
    }

    fn note(&self, text: String) {
        self.note(text);
    }

    fn begin_try(&self) {
        self.findings().evidence.clear();
    }
}

fn broken_promise(op: &str) -> Outcome {
    Outcome::fail(format!("{op}, which is among the operations and formats of `hello`"), "`unsupported`")
}

fn compare(what: &str, wanted: Option<&Map<String, Value>>, found: &Map<String, Value>) -> CaseResult {
    for (name, value) in wanted.into_iter().flatten() {
        let actual = found.get(name);
        if actual != Some(value) {
            let show = |value: &Value| cut(&format!("{name} = {value}"));
            let actual = actual.map_or_else(|| format!("no `{name}`"), show);
            return Err(Outcome::fail(show(value), format!("{actual}, for {what}")));
        }
    }
    Ok(())
}
