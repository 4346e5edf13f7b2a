//! Tokens, and changes to their bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde::{Deserialize, Serialize};

use super::Bytes;
use crate::wire::macaroon::{Macaroon, l402_identifier};
use crate::wire::{hex, sha256};

/// The time at which generated tokens are verified.
pub(crate) const NOW: u64 = 1_900_000_000;
/// The service that is asked for, in every generated case.
pub(crate) const SERVICE: &str = "api";

/// What a token is made of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) root_key: Bytes,
    pub(crate) preimage: Bytes,
    pub(crate) token_id: Bytes,
    pub(crate) location: String,
    pub(crate) caveats: Vec<Bytes>,
}

impl Token {
    pub(crate) fn identifier(&self) -> Vec<u8> {
        let mut token_id = [0; 32];
        for (to, from) in token_id.iter_mut().zip(&self.token_id.0) {
            *to = *from;
        }
        l402_identifier(sha256(&self.preimage.0), token_id)
    }

    pub(crate) fn macaroon(&self) -> Macaroon {
        let macaroon = Macaroon {
            identifier: self.identifier(),
            first_party_caveats: self.caveats.iter().map(|caveat| caveat.0.clone()).collect(),
            location: (!self.location.is_empty()).then(|| self.location.clone().into_bytes()),
            ..Macaroon::default()
        };
        macaroon.signed_with(&self.root_key.0)
    }

    pub(crate) fn to_v2(&self) -> Vec<u8> {
        self.macaroon().to_bytes()
    }
}

/// A change to the bytes of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Edit {
    /// Flips one bit.
    Flip {
        at: u32,
        bit: u8,
    },
    /// Flips one bit of the last 32 bytes, which are the signature.
    FlipSignature {
        at: u8,
        bit: u8,
    },
    /// Swaps two bytes of the signature.
    SwapSignature {
        at: u8,
        with: u8,
    },
    /// Sets one byte.
    Set {
        at: u32,
        to: u8,
    },
    Insert {
        at: u32,
        byte: u8,
    },
    Remove {
        at: u32,
        count: u8,
    },
    /// Copies some bytes to another place.
    Copy {
        from: u32,
        to: u32,
        count: u8,
    },
    Cut {
        at: u32,
    },
    Append {
        bytes: Bytes,
    },
}

impl Edit {
    /// Positions are taken modulo the length.
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>) {
        let len = bytes.len().max(1);
        let place = |at: u32| at as usize % len;
        match self {
            Self::Flip { at, bit } => {
                bytes.iter_mut().skip(place(*at)).take(1).for_each(|byte| *byte ^= 1 << (bit % 8))
            }
            Self::FlipSignature { at, bit } => {
                let start = bytes.len().saturating_sub(32) + usize::from(at % 32);
                bytes.iter_mut().skip(start).take(1).for_each(|byte| *byte ^= 1 << (bit % 8));
            }
            Self::SwapSignature { at, with } => {
                let start = bytes.len().saturating_sub(32);
                let place = |at: u8| start + usize::from(at % 32);
                if place(*at).max(place(*with)) < bytes.len() {
                    bytes.swap(place(*at), place(*with));
                }
            }
            Self::Set { at, to } => bytes.iter_mut().skip(place(*at)).take(1).for_each(|byte| *byte = *to),
            Self::Insert { at, byte } => bytes.insert(place(*at).min(bytes.len()), *byte),
            Self::Remove { at, count } => {
                let start = place(*at).min(bytes.len());
                let end = (start + usize::from(*count)).min(bytes.len());
                bytes.drain(start..end);
            }
            Self::Copy { from, to, count } => {
                let copied: Vec<u8> =
                    bytes.iter().skip(place(*from)).take(usize::from(*count)).copied().collect();
                let to = place(*to).min(bytes.len());
                bytes.splice(to..to, copied);
            }
            Self::Cut { at } => bytes.truncate(place(*at)),
            Self::Append { bytes: more } => bytes.extend_from_slice(&more.0),
        }
    }
}

fn bytes(length: impl Into<proptest::collection::SizeRange>) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), length).prop_map(Bytes)
}

/// A token that is valid as far as its signature goes. Its caveats are well formed, and hold or do not.
pub(crate) fn token() -> BoxedStrategy<Token> {
    with(vec(caveat().boxed(), 0..6).boxed())
}

/// A token whose caveats hold.
pub(crate) fn holding() -> BoxedStrategy<Token> {
    let known = select(vec![
        "services=api:0",
        "services=api:0,b:0",
        "api_capabilities=read",
        "api_valid_until=1900000001",
    ]);
    let known = vec(known.prop_map(|caveat| Bytes(caveat.as_bytes().to_vec())), 0..2);
    let caveats = (known, vec(unknown(), 0..3)).prop_map(|(known, unknown)| [known, unknown].concat());
    // Two caveats of one kind are the same one, or the second narrows.
    with(caveats.prop_filter("no second one that widens", |caveats| !widens(caveats)).boxed())
}

