//! What a buyer holds after paying, and the ways to write it down.

use base64_simd::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use l402_core::{Limits, Macaroon, Preimage};

use crate::secrecy;
use crate::wire::Answer;

#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) macaroon: String,
    pub(crate) preimage: String,
    pub(crate) hash: String,
}

/// How a token is written: the values of its `Authorization` fields.
pub(crate) type Dialect = fn(&Token) -> Vec<String>;

impl Token {
    pub(crate) fn new(macaroon: &str, preimage: &Preimage) -> Self {
        secrecy::macaroon(macaroon);
        secrecy::preimage(preimage);
        Self {
            macaroon: macaroon.to_owned(),
            preimage: preimage.expose_hex(),
            hash: preimage.payment_hash().to_string(),
        }
    }

    /// What a challenge holds, and nobody has paid for.
    pub(crate) fn unpaid(challenge: &Answer) -> Self {
        let (macaroon, hash) =
            (challenge.field("macaroon").unwrap(), challenge.field("payment_hash").unwrap());
        Self { macaroon, hash, preimage: "00".repeat(32) }
    }

    pub(crate) fn header(&self) -> String {
        format!("L402 {}:{}", self.macaroon, self.preimage)
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        STANDARD.decode_to_vec(&self.macaroon).unwrap()
    }

    pub(crate) fn url_safe(&self) -> String {
        URL_SAFE.encode_to_string(self.bytes())
    }

    pub(crate) fn bare(&self) -> String {
        URL_SAFE_NO_PAD.encode_to_string(self.bytes())
    }

    /// The same token with one more caveat, which needs no key.
    pub(crate) fn with_caveat(&self, caveat: &str) -> Self {
        let limits = Limits::default().with_caveats(1000).with_header_bytes(1 << 20);
        let macaroon = Macaroon::from_base64(&self.macaroon, &limits).unwrap();
        let macaroon = macaroon.attenuate(caveat.as_bytes()).unwrap().to_base64();
        secrecy::macaroon(&macaroon);
        Self { macaroon, ..self.clone() }
    }

    /// The same macaroon, changed where `from` stands in its bytes.
    pub(crate) fn tampered(&self, from: &[u8], to: &[u8]) -> Self {
        let mut bytes = self.bytes();
        let at = bytes.windows(from.len()).position(|window| window == from).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
        Self { macaroon: STANDARD.encode_to_string(bytes), ..self.clone() }
    }

    pub(crate) fn with_preimage(&self, preimage: impl Into<String>) -> Self {
        Self { preimage: preimage.into(), ..self.clone() }
    }
}
