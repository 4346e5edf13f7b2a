//! What is generated, and what must become of it.

use proptest::prelude::*;
use proptest::sample::select;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::check::CaseFuture;
use crate::generate::Trial;
use crate::generate::credential::{Credential, credential};
use crate::generate::token::{Edit, NOW, SERVICE, Token, edits, holding, token};
use crate::outcome::{CaseResult, Outcome};
use crate::vectors::Expectation;
use crate::verifier::context::Context;
use crate::verifier::oracle::{self, Question};
use crate::verifier::protocol::{Answer, Request};
use crate::wire::hex;
use crate::wire::macaroon::{Macaroon, may_be_a_longer_spelling};

/// A token, and the question whether it is valid.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Asked {
    token: Token,
    /// The format, if the verifier reads it; otherwise V2.
    format: String,
    preimage: Given,
    capability: Option<String>,
    /// The verifier has another root key than the token was signed with.
    is_forged: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Given {
    Right,
    Wrong,
    None,
}

impl Asked {
    fn root_key(&self) -> Vec<u8> {
        let mut key = self.token.root_key.0.clone();
        if self.is_forged {
            key.iter_mut().take(1).for_each(|byte| *byte ^= 1);
        }
        key
    }

    fn preimage(&self) -> Option<Vec<u8>> {
        let right = self.token.preimage.0.clone();
        match self.preimage {
            Given::Right => Some(right),
            Given::Wrong => Some(right.into_iter().map(|byte| byte ^ 1).collect()),
            Given::None => None,
        }
    }

    fn request(&self, format: &str, macaroon: &[u8]) -> Request {
        let fields = json!({
            "format": format,
            "macaroon": hex(macaroon),
            "root_key": hex(&self.root_key()),
            "preimage": self.preimage().map(|preimage| hex(&preimage)),
            "now": NOW,
            "context": { "service": SERVICE, "capability": self.capability },
        });
        Request::new("verify", fields)
    }

    /// Asks about these bytes, if given, and otherwise about the token as it is.
    async fn judge(&self, context: &Context, changed: Option<&[u8]>) -> CaseResult {
        let hello = context.hello()?;
        let (root_key, preimage) = (self.root_key(), self.preimage());
        let question = Question {
            root_key: &root_key,
            preimage: preimage.as_deref(),
            capability: self.capability.as_deref(),
        };
        let (format, bytes) = match (changed, self.format.as_str()) {
            (Some(bytes), _) => ("v2", bytes.to_vec()),
            (None, "v1") if hello.has("verify", Some("v1")) => ("v1", self.token.macaroon().to_v1_bytes()),
            (None, "v2-json") if hello.has("verify", Some("v2-json")) => {
                ("v2-json", self.token.macaroon().to_json().into_bytes())
            }
            _ => ("v2", self.token.to_v2()),
        };
        let canonical = changed.map_or_else(|| self.token.to_v2(), <[u8]>::to_vec);
        let request = self.request(format, &bytes);
        match oracle::judge_bytes(&canonical, &question, hello) {
            Expectation::Valid => context.expect_ok("a generated token", &request, None).await,
            Expectation::Invalid => context.expect_refused("a generated token", &request).await,
            Expectation::Acceptable => context.expect_answer(&request).await,
        }
    }
}

impl Trial<Context> for Asked {
    fn strategy() -> BoxedStrategy<Self> {
        let format = select(vec!["v2", "v1", "v2-json"]).prop_map(str::to_owned);
        let preimage = prop_oneof![4 => Just(Given::Right), 1 => Just(Given::Wrong), 2 => Just(Given::None)];
        let capability =
            select(vec![Some("read"), Some("write"), None]).prop_map(|name| name.map(str::to_owned));
        (token(), format, preimage, capability, proptest::bool::weighted(0.1))
            .prop_map(|(token, format, preimage, capability, is_forged)| Self {
                token,
                format,
                preimage,
                capability,
                is_forged,
            })
            .boxed()
    }

    fn run<'a>(&'a self, context: &'a Context) -> CaseFuture<'a> {
        Box::pin(self.judge(context, None))
    }
}

/// A token that somebody changed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Tampered {
    asked: Asked,
    edits: Vec<Edit>,
}

impl Tampered {
    fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.asked.token.to_v2();
        self.edits.iter().for_each(|edit| edit.apply(&mut bytes));
        bytes
    }
}

impl Trial<Context> for Tampered {
    fn strategy() -> BoxedStrategy<Self> {
        let tampered = (holding(), edits()).prop_map(|(token, edits)| {
            let capability = Some("read".to_owned());
            let format = "v2".to_owned();
            let asked = Asked { token, format, preimage: Given::Right, capability, is_forged: false };
            Self { asked, edits }
        });
        tampered.boxed()
    }

