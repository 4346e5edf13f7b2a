//! [`Redactor`]: what a backend says, without what nobody should read.

use zeroize::Zeroizing;

/// Backends explain themselves in a sentence. What is longer is a page or a dump.
const MAX_CHARS: usize = 200;

/// A word this long with a digit in it may be a key, a preimage or a token.
const LONGEST_WORD: usize = 20;

const HIDDEN: &str = "[redacted]";

/// Knows the secrets of one backend, and what secrets of others look like.
#[derive(Default)]
pub(crate) struct Redactor {
    secrets: Vec<Zeroizing<String>>,
}

impl Redactor {
    pub(crate) fn hide(&mut self, secret: &str) {
        self.secrets.push(Zeroizing::new(secret.to_owned()));
    }

    /// A printable extract of `text` without secrets, in one line.
    pub(crate) fn clean(&self, text: &str) -> String {
        // Before it is cut, lest a secret is cut in two and its first half not recognised.
        let mut text = text.to_owned();
        for secret in self.secrets.iter().filter(|secret| !secret.is_empty()) {
            text = text.replace(secret.as_str(), HIDDEN);
        }
        let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let shown: Vec<_> = words.map(without_tokens).collect();
        shown.join(" ").chars().take(MAX_CHARS).collect()
    }
}

/// The word, with every run of letters and digits that may be a token replaced.
fn without_tokens(word: &str) -> String {
    let mut out = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let run = rest.find(|c| !is_token_char(c)).unwrap_or(rest.len());
        let (token, after) = rest.split_at(run);
        out += if may_be_secret(token) { HIDDEN } else { token };
        let other = after.find(is_token_char).unwrap_or(after.len());
        out += &after[..other];
        rest = &after[other..];
    }
    out
}

fn may_be_secret(token: &str) -> bool {
    token.len() >= LONGEST_WORD && token.bytes().any(|byte| byte.is_ascii_digit())
}

const fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '-' | '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_stay_and_tokens_go() {
        let mut redactor = Redactor::default();
        redactor.hide("hush");
        assert_eq!(redactor.clean("You must reserve (10 sat).\n"), "You must reserve (10 sat).");
        assert_eq!(redactor.clean("key \"hush\" is wrong"), "key \"[redacted]\" is wrong");
        let hex = "ab".repeat(31) + "c0";
        assert_eq!(redactor.clean(&format!("{{\"preimage\":\"{hex}\"}}")), "{\"preimage\":\"[redacted]\"}");
        assert_eq!(redactor.clean("INVALID_STATE_FOR_INVOICE_EXPIRED"), "INVALID_STATE_FOR_INVOICE_EXPIRED");
    }

    #[test]
    fn a_secret_across_the_cut_is_hidden_whole() {
        let redactor = Redactor::default();
        let text = "x ".repeat(95) + &"0a".repeat(32);
        assert!(!redactor.clean(&text).contains("0a0a"), "{}", redactor.clean(&text));
        assert!(redactor.clean(&"word ".repeat(1000)).chars().count() <= MAX_CHARS);
    }
}