fn widens(caveats: &[Bytes]) -> bool {
    let is = |at: usize, text: &[u8]| caveats.get(at).is_some_and(|caveat| caveat.0 == text);
    is(0, b"services=api:0") && is(1, b"services=api:0,b:0")
}

fn with(caveats: BoxedStrategy<Vec<Bytes>>) -> BoxedStrategy<Token> {
    let root_key = prop_oneof![4 => bytes(32), 1 => bytes(1..=100)];
    let location =
        prop_oneof![select(vec!["lsat", "", "https://example.org/"]).prop_map(str::to_owned), "[a-zé]{0,9}"];
    (root_key, bytes(32), bytes(32), location, caveats)
        .prop_map(|(root_key, preimage, token_id, location, mut caveats)| {
            let proof = format!("preimage={}", hex(&preimage.0));
            for caveat in &mut caveats {
                if caveat.0 == PROOF {
                    caveat.0 = proof.clone().into_bytes();
                }
            }
            Token { root_key, preimage, token_id, location, caveats }
        })
        .boxed()
}

/// Stands for the caveat with the token's preimage.
const PROOF: &[u8] = b"preimage";

fn caveat() -> impl Strategy<Value = Bytes> {
    let names = || vec(select(vec!["api", "b", "c"]), 1..=3);
    let services = names().prop_map(|names| {
        let items: Vec<String> = names.iter().map(|name| format!("{name}:0")).collect();
        format!("services={}", items.join(","))
    });
    let capabilities = vec(select(vec!["read", "write", "list"]), 1..=3);
    let capabilities = capabilities.prop_map(|names| format!("{SERVICE}_capabilities={}", names.join(",")));
    let until = (NOW - 2..NOW + 3).prop_map(|end| format!("{SERVICE}_valid_until={end}"));
    let elsewhere = (NOW - 2..NOW + 3).prop_map(|end| format!("other_valid_until={end}"));
    prop_oneof![
        3 => unknown(),
        1 => services.prop_map(|text| Bytes(text.into_bytes())),
        1 => capabilities.prop_map(|text| Bytes(text.into_bytes())),
        1 => until.prop_map(|text| Bytes(text.into_bytes())),
        1 => elsewhere.prop_map(|text| Bytes(text.into_bytes())),
        1 => Just(Bytes(PROOF.to_vec())),
    ]
}

/// A caveat that nobody knows, of some length.
fn unknown() -> BoxedStrategy<Bytes> {
    let text = "x_[a-z]{0,3}(=[ -~]{0,40})?";
    prop_oneof![
        3 => text.prop_map(String::into_bytes),
        1 => vec(any::<u8>(), 0..60).prop_map(|tail| [b"x_".as_slice(), &tail].concat()),
        1 => vec(any::<u8>(), 125..140).prop_map(|tail| [b"x_=".as_slice(), &tail].concat()),
    ]
    .prop_map(Bytes)
    .boxed()
}

/// One to three changes.
pub(crate) fn edits() -> BoxedStrategy<Vec<Edit>> {
    let at = || any::<Index>().prop_map(|index| index.index(u32::MAX as usize) as u32);
    let edit = prop_oneof![
        6 => (at(), 0..8_u8).prop_map(|(at, bit)| Edit::Flip { at, bit }),
        3 => (0..32_u8, 0..8_u8).prop_map(|(at, bit)| Edit::FlipSignature { at, bit }),
        2 => (0..32_u8, 0..32_u8).prop_map(|(at, with)| Edit::SwapSignature { at, with }),
        2 => (at(), select(vec![0, 1, 2, 4, 6, 0x7f, 0x80, 0xff])).prop_map(|(at, to)| Edit::Set { at, to }),
        2 => (at(), any::<u8>()).prop_map(|(at, byte)| Edit::Insert { at, byte }),
        2 => (at(), 1..40_u8).prop_map(|(at, count)| Edit::Remove { at, count }),
        2 => (at(), at(), 1..80_u8).prop_map(|(from, to, count)| Edit::Copy { from, to, count }),
        1 => at().prop_map(|at| Edit::Cut { at }),
        1 => bytes(1..8).prop_map(|bytes| Edit::Append { bytes }),
    ];
    prop_oneof![3 => vec(edit.clone(), 1), 1 => vec(edit, 2..=3)].boxed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_edit_stays_within_its_bytes() {
        let edits = [
            Edit::Flip { at: 9, bit: 9 },
            Edit::FlipSignature { at: 9, bit: 9 },
            Edit::SwapSignature { at: 9, with: 1 },
            Edit::Set { at: 9, to: 1 },
            Edit::Insert { at: 9, byte: 1 },
            Edit::Remove { at: 9, count: 9 },
            Edit::Copy { from: 9, to: 9, count: 9 },
            Edit::Cut { at: 9 },
            Edit::Append { bytes: Bytes(vec![1]) },
        ];
        for edit in edits {
            for length in 0..4 {
                edit.apply(&mut vec![7; length]);
            }
        }
        let mut bytes = vec![1, 2, 3];
        Edit::Copy { from: 0, to: 2, count: 2 }.apply(&mut bytes);
        assert_eq!(bytes, [1, 2, 1, 2, 3]);
    }
}
