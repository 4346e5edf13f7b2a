//! The cases. Most are a set of vectors, selected by file and flag.

mod caveats;
mod formats;
mod generated;
mod headers;
mod minting;
mod robustness;
mod tampering;
mod tokens;

use serde_json::Value;

use super::context::Context;
use super::protocol::{Hello, Request};
use super::{SUITE, needs};
use crate::case::{Case, Source};
use crate::check::Check;
use crate::outcome::{CaseResult, Outcome};
use crate::vectors::{self, Vector};
use crate::wire::hex;
use crate::wire::macaroon::Macaroon;

const HELLO: &str = "verifier/hello";
/// Without it nothing else is worth asking.
const READS: &str = "verifier/v2/read";
const VALID: &str = "verifier/token/valid";

/// What every implementation does that anybody deployed.
const GO_MACAROON: Source = Source::new("go-macaroon", "what every deployed L402 server follows");

pub(super) fn checks() -> Vec<Check<Context>> {
    let first = Check { case: hello(), run: |context| Box::pin(said_hello(context)) };
    let sets = SETS
        .into_iter()
        .flatten()
        .map(|set| Check { case: set.case, run: |context| Box::pin(run_set(context)) });
    let more = [tampering::CHECKS, robustness::CHECKS, generated::CHECKS].concat();
    std::iter::once(first).chain(sets).chain(more).collect()
}

const SETS: [&[Set]; 5] = [formats::SETS, minting::SETS, tokens::SETS, caveats::SETS, headers::SETS];

const fn hello() -> Case {
    SUITE.must(
        HELLO,
        "it says what it is and what it has",
        "A shim answers `hello` with its name, its version, its operations, its formats and what it \
         judges.",
        Source::new("l402-conformance", "shims/PROTOCOL.md"),
    )
}

/// A case that is a set of vectors.
#[derive(Clone, Copy, Debug)]
struct Set {
    case: Case,
    /// Files, without their ending, and flags. Vectors with one of them belong to the set.
    of: &'static [(&'static str, &'static str)],
}

impl Set {
    const fn new(case: Case, of: &'static [(&'static str, &'static str)]) -> Self {
        Self { case, of }
    }

    fn vectors(&self) -> impl Iterator<Item = &'static Vector> {
        let of = self.of;
        vectors::files().iter().flat_map(move |file| {
            let flags = move |vector: &&Vector| {
                vector.flags.iter().any(|flag| of.contains(&(file.suite.as_str(), flag.as_str())))
            };
            file.vectors.iter().filter(flags)
        })
    }
}

async fn said_hello(context: &Context) -> CaseResult {
    context.hello().map(|_| ())
}

/// Tries all of them, so that one report names every vector that went wrong; the first one decides how it ended.
async fn run_set(context: &Context) -> CaseResult {
    let set = SETS.into_iter().flatten().find(|set| set.case.id == context.case_id());
    let set = set.ok_or_else(|| Outcome::error("a case without vectors"))?;
    let hello = context.hello()?;
    let requests: Vec<(&Vector, Request)> =
        set.vectors().filter_map(|vector| Some((vector, request_for(vector, hello)?))).collect();
    if requests.is_empty() {
        return Err(Outcome::unsupported("none of its operations and formats has such an input"));
    }
    let (mut wrong, mut first) = (Vec::new(), Ok(()));
    for (vector, request) in requests {
        if let Err(outcome) = context.expect_vector(vector, &request).await {
            context.decide(); // the exchange with the first one is what is shown
            wrong.push(vector.id.as_str());
            first = first.and(Err(outcome));
        }
    }
    if wrong.len() > 1 {
        context.note(format!("{} vectors went wrong: {}", wrong.len(), wrong.join(", ")));
    }
    first
}

/// The request, if it can be asked. A verifier that has V1 only is asked about the same token in V1.
fn request_for(vector: &Vector, hello: &Hello) -> Option<Request> {
    if !vector.judges.iter().all(|judge| hello.judges(judge)) {
        return None;
    }
    let mut fields = vector.input.clone();
    let format = fields.get("format").and_then(Value::as_str);
    if vector.op == "verify" && format == Some("v2") && !hello.has("verify", format) {
        let bytes = hex_simd::decode_to_vec(fields.get("macaroon")?.as_str()?).ok()?;
        let macaroon = Macaroon::parse(&bytes).ok().filter(|macaroon| macaroon.to_bytes() == bytes)?;
        fields.insert("macaroon".to_owned(), hex(&macaroon.to_v1_bytes()).into());
        fields.insert("format".to_owned(), "v1".into());
    }
    let format = fields.get("format").and_then(Value::as_str);
    hello.has(&vector.op, format).then(|| Request { op: vector.op.clone(), fields })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_vector_is_part_of_a_case_and_every_set_has_vectors() {
        let mut used: Vec<&str> = Vec::new();
        for set in SETS.into_iter().flatten() {
            for (file, flag) in set.of {
                let ids: Vec<&str> = vectors::files()
                    .iter()
                    .filter(|candidate| candidate.suite == *file)
                    .flat_map(|candidate| &candidate.vectors)
                    .filter(|vector| vector.flags.iter().any(|name| name == flag))
                    .map(|vector| vector.id.as_str())
                    .collect();
                assert!(!ids.is_empty(), "{}: {file} {flag}", set.case.id);
            }
            used.extend(set.vectors().map(|vector| vector.id.as_str()));
        }
        for vector in vectors::files().iter().flat_map(|file| &file.vectors) {
            assert!(used.contains(&vector.id.as_str()), "{} is in no case", vector.id);
        }
    }
}
