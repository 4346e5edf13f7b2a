//! What is said between the suite and a shim. `shims/PROTOCOL.md` is the page about it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// A line may have so many bytes, with its end, each way.
pub(super) const MAX_LINE_BYTES: usize = 1 << 20;

/// What a shim answers to `hello`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hello {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) operations: Vec<String>,
    pub(super) reads: Vec<String>,
    pub(super) writes: Vec<String>,
    pub(super) judges: Vec<String>,
}

impl Hello {
    /// Whether it has the operation, and the format that the input is in, if it is in any.
    pub(super) fn has(&self, op: &str, format: Option<&str>) -> bool {
        let listed = |list: &[String], name: &str| list.iter().any(|item| item == name);
        let reads = op != "mint";
        let writes = op == "mint" || op == "attenuate";
        listed(&self.operations, op)
            && format.is_none_or(|format| {
                (!reads || listed(&self.reads, format)) && (!writes || listed(&self.writes, format))
            })
    }

    pub(super) fn judges(&self, judge: &str) -> bool {
        self.judges.iter().any(|name| name == judge)
    }
}

/// A request without its number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    pub(super) op: String,
    pub(super) fields: Map<String, Value>,
}

impl Request {
    /// `fields` is an object.
    pub(super) fn new(op: &str, fields: Value) -> Self {
        let fields = match fields {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Self { op: op.to_owned(), fields }
    }

    /// The line, without its end. What the request is stands first, where it can be seen.
    pub(super) fn to_line(&self, id: u64) -> String {
        let fields = Value::Object(self.fields.clone()).to_string();
        let rest = fields.strip_prefix('{').unwrap_or_default();
        let comma = if self.fields.is_empty() { "" } else { "," };
        format!("{{\"id\":{id},\"op\":{}{comma}{rest}", json!(self.op))
    }
}

/// What a shim answers.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Answer {
    Ok(Map<String, Value>),
    Refused(String),
    Unsupported,
}

impl Answer {
    pub(super) fn read(line: &str, id: u64) -> Result<Self, String> {
        let answer: Value = serde_json::from_str(line).map_err(|error| format!("no JSON: {error}"))?;
        let Value::Object(fields) = answer else { return Err("no JSON object".to_owned()) };
        match fields.get("id") {
            Some(found) if found.as_u64() == Some(id) => {}
            Some(found) => return Err(format!("the answer to {found}, not to {id}")),
            None => return Err("no `id`".to_owned()),
        }
        match fields.get("verdict").and_then(Value::as_str) {
            Some("ok") => Ok(Self::Ok(fields)),
            Some("refused") => {
                let reason = fields.get("reason").and_then(Value::as_str).unwrap_or("no reason given");
                Ok(Self::Refused(reason.to_owned()))
            }
            Some("unsupported") => Ok(Self::Unsupported),
            _ => Err("no `verdict` of ok, refused or unsupported".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_has_the_number_of_its_request_and_a_verdict() {
        assert_eq!(Answer::read(r#"{"id":1,"verdict":"unsupported"}"#, 1), Ok(Answer::Unsupported));
        let refused = Answer::read(r#"{"id":1,"verdict":"refused","reason":"old"}"#, 1);
        assert_eq!(refused, Ok(Answer::Refused("old".to_owned())));
        for (line, reason) in [
            ("", "no JSON"),
            ("[]", "no JSON object"),
            (r#"{"verdict":"ok"}"#, "no `id`"),
            (r#"{"id":2,"verdict":"ok"}"#, "the answer to 2, not to 1"),
            (r#"{"id":1}"#, "no `verdict`"),
            (r#"{"id":1,"verdict":true}"#, "no `verdict`"),
        ] {
            assert!(Answer::read(line, 1).unwrap_err().starts_with(reason), "{line}");
        }
    }

    #[test]
    fn a_request_is_one_line() {
        let request = Request::new("parse", json!({ "format": "v2", "macaroon": "\n" }));
        assert_eq!(request.to_line(7), r#"{"id":7,"op":"parse","format":"v2","macaroon":"\n"}"#);
        assert_eq!(Request::new("hello", Value::Null).to_line(1), r#"{"id":1,"op":"hello"}"#);
    }

    #[test]
    fn what_a_shim_has_depends_on_the_format() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let hello = Hello {
            operations: list(&["parse", "mint", "attenuate", "challenge"]),
            reads: list(&["v2", "v1"]),
            writes: list(&["v2"]),
            ..Hello::default()
        };
        assert!(hello.has("parse", Some("v1")) && !hello.has("parse", Some("v2-json")));
        assert!(hello.has("mint", Some("v2")) && !hello.has("mint", Some("v1")));
        assert!(!hello.has("attenuate", Some("v1")));
        assert!(hello.has("challenge", None) && !hello.has("verify", Some("v2")));
    }
}
