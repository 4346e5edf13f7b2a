//! Tokens that the server never made, and takes all the same.

use hmac::{Hmac, KeyInit, Mac};
use l402_core::{Limits, Macaroon, Preimage};
use serde_json::Value;
use sha2::Sha256;

use super::{Flaw, Shop};

impl Shop {
    /// The key of the use, if this flaw lets a made-up token in.
    pub(super) fn accepts_forgery(&self, token: &str, preimage: &str) -> Option<String> {
        let hash = preimage.parse::<Preimage>().ok()?.payment_hash();
        let accepted = match self.flaw {
            Flaw::UnsignedJson => {
                let value: Value = serde_json::from_slice(&decode(token)?).ok()?;
                value["hash"] == hash.to_string() && value["exp"].as_f64()? > self.now() as f64 * 1000.0
            }
            Flaw::UnsignedJsonWithoutExpiry => {
                let value: Value = serde_json::from_slice(&decode(token)?).ok()?;
                value["hash"] == hash.to_string() && value["exp"].is_null()
            }
            Flaw::JsonWithEmptyKey => {
                let (payload, signature) = token.split_once('.')?;
                let mut mac = <Hmac<Sha256> as KeyInit>::new(&[0; 64].into());
                mac.update(payload.as_bytes());
                let tag = mac.finalize().into_bytes();
                hex_simd::encode_to_string(tag, hex_simd::AsciiCase::Lower) == signature
            }
            Flaw::OldFormatsUnchecked => {
                let bytes = decode(token)?;
                bytes.first() != Some(&2) && contains(&bytes, hash.as_bytes())
            }
            Flaw::HashAnywhereIsEnough => {
                let token = Macaroon::from_base64(token, &Limits::UNLIMITED).ok()?;
                let identifier = token.as_macaroon_ref().identifier().to_vec();
                identifier.len() != 66 && contains(&identifier, hash.as_bytes())
            }
            _ => false,
        };
        accepted.then(|| token.to_owned())
    }
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=').replace('-', "+").replace('_', "/");
    base64_simd::STANDARD_NO_PAD.decode_to_vec(text).ok()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
