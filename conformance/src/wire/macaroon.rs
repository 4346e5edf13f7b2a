//! Macaroons in the V2 binary format, as go-macaroon and every deployed L402 server write it.

use std::ops::Range;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::sha256;

const VERSION: u8 = 2;
const END: u8 = 0;
const LOCATION: u8 = 1;
const IDENTIFIER: u8 = 2;
const VERIFICATION_ID: u8 = 4;
const SIGNATURE: u8 = 6;

/// What a macaroon says. Nothing here knows a root key, so nothing is verified.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Macaroon {
    pub(crate) identifier: Vec<u8>,
    /// The conditions that the server checks itself.
    pub(crate) first_party_caveats: Vec<Vec<u8>>,
    pub(crate) signature: [u8; 32],
    pub(crate) location: Option<Vec<u8>>,
    /// Where the location is in the bytes; no signature covers it.
    pub(crate) location_at: Range<usize>,
}

impl Macaroon {
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, String> {
        let mut reader = Reader { bytes, at: 0 };
        match reader.byte()? {
            VERSION => {}
            other => return Err(format!("the first byte is {other:#04x}; that of a V2 macaroon is 0x02")),
        }
        let location = reader.optional(LOCATION)?;
        let identifier = reader.field(IDENTIFIER)?;
        reader.end()?;
        let mut first_party_caveats = Vec::new();
        while reader.peek() != Some(END) {
            reader.optional(LOCATION)?;
            let caveat = reader.field(IDENTIFIER)?;
            let third_party = reader.optional(VERIFICATION_ID)?.is_some();
            reader.end()?;
            if !third_party {
                first_party_caveats.push(bytes[caveat].to_vec());
            }
        }
        reader.end()?;
        let signature = reader.field(SIGNATURE)?;
        if reader.at != bytes.len() {
            return Err(format!("{} bytes follow the signature", bytes.len() - reader.at));
        }
        Ok(Self {
            identifier: bytes[identifier].to_vec(),
            first_party_caveats,
            signature: bytes[signature].try_into().map_err(|_| "the signature does not have 32 bytes")?,
            location: location.clone().map(|at| bytes[at].to_vec()),
            location_at: location.unwrap_or_default(),
        })
    }

    /// Writes it, with this signature.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION];
        if let Some(location) = &self.location {
            push(&mut bytes, LOCATION, location);
        }
        push(&mut bytes, IDENTIFIER, &self.identifier);
        bytes.push(END);
        for caveat in &self.first_party_caveats {
            push(&mut bytes, IDENTIFIER, caveat);
            bytes.push(END);
        }
        bytes.push(END);
        push(&mut bytes, SIGNATURE, &self.signature);
        bytes
    }

    /// Writes it in the packets of V1, which libmacaroons and its bindings write by default.
    pub(crate) fn to_v1_bytes(&self) -> Vec<u8> {
        let location = self.location.as_deref().unwrap_or_default();
        let mut bytes = packet(b"location", location);
        bytes.extend(packet(b"identifier", &self.identifier));
        for caveat in &self.first_party_caveats {
            bytes.extend(packet(b"cid", caveat));
        }
        bytes.extend(packet(b"signature", &self.signature));
        bytes
    }

    /// Writes it as V2-JSON.
    pub(crate) fn to_json(&self) -> String {
        let caveats = self
            .first_party_caveats
            .iter()
            .map(|caveat| serde_json::json!({ "i64": super::base64::for_urls(caveat) }));
        serde_json::json!({
            "v": 2,
            "l": String::from_utf8_lossy(self.location.as_deref().unwrap_or_default()),
            "i64": super::base64::for_urls(&self.identifier),
            "c": caveats.collect::<Vec<_>>(),
            "s64": super::base64::for_urls(&self.signature),
        })
        .to_string()
    }

    /// Signs it with `root_key`.
    pub(crate) fn signed_with(mut self, root_key: &[u8]) -> Self {
        let derived = hmac(b"macaroons-key-generator", root_key);
        let first = hmac(&derived, &self.identifier);
        self.signature = self.first_party_caveats.iter().fold(first, |key, caveat| hmac(&key, caveat));
        self
    }
}

/// Whether bytes that could not be read, for this reason, may be a longer spelling of a macaroon, of a length or a
/// tag. There are cases of their own for that.
pub(crate) fn may_be_a_longer_spelling(reason: &str) -> bool {
    let byte =
        reason.strip_prefix("the byte 0x").and_then(|rest| u8::from_str_radix(rest.get(..2)?, 16).ok());
    byte.is_some_and(|byte| byte >= 0x80)
        || reason.ends_with("follow the signature")
        || reason.ends_with("more than 28 bits")
}

