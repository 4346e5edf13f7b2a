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
    location_at: Range<usize>,
}

impl Macaroon {
    /// One that nobody has signed.
    #[cfg(feature = "generate")]
    pub(crate) fn unsigned(
        identifier: Vec<u8>,
        first_party_caveats: Vec<Vec<u8>>,
        location: Option<Vec<u8>>,
    ) -> Self {
        Self { identifier, first_party_caveats, location, ..Self::default() }
    }

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

    /// Signs it with `root_key`.
    pub(crate) fn signed_with(mut self, root_key: &[u8]) -> Self {
        let derived = hmac(b"macaroons-key-generator", root_key);
        let first = hmac(&derived, &self.identifier);
        self.signature = self.first_party_caveats.iter().fold(first, |key, caveat| hmac(&key, caveat));
        self
    }
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

fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
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

fn push(bytes: &mut Vec<u8>, tag: u8, data: &[u8]) {
    bytes.push(tag);
    let mut len = data.len();
    while len > 0x7f {
        bytes.push(len as u8 | 0x80);
        len >>= 7;
    }
    bytes.push(len as u8);
    bytes.extend_from_slice(data);
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
mod tests {
    use super::*;
    use crate::wire::{base64, hex, unhex32};

    /// Composed and confirmed with go-macaroon: root key of zeros, two caveats, location `lsat`.
    const TOKEN: &str = "AgEEbHNhdAJCAABjDc0pZsQzZpESVEi7sltP9BKknHMtssirwbhYG9cQ3SAfHh0cGxoZGBcWFRQTEhEQDw4NDAsKCQ\
        gHBgUEAwIBAAIZc2VydmljZXM9bGlnaHRuaW5nX2xvb3A6MAACHGxpZ2h0bmluZ19sb29wX2NhcGFiaWxpdGllcz0AAAYgMiarmn0c\
        Ug3ajQApOZNdcY1GLsOYaL+0K4CXCWlS/ow=";

    fn token() -> Vec<u8> {
        base64::decode_strict(TOKEN).unwrap()
    }

    #[test]
    fn a_macaroon_of_go_macaroon_is_read_and_written_back() {
        let macaroon = Macaroon::parse(&token()).unwrap();
        assert_eq!(macaroon.location.as_deref(), Some(b"lsat".as_slice()));
        assert_eq!(macaroon.first_party_caveats[0], b"services=lightning_loop:0");
        let hash = "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd";
        assert_eq!(identifier_payment_hash(&macaroon.identifier), Ok(unhex32(hash).unwrap()));
        assert_eq!(macaroon.to_bytes(), token());
        assert_eq!(macaroon.clone().signed_with(&[0; 32]), macaroon);
    }

    /// From paygate's `go-macaroon-vectors.json`.
    #[test]
    fn a_signature_is_that_of_go_macaroon() {
        let macaroon = Macaroon {
            identifier: l402_identifier([0xaa; 32], [0xbb; 32]),
            first_party_caveats: Vec::new(),
            signature: [0; 32],
            location: None,
            location_at: 0..0,
        };
        let signed = macaroon.signed_with(&[1; 32]);
        assert_eq!(
            hex(&signed.signature),
            "1790bc6dc1964456355926bd4863e204d96b42629e94087abc906f85e91ccf93"
        );
        assert_eq!(Macaroon::parse(&signed.to_bytes()), Ok(signed));
    }

    #[test]
    fn third_party_caveats_are_passed_over() {
        let mut bytes = vec![VERSION];
        push(&mut bytes, IDENTIFIER, b"id");
        bytes.push(END);
        push(&mut bytes, LOCATION, b"elsewhere");
        push(&mut bytes, IDENTIFIER, b"third");
        push(&mut bytes, VERIFICATION_ID, &[7; 200]);
        bytes.push(END);
        push(&mut bytes, IDENTIFIER, b"first");
        bytes.extend([END, END]);
        push(&mut bytes, SIGNATURE, &[9; 32]);
        assert_eq!(Macaroon::parse(&bytes).unwrap().first_party_caveats, [b"first".to_vec()]);
    }

    #[test]
    fn no_truncation_and_no_addition_is_read() {
        let token = token();
        for end in 0..token.len() {
            assert!(Macaroon::parse(&token[..end]).is_err(), "{end} bytes");
        }
        let reason = Macaroon::parse(&[token, vec![0]].concat()).unwrap_err();
        assert_eq!(reason, "1 bytes follow the signature");
    }

    #[test]
    fn other_identifiers_are_not_of_l402() {
        assert!(identifier_payment_hash(&[0; 32]).unwrap_err().contains("32 bytes"));
        let mut identifier = l402_identifier([1; 32], [2; 32]);
        identifier[1] = 1;
        assert!(identifier_payment_hash(&identifier).unwrap_err().contains("version 1"));
    }

    #[test]
    fn samples_reach_from_the_first_byte_to_the_last_and_leave_the_location_out() {
        let samples = sample_positions(&token(), 20).unwrap();
        assert_eq!(samples.len(), 20);
        assert_eq!((samples[0], samples[19]), (0, token().len() - 1));
        assert!(samples.windows(2).all(|pair| pair[0] < pair[1]));
        let all = sample_positions(&token(), usize::MAX).unwrap();
        assert_eq!(all.len(), token().len() - 4);
        assert!(!all.contains(&3) && !all.contains(&6) && all.contains(&7));
    }
}