    fn run<'a>(&'a self, context: &'a Context) -> CaseFuture<'a> {
        Box::pin(async { self.asked.judge(context, Some(&self.bytes())).await })
    }
}

/// Bytes that are, or once were, a macaroon.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Parsed {
    token: Token,
    edits: Vec<Edit>,
}

impl Trial<Context> for Parsed {
    fn strategy() -> BoxedStrategy<Self> {
        let edits = prop_oneof![1 => Just(Vec::new()), 3 => edits()];
        (token(), edits).prop_map(|(token, edits)| Self { token, edits }).boxed()
    }

    fn run<'a>(&'a self, context: &'a Context) -> CaseFuture<'a> {
        Box::pin(async {
            let mut bytes = self.token.to_v2();
            self.edits.iter().for_each(|edit| edit.apply(&mut bytes));
            let request = Request::new("parse", json!({ "format": "v2", "macaroon": hex(&bytes) }));
            match Macaroon::parse(&bytes) {
                Ok(macaroon) if macaroon.to_bytes() == bytes => {
                    context.expect_ok("a generated macaroon", &request, parts(&macaroon).as_object()).await
                }
                // Other spellings, for which there are cases of their own.
                Ok(_) => context.expect_answer(&request).await,
                Err(reason) if may_be_a_longer_spelling(&reason) => context.expect_answer(&request).await,
                Err(_) => context.expect_refused("bytes that are no macaroon", &request).await,
            }
        })
    }
}

fn parts(macaroon: &Macaroon) -> Value {
    let caveats: Vec<String> = macaroon.first_party_caveats.iter().map(|caveat| hex(caveat)).collect();
    json!({
        "location": hex(macaroon.location.as_deref().unwrap_or_default()),
        "identifier": hex(&macaroon.identifier),
        "caveats": caveats,
        "signature": hex(&macaroon.signature),
    })
}

/// A token that is minted with some of its caveats, to which the others are appended.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Attenuated {
    token: Token,
    minted: u8,
}

impl Trial<Context> for Attenuated {
    fn strategy() -> BoxedStrategy<Self> {
        (token(), 0..7_u8).prop_map(|(token, minted)| Self { token, minted }).boxed()
    }

    fn run<'a>(&'a self, context: &'a Context) -> CaseFuture<'a> {
        Box::pin(async {
            let Token { caveats, root_key, location, .. } = &self.token;
            let (first, rest) = caveats.split_at(usize::from(self.minted).min(caveats.len()));
            let hex_list = |caveats: &[crate::generate::Bytes]| -> Vec<String> {
                caveats.iter().map(|caveat| hex(&caveat.0)).collect()
            };
            let mint = json!({
                "format": "v2",
                "root_key": hex(&root_key.0),
                "identifier": hex(&self.token.identifier()),
                "location": hex(location.as_bytes()),
                "caveats": hex_list(first),
            });
            let minted = match context.ask(&Request::new("mint", mint)).await? {
                Answer::Ok(fields) => fields.get("macaroon").cloned().unwrap_or_default(),
                other => return Err(Outcome::fail("the verdict `ok`", format!("{other:?} when minting"))),
            };
            let attenuate = json!({ "format": "v2", "macaroon": minted, "caveats": hex_list(rest) });
            let expected = json!({ "macaroon": hex(&self.token.to_v2()) });
            let request = Request::new("attenuate", attenuate);
            context.expect_ok("a generated macaroon", &request, expected.as_object()).await
        })
    }
}

/// A credential in some spelling.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Authorized {
    credential: Credential,
}

impl Trial<Context> for Authorized {
    fn strategy() -> BoxedStrategy<Self> {
        credential().prop_map(|credential| Self { credential }).boxed()
    }

    fn run<'a>(&'a self, context: &'a Context) -> CaseFuture<'a> {
        Box::pin(async {
            let Credential { token, spelling } = &self.credential;
            let fields = json!({
                "value": self.credential.value(),
                "root_key": hex(&token.root_key.0),
                "now": NOW,
                "context": { "service": SERVICE, "capability": "read" },
            });
            let request = Request::new("authorize", fields);
            let question = Question {
                root_key: &token.root_key.0,
                preimage: Some(&token.preimage.0),
                capability: Some("read"),
            };
            let expectation = oracle::judge(&token.macaroon(), &question, context.hello()?);
            match expectation {
                _ if spelling.is_changed() => context.expect_refused("a changed credential", &request).await,
                Expectation::Invalid => context.expect_refused("a generated credential", &request).await,
                Expectation::Valid if spelling.is_standard() => {
                    context.expect_ok("a generated credential", &request, None).await
                }
                _ => context.expect_answer(&request).await,
            }
        })
    }
}
