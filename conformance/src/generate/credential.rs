//! `Authorization` values in every spelling, and changes that no reader may overlook.

use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::{Deserialize, Serialize};

use super::token::{Token, token};
use crate::wire::{base64, hex};

/// A credential, and how it is spelled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Credential {
    pub(crate) token: Token,
    pub(crate) scheme: String,
    pub(crate) spaces: u8,
    /// The URL alphabet instead of the standard one.
    pub(crate) is_url_safe: bool,
    pub(crate) is_padded: bool,
    pub(crate) is_upper_case: bool,
    /// Something that makes it another credential, or none.
    pub(crate) change: Option<Change>,
}

/// A change that makes a credential invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Change {
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
        let mut text = base64::encode(&self.token.to_v2());
        let mut digits = hex(&self.token.preimage.0);
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
    let at = || any::<Index>().prop_map(|index| index.index(u32::MAX as usize) as u32);
    let change = prop_oneof![
        3 => (at(), any::<u8>()).prop_map(|(at, by)| Change::Letter { at, by }),
        3 => (at(), any::<u8>()).prop_map(|(at, by)| Change::Digit { at, by }),
        1 => select(vec![Change::ShortPreimage, Change::NoColon, Change::NoScheme]),
    ];
    let scheme = select(vec!["L402", "LSAT", "l402", "lsat", "Lsat"]).prop_map(str::to_owned);
    let spelling = (scheme, 1..4_u8, any::<bool>(), any::<bool>(), any::<bool>());
    (token(), spelling, proptest::option::of(change))
        .prop_map(|(mut token, (scheme, spaces, is_url_safe, is_padded, is_upper_case), change)| {
            // No signature covers a location: a change there would change nothing.
            token.location = String::new();
            Credential { token, scheme, spaces, is_url_safe, is_padded, is_upper_case, change }
        })
        .boxed()
}
