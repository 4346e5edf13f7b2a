//! The verifier suite, as the runner sees it.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::context::Context;
use super::protocol::{Hello, Request};
use super::shim::{Shim, ShimError};
use super::{SUITE, Verifier, needs};
use crate::case::{Case, Need};
use crate::check::Harness;
use crate::outcome::{Findings, Outcome};
use crate::report::Subject;
use crate::settings::Settings;

#[derive(Debug)]
pub(super) struct VerifierHarness {
    verifier: Verifier,
    shim: Arc<Mutex<Shim>>,
    hello: Arc<Result<Hello, ShimError>>,
}

impl VerifierHarness {
    /// Starts the shim and asks who it is.
    pub(super) async fn start(verifier: &Verifier) -> Self {
        let mut shim = Shim::new(&verifier.command, verifier.timeout);
        let hello = greet(&mut shim).await;
        Self { verifier: verifier.clone(), shim: Arc::new(Mutex::new(shim)), hello: Arc::new(hello) }
    }

    pub(super) fn subject(&self) -> Subject {
        let facts = self.hello.as_ref().as_ref().map_or_else(|_| Vec::new(), facts);
        Subject { suite: SUITE, target: self.verifier.command.clone(), facts }
    }

    pub(super) async fn stop(&self) {
        self.shim.lock().await.stop().await;
    }
}

pub(super) async fn greet(shim: &mut Shim) -> Result<Hello, ShimError> {
    use super::protocol::Answer;
    let (_, answer) = shim.ask(&Request::new("hello", serde_json::Value::Null)).await;
    match answer? {
        Answer::Ok(fields) => serde_json::from_value(fields.into()).map_err(|error| {
            ShimError::NotAnAnswer(format!("an answer to `hello` without what it must have: {error}"))
        }),
        _ => Err(ShimError::NotAnAnswer("`hello` was not answered with `ok`".to_owned())),
    }
}

fn facts(hello: &Hello) -> Vec<(String, String)> {
    let Hello { name, version, operations, reads, writes, judges } = hello;
    let list = |name: &str, items: &[String]| (name.to_owned(), items.join(", "));
    vec![
        ("name".to_owned(), name.clone()),
        ("version".to_owned(), version.clone()),
        list("operations", operations),
        list("reads", reads),
        list("writes", writes),
        list("judges", judges),
    ]
}

impl Harness for VerifierHarness {
    type Context = Context;

    fn lacks(&self, need: Need) -> Option<Outcome> {
        // A shim that did not say what it has is for the first case, on which all others depend.
        let hello = self.hello.as_ref().as_ref().ok()?;
        let (has, is_optional) = needs::found(need, hello);
        let reason = format!("needs {need}");
        (!has).then(|| if is_optional { Outcome::unsupported(reason) } else { Outcome::skip(reason) })
    }

    fn context(&self, case: &Case, settings: &Settings) -> Context {
        let (shim, hello) = (Arc::clone(&self.shim), Arc::clone(&self.hello));
        Context::new(shim, hello, case, settings)
    }

    fn findings(context: Context) -> Findings {
        context.into_findings()
    }
}
