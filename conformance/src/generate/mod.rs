//! Generated cases, for every suite: macaroons, lists of caveats, credentials and challenges in every spelling, amounts, and
//! changes to them.
//!
//! [`Source`] draws them from a seed, so that a run can be repeated, and makes one that went wrong as small as it can
//! be. [`Replay`] keeps it in a file. [`try_all`] is what a generated case runs.
#![cfg_attr(
    not(all(feature = "client", feature = "verifier")),
    allow(dead_code, unused_imports, reason = "every suite takes its part of this")
)]

#[cfg(feature = "client")]
pub(crate) mod amount;
#[cfg(feature = "client")]
pub(crate) mod challenge;

pub(crate) mod credential;
mod replay;
mod source;
pub(crate) mod token;
mod trial;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use replay::Replay;
pub(crate) use source::Source;
pub(crate) use trial::{Draw, Effort, Trial, Tries, Wishes, try_all};

use crate::wire::hex;

/// Bytes that are hex in files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        hex_simd::decode_to_vec(&text).map(Self).map_err(|_| serde::de::Error::custom("not hex"))
    }
}
