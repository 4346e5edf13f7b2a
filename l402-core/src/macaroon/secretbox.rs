//! NaCl's secretbox (XSalsa20-Poly1305), for the one thing that macaroons seal with it: a 32-byte key.
//!
//! The first 32 bytes of the key stream are the key of Poly1305, the next 32 encrypt. What is sealed reads
//! `nonce (24) | tag (16) | encrypted key (32)`.

use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use salsa20::XSalsa20;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

pub(super) const NONCE_LEN: usize = 24;
const TAG_LEN: usize = 16;
pub(super) const SEALED_LEN: usize = NONCE_LEN + TAG_LEN + 32;

/// Encrypts `secret` under `key`.
pub(super) fn seal(secret: &[u8; 32], key: &[u8; 32], nonce: &[u8; NONCE_LEN]) -> [u8; SEALED_LEN] {
    let stream = KeyStream::new(key, nonce);
    let encrypted = stream.apply(secret);
    let mut sealed = [0; SEALED_LEN];
    sealed[..NONCE_LEN].copy_from_slice(nonce);
    sealed[NONCE_LEN..][..TAG_LEN].copy_from_slice(&stream.tag(&encrypted));
    sealed[NONCE_LEN + TAG_LEN..].copy_from_slice(encrypted.as_slice());
    sealed
}

/// Decrypts what [`seal`] encrypted; `None` for anything else. The tag is compared in constant time.
pub(super) fn open(sealed: &[u8], key: &[u8; 32]) -> Option<Zeroizing<[u8; 32]>> {
    let (nonce, rest) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let (tag, encrypted) = rest.split_first_chunk::<TAG_LEN>()?;
    let encrypted = encrypted.try_into().ok()?;
    let stream = KeyStream::new(key, nonce);
    let genuine: bool = stream.tag(encrypted).ct_eq(tag).into();
    genuine.then(|| stream.apply(encrypted))
}

/// The first 64 bytes of XSalsa20's key stream.
struct KeyStream(Zeroizing<[[u8; 32]; 2]>);

impl KeyStream {
    fn new(key: &[u8; 32], nonce: &[u8; NONCE_LEN]) -> Self {
        let mut stream = Zeroizing::new([[0; 32]; 2]);
        XSalsa20::new(key.into(), nonce.into()).apply_keystream(stream.as_flattened_mut());
        Self(stream)
    }

    fn tag(&self, encrypted: &[u8; 32]) -> [u8; TAG_LEN] {
        Poly1305::new((&self.0[0]).into()).compute_unpadded(encrypted).into()
    }

    /// Encrypts or decrypts, which is the same.
    fn apply(&self, text: &[u8; 32]) -> Zeroizing<[u8; 32]> {
        let mut text = Zeroizing::new(*text);
        text.iter_mut().zip(&self.0[1]).for_each(|(byte, pad)| *byte ^= pad);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That this is secretbox is shown by the shared vectors, whose verification ids `tests/third_party.rs` seals.
    #[test]
    fn only_what_was_sealed_opens() {
        let (secret, key, nonce) = ([1; 32], [2; 32], [3; NONCE_LEN]);
        let sealed = seal(&secret, &key, &nonce);
        assert_eq!(sealed[..NONCE_LEN], nonce);
        assert_eq!(open(&sealed, &key).as_deref(), Some(&secret));
        assert!(open(&sealed, &[4; 32]).is_none());
        for bit in 0..SEALED_LEN * 8 {
            let mut flipped = sealed;
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&flipped, &key).is_none(), "bit {bit}");
        }
        for len in 0..SEALED_LEN {
            assert!(open(&sealed[..len], &key).is_none(), "{len} bytes");
        }
        assert!(open(&[&sealed[..], &[0]].concat(), &key).is_none());
    }
}
