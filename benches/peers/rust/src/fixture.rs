//! The tokens that every implementation verifies.

use std::time::{Duration, SystemTime};

use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use hex_simd::AsciiCase::Lower;
use l402_core::{Limits, Macaroon, Preimage};
use serde::{Deserialize, Serialize};

use crate::work::forged::forged;
use crate::work::{self, CAVEATS, Keys, RIGHT, SECRET, WRONG};

/// The time of all verifications of macaroons, in Unix seconds.
pub const NOW: u64 = 1_900_000_000;

/// What all implementations are given.
#[derive(Debug, Serialize, Deserialize)]
pub struct Fixture {
    /// 32 bytes in hex, not yet a chain key.
    pub root_key: String,
    /// [`NOW`]. Those who verify tokens of l402kit read the clock.
    pub now: u64,
    pub tokens: Vec<Token>,
    /// Tokens of l402kit, which are no macaroons: JSON with a payment hash and an expiry.
    pub l402kit: Vec<JsonToken>,
}

/// A macaroon with a preimage.
#[derive(Debug, Serialize, Deserialize)]
pub struct Token {
    pub case: String,
    pub caveats: usize,
    pub is_valid: bool,
    /// The value of an `Authorization` field; the macaroon is V2 in standard base64.
    pub header: String,
    /// The same macaroon in V1 packets and URL-safe base64, as the libraries write it that read nothing else.
    pub header_v1: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct JsonToken {
    pub case: String,
    pub is_valid: bool,
    /// The value of an `Authorization` field.
    pub header: String,
}

impl Fixture {
    #[must_use]
    pub fn new() -> Self {
        let ten: Vec<String> =
            (3..10).map(|nth| format!("api_valid_until={}", 1_999_999_999 - nth)).collect();
        let ten: Vec<&str> = CAVEATS.into_iter().chain(ten.iter().map(|caveat| &**caveat)).collect();
        let expired = [CAVEATS[0], CAVEATS[1], "api_valid_until=1899999999"];
        let credential =
            |caveats: &[&str], preimage: &Preimage| work::credential(&Keys::Given, caveats, preimage);
        let token = |case: &str, caveats, is_valid, header: String| {
            let header_v1 = in_v1(&header);
            Token { case: case.to_owned(), caveats, is_valid, header, header_v1 }
        };
        Self {
            root_key: hex_simd::encode_to_string(SECRET, Lower),
            now: NOW,
            tokens: vec![
                token("valid", 0, true, credential(&[], &RIGHT)),
                token("valid", 3, true, credential(&CAVEATS, &RIGHT)),
                token("valid", 10, true, credential(&ten, &RIGHT)),
                token("wrong signature", 3, false, forged(credential(&CAVEATS, &RIGHT))),
                token("wrong preimage", 3, false, credential(&CAVEATS, &WRONG)),
                token("expired", 3, false, credential(&expired, &RIGHT)),
            ],
            l402kit: vec![
                json_token("valid", true, &RIGHT, Duration::from_secs(3600)),
                json_token("wrong preimage", false, &WRONG, Duration::from_secs(3600)),
                json_token("expired", false, &RIGHT, Duration::ZERO),
            ],
        }
    }
}

impl Fixture {
    /// Reads the file that the first argument of the program names.
    ///
    /// # Panics
    /// If there is no such file, or it is not a fixture.
    #[must_use]
    pub fn from_argument() -> Self {
        let path = std::env::args().nth(1).expect("the path of the fixture");
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }
}

impl Default for Fixture {
    fn default() -> Self {
        Self::new()
    }
}

/// The same credential with its macaroon in V1: packets of four hex digits that count all, a name, a space, bytes and a
/// line feed.
fn in_v1(header: &str) -> String {
    let (text, preimage) = header.strip_prefix("L402 ").and_then(|rest| rest.split_once(':')).unwrap();
    let macaroon = Macaroon::from_base64(text, &Limits::default()).unwrap();
    let macaroon = macaroon.as_macaroon_ref();
    let mut bytes = Vec::new();
    let mut packet = |name: &str, value: &[u8]| {
        bytes.extend(format!("{:04x}{name} ", 4 + name.len() + 1 + value.len() + 1).bytes());
        bytes.extend(value);
        bytes.push(b'\n');
    };
    packet("location", macaroon.location());
    packet("identifier", macaroon.identifier());
    macaroon.caveats().for_each(|caveat| packet("cid", caveat.id()));
    packet("signature", macaroon.signature());
    format!("L402 {}:{preimage}", URL_SAFE_NO_PAD.encode_to_string(bytes))
}

fn json_token(case: &str, is_valid: bool, preimage: &Preimage, lifetime: Duration) -> JsonToken {
    let hash = hex_simd::encode_to_string(RIGHT.payment_hash().as_bytes(), Lower);
    let end = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap() + lifetime;
    let json = format!(r#"{{"hash":"{hash}","exp":{}}}"#, end.as_millis());
    let header = format!("L402 {}:{}", STANDARD.encode_to_string(json), preimage.expose_hex());
    JsonToken { case: case.to_owned(), is_valid, header }
}
