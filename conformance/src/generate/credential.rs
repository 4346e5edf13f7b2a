//! `Authorization` values in every spelling, changes that no reader may overlook, and what is no credential at all.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::{Deserialize, Serialize};

use super::token::{Token, token};
use crate::wire::{base64, hex};

/// A credential, and how it is spelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credential {
    pub(crate) token: Token,
    #[serde(flatten)]
    pub(crate) spelling: Spelling,
}

/// How a credential is spelled, whatever token it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Spelling {
    scheme: String,
    spaces: u8,
    /// The URL alphabet instead of the standard one.
    is_url_safe: bool,
    is_padded: bool,
    is_upper_case: bool,
    /// Something that makes it another credential, or none.
    change: Option<Change>,
}

/// A change that makes a credential invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Change {
    /// Another letter in the macaroon.
    Letter {
        at: u32,
        by: u8,
    },
    /// Another digit in the preimage.
    Digit {
        at: u32,
        by: u8,
    },
    /// One digit less.
    ShortPreimage,
    NoColon,
    NoScheme,
}

impl Credential {
    pub(crate) fn value(&self) -> String {
        self.spelling.value(&self.token.to_v2(), &self.token.preimage.0)
    }
}

impl Spelling {
    /// Nobody may accept it.
    pub(crate) const fn is_changed(&self) -> bool {
        self.change.is_some()
    }

    /// Without a scheme it may be a credential to a lenient reader.
    pub(crate) fn has_scheme(&self) -> bool {
        self.change != Some(Change::NoScheme)
    }

    /// Everybody must accept it; whether a reader takes other spellings is a matter of its own.
    pub(crate) const fn is_standard(&self) -> bool {
        !self.is_changed() && !self.is_url_safe && self.is_padded
    }

    /// The value for the bytes of `macaroon`. What is to be changed must have no location, which no signature covers.
    pub(crate) fn value(&self, macaroon: &[u8], preimage: &[u8]) -> String {
        let mut text = base64::encode(macaroon);
        let mut digits = hex(preimage);
        match self.change {
            Some(Change::Letter { at, by }) => {
                // The last letters may have bits that are not used.
                let at = at as usize % (text.trim_end_matches('=').len() - 2);
                let other = replaced(BASE64, text.as_bytes()[at], by);
                text.replace_range(at..=at, &other.to_string());
            }
            Some(Change::Digit { at, by }) => {
                let at = at as usize % digits.len();
                let other = replaced(HEX, digits.as_bytes()[at], by);
                digits.replace_range(at..=at, &other.to_string());
            }
            Some(Change::ShortPreimage) => digits.truncate(63),
            _ => {}
        }
        if self.is_url_safe {
            text = text.replace('+', "-").replace('/', "_");
        }
        if !self.is_padded {
            text.truncate(text.trim_end_matches('=').len());
        }
        if self.is_upper_case {
            digits = digits.to_uppercase();
        }
        let colon = if self.change == Some(Change::NoColon) { "" } else { ":" };
        let scheme = if self.change == Some(Change::NoScheme) { "" } else { &self.scheme };
        format!("{scheme}{}{text}{colon}{digits}", " ".repeat(usize::from(self.spaces)))
    }
}

const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const HEX: &[u8] = b"0123456789abcdef";

/// Another letter of the alphabet.
fn replaced(alphabet: &[u8], letter: u8, by: u8) -> char {
    let at = alphabet.iter().position(|other| *other == letter).unwrap_or_default();
    let step = 1 + usize::from(by) % (alphabet.len() - 1);
    char::from(alphabet[(at + step) % alphabet.len()])
}

/// Credentials that are accepted unless they were changed, as far as their form goes.
pub(crate) fn credential() -> BoxedStrategy<Credential> {
    (token(), spelling())
        .prop_map(|(mut token, spelling)| {
            // No signature covers a location: a change there would change nothing.
            token.location = String::new();
            Credential { token, spelling }
        })
        .boxed()
}

/// Spellings, of which some are changed.
pub(crate) fn spelling() -> BoxedStrategy<Spelling> {
    let at = || any::<Index>().prop_map(|index| index.index(u32::MAX as usize) as u32);
    let change = prop_oneof![
        3 => (at(), any::<u8>()).prop_map(|(at, by)| Change::Letter { at, by }),
        3 => (at(), any::<u8>()).prop_map(|(at, by)| Change::Digit { at, by }),
        1 => select(vec![Change::ShortPreimage, Change::NoColon, Change::NoScheme]),
    ];
    let scheme = select(vec!["L402", "LSAT", "l402", "lsat", "Lsat"]).prop_map(str::to_owned);
    let form = (scheme, 1..4_u8, any::<bool>(), any::<bool>(), any::<bool>());
    (form, proptest::option::of(change))
        .prop_map(|((scheme, spaces, is_url_safe, is_padded, is_upper_case), change)| Spelling {
            scheme,
            spaces,
            is_url_safe,
            is_padded,
            is_upper_case,
            change,
        })
        .boxed()
}

/// An `Authorization` value put together from pieces of credentials: nothing that was paid for is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Scrap {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Piece {
    Text(String),
    /// A macaroon that nobody paid for, or the beginning of its text.
    Macaroon {
        letters: Option<u8>,
    },
    /// As many digits.
    Digits(u8),
}

impl Scrap {
    /// Around the text of this unpaid macaroon.
    pub(crate) fn value(&self, macaroon: &str) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Macaroon { letters } => {
                macaroon.chars().take(letters.map_or(usize::MAX, usize::from)).collect()
            }
            Piece::Digits(count) => "5a".chars().cycle().take(usize::from(*count)).collect(),
        };
        let pieces: String = self.pieces.iter().map(piece).collect();
        format!("L402 {pieces}").trim_end().to_owned()
    }
}

/// What is no credential; in visible letters, since others are about HTTP.
pub(crate) fn scrap() -> BoxedStrategy<Scrap> {
    let words = [
        " ",
        ":",
        ",",
        ";",
        "=",
        "==",
        "\"",
        "\\",
        "%",
        "%zz",
        "'",
        "-",
        "_",
        "+",
        "/",
        "AAAA",
        "A",
        "null",
        "L402 ",
        "LSAT ",
        "macaroon=",
        "preimage=",
        "{\"",
        "0x",
    ];
    let piece = prop_oneof![
        6 => select(words.to_vec()).prop_map(|word| Piece::Text(word.to_owned())),
        1 => "[!-~]{1,8}".prop_map(Piece::Text),
        2 => proptest::option::of(any::<u8>()).prop_map(|letters| Piece::Macaroon { letters }),
        2 => prop_oneof![Just(64), Just(63), any::<u8>()].prop_map(Piece::Digits),
    ];
    vec(piece, 0..8).prop_map(|pieces| Scrap { pieces }).boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scrap_is_what_its_pieces_are() {
        let pieces = vec![
            Piece::Macaroon { letters: Some(2) },
            Piece::Text(":".to_owned()),
            Piece::Digits(3),
            Piece::Macaroon { letters: None },
        ];
        assert_eq!(Scrap { pieces }.value("AgEB"), "L402 Ag:5a5AgEB");
        assert_eq!(Scrap { pieces: vec![Piece::Text(" ".to_owned())] }.value("AgEB"), "L402");
    }
}
