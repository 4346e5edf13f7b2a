//! Challenges as servers may write them: every client has to understand each.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde::{Deserialize, Serialize};

/// How a challenge is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Challenge {
    field: String,
    scheme: String,
    spaces: u8,
    /// The same for `LSAT`, in a line before.
    has_twin: bool,
    /// Parameters that nobody knows, behind those that everybody does.
    more: Vec<(String, String)>,
}

impl Challenge {
    /// The fields of an answer: names and values.
    pub(crate) fn fields(&self, macaroon: &str, invoice: &str) -> Vec<(&str, String)> {
        let more: String =
            self.more.iter().map(|(name, value)| format!(", {name}={}", quoted(value))).collect();
        let spaces = " ".repeat(usize::from(self.spaces));
        let line = |scheme| format!("{scheme}{spaces}macaroon=\"{macaroon}\", invoice=\"{invoice}\"{more}");
        let twin = self.has_twin.then(|| line("LSAT"));
        twin.into_iter().chain([line(&self.scheme)]).map(|line| (self.field.as_str(), line)).collect()
    }
}

/// A quoted-string of RFC 9110.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

pub(crate) fn challenge() -> BoxedStrategy<Challenge> {
    let field = select(vec!["WWW-Authenticate", "www-authenticate", "WWW-AUTHENTICATE", "Www-Authenticate"]);
    let scheme = select(vec!["L402", "l402"]);
    // What a reader that looks for words finds in the wrong place.
    let word =
        select(vec!["a", " ", ", ", "=", "\"", "\\", "macaroon=", "invoice=", "\"lnbc\"", "L402 ", "LSAT "]);
    let value = vec(word, 0..6).prop_map(|words| words.concat());
    let name = select(vec!["note", "realm", "x"]).prop_map(str::to_owned);
    (field, scheme, 1..4_u8, any::<bool>(), vec((name, value), 0..3))
        .prop_map(|(field, scheme, spaces, has_twin, mut more)| {
            // Every parameter may occur once.
            more.dedup_by(|one, other| one.0 == other.0);
            Challenge { field: field.to_owned(), scheme: scheme.to_owned(), spaces, has_twin, more }
        })
        .boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_written_with_all_it_has() {
        let more = vec![("note".to_owned(), r#"a "b\"#.to_owned())];
        let challenge =
            Challenge { field: "X".to_owned(), scheme: "l402".to_owned(), spaces: 2, has_twin: true, more };
        let rest = r#"  macaroon="M", invoice="I", note="a \"b\\""#;
        assert_eq!(challenge.fields("M", "I"), [("X", format!("LSAT{rest}")), ("X", format!("l402{rest}"))]);
    }
}
