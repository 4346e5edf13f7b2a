//! The HMAC chain: what a macaroon's signature is.
//!
//! `sig_0 = HMAC(root key, identifier)`, `sig_i = HMAC(sig_{i-1}, caveat_i)`; a third-party caveat signs
//! `HMAC(sig, verification id) || HMAC(sig, caveat)` instead. The root key has been through the key generator
//! already ([`RootKey`]). This is what deployed libraries compute; the published text omits the generator.

use super::{Caveat, Caveats};
use crate::secret::RootKey;
use crate::sha256::{Digest, HmacChain, HmacKey};

/// The signature of `identifier` and `caveats` under `key`.
pub(super) fn sign(key: &RootKey, identifier: &[u8], caveats: Caveats<'_>) -> Digest {
    let mut chain = HmacChain::new(key.chain_key());
    chain.link(identifier);
    for caveat in caveats {
        link(&mut chain, &caveat);
    }
    chain.digest()
}

/// The signature after one more caveat.
pub(super) fn extend(signature: &Digest, caveat: &Caveat<'_>) -> Digest {
    let mut chain = HmacChain::new(signature);
    link(&mut chain, caveat);
    chain.digest()
}

#[inline]
fn link(chain: &mut HmacChain, caveat: &Caveat<'_>) {
    match caveat.third_party() {
        None => chain.link(caveat.id()),
        Some(third_party) => {
            let key = HmacKey::from_digest(&chain.digest());
            chain.replace(&mac_of_two(&key, third_party.verification_id(), caveat.id()));
        }
    }
}

/// The HMAC of two messages: that of their two HMACs.
pub(super) fn mac_of_two(key: &HmacKey, one: &[u8], other: &[u8]) -> Digest {
    key.mac([key.mac(one).to_bytes(), key.mac(other).to_bytes()].as_flattened())
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    /// Deployed libraries sign with an empty root key; ours refuses to hold one, so only this test shows that
    /// the chain would be the same. The record is `root_key_len_0` of the shared vectors.
    #[test]
    fn an_empty_root_key_would_sign_as_elsewhere() {
        let vectors: serde_json::Value =
            serde_json::from_str(include_str!("../../tests/vectors/macaroon-v2.json")).unwrap();
        let record =
            vectors.as_array().unwrap().iter().find(|record| record["name"] == "root_key_len_0").unwrap();
        let bytes =
            base64_simd::URL_SAFE_NO_PAD.decode_to_vec(record["v2_base64url"].as_str().unwrap()).unwrap();
        let macaroon = super::super::MacaroonRef::decode(&bytes, &crate::Limits::default()).unwrap();
        let signature = sign(&RootKey::derive(&[]), macaroon.identifier(), macaroon.caveats());
        assert_eq!(signature.to_bytes(), *macaroon.signature());
    }

    #[test]
    fn extending_is_signing_with_one_more_caveat() {
        let key = RootKey::new(b"key").unwrap();
        let one_more: Vec<u8> = [&[2, 3][..], b"a=b", &[0]].concat();
        let whole = sign(&key, b"id", Caveats { rest: &one_more });
        let base = sign(&key, b"id", Caveats { rest: &[] });
        assert_eq!(extend(&base, &Caveat { id: b"a=b", third_party: None }).to_bytes(), whole.to_bytes());
    }
}