/// The macaroon `bytes` with one more caveat, which anybody can add who has it.
pub(crate) fn attenuate(bytes: &[u8], caveat: &[u8]) -> Result<Vec<u8>, String> {
    let signature = hmac(&Macaroon::parse(bytes)?.signature, caveat);
    // What parses ends with the end of the caveats, and a signature of 32 bytes.
    let mut longer = bytes[..bytes.len() - 35].to_vec();
    push(&mut longer, IDENTIFIER, caveat);
    longer.extend([END, END]);
    push(&mut longer, SIGNATURE, &signature);
    Ok(longer)
}

/// At most `count` positions in the macaroon `bytes`, from the first to the last, whose change nobody may overlook:
/// all but the location's.
pub(crate) fn sample_positions(bytes: &[u8], count: usize) -> Result<Vec<usize>, String> {
    let location = Macaroon::parse(bytes)?.location_at;
    let covered: Vec<usize> = (0..bytes.len()).filter(|at| !location.contains(at)).collect();
    let last = count.min(covered.len()) - 1;
    Ok((0..=last).map(|sample| covered[sample * (covered.len() - 1) / last]).collect())
}

/// The version, payment hash and token id of an L402 identifier.
pub(crate) fn l402_identifier(payment_hash: [u8; 32], token_id: [u8; 32]) -> Vec<u8> {
    [[0; 2].as_slice(), &payment_hash, &token_id].concat()
}

/// The payment hash in an L402 identifier.
pub(crate) fn identifier_payment_hash(identifier: &[u8]) -> Result<[u8; 32], String> {
    if identifier.len() != 66 {
        return Err(format!("an identifier of {} bytes", identifier.len()));
    }
    let version = u16::from_be_bytes([identifier[0], identifier[1]]);
    if version != 0 {
        return Err(format!("an identifier of version {version}"));
    }
    identifier[2..34].try_into().map_err(|_| "an identifier without a payment hash".to_owned())
}

/// The token id in an L402 identifier.
pub(crate) fn identifier_token_id(identifier: &[u8]) -> Result<[u8; 32], String> {
    identifier_payment_hash(identifier)?;
    identifier[34..].try_into().map_err(|_| "an identifier without a token id".to_owned())
}

pub(crate) fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC hashes longer keys and pads shorter ones with zeros.
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&sha256(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

pub(crate) fn push(bytes: &mut Vec<u8>, tag: u8, data: &[u8]) {
    bytes.push(tag);
    let mut len = data.len();
    while len > 0x7f {
        bytes.push(len as u8 | 0x80);
        len >>= 7;
    }
    bytes.push(len as u8);
    bytes.extend_from_slice(data);
}

/// A packet of V1: four hex digits for its length, a name, a space, the data, a newline.
pub(crate) fn packet(name: &[u8], data: &[u8]) -> Vec<u8> {
    let length = name.len() + data.len() + 6;
    [format!("{length:04x}").as_bytes(), name, b" ", data, b"\n"].concat()
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn byte(&mut self) -> Result<u8, String> {
        let byte = self.peek().ok_or_else(|| format!("it ends after {} bytes", self.bytes.len()))?;
        self.at += 1;
        Ok(byte)
    }

    fn end(&mut self) -> Result<(), String> {
        match self.byte()? {
            END => Ok(()),
            other => Err(format!("the byte {other:#04x} at {}, not the end of a section", self.at - 1)),
        }
    }

    fn optional(&mut self, tag: u8) -> Result<Option<Range<usize>>, String> {
        if self.peek() == Some(tag) { self.field(tag).map(Some) } else { Ok(None) }
    }

    fn field(&mut self, tag: u8) -> Result<Range<usize>, String> {
        let found = self.byte()?;
        if found != tag {
            return Err(format!("the byte {found:#04x} at {}, not field {tag}", self.at - 1));
        }
        let mut len = 0;
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            len |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let field = self.at..self.at + len;
                if field.end > self.bytes.len() {
                    return Err(format!("field {tag} at {} is longer than the rest", field.start));
                }
                self.at = field.end;
                return Ok(field);
            }
        }
        Err(format!("field {tag} has a length of more than 28 bits"))
    }
}

#[cfg(test)]
#[path = "macaroon_tests.rs"]
mod tests;
