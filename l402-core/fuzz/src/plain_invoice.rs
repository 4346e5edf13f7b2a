//! A plain reader of invoices, and a way past their checksum.

#[path = "../../tests/common/invoices.rs"]
#[allow(dead_code, reason = "the tests use the rest")]
mod invoices;

use invoices::CHARSET;
use l402_core::{Msat, Network, PaymentHash, UnixTime};

const CHECKSUM: usize = 6;

/// What an invoice says, read slowly and with an alphabet search for every character. Panics if it is not one.
pub struct PlainInvoice {
    pub amount: Option<Msat>,
    pub payment_hash: PaymentHash,
    pub expires_at: UnixTime,
    pub network: Network,
}

impl PlainInvoice {
    pub fn read(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let (prefix, words) = split(&text).unwrap();
        let (network, amount) =
            prefix.split_at(prefix.find(|it: char| it.is_ascii_digit()).unwrap_or(prefix.len()));
        let network = match network {
            "lnbc" => Network::Bitcoin,
            "lntb" => Network::Testnet,
            "lntbs" => Network::Signet,
            "lnbcrt" => Network::Regtest,
            _ => panic!("{network} was accepted"),
        };
        let words = &words[..words.len() - CHECKSUM];
        let (timestamp, fields) = words.split_at(7);
        let expiry = find(fields, b'x').map_or(3600, number);
        let payment_hash = find(fields, b'p').unwrap();
        let bits = payment_hash.iter().flat_map(|word| (0..5).rev().map(move |bit| word >> bit & 1));
        let bits: Vec<u8> = bits.take(256).collect();
        let bytes: Vec<u8> =
            bits.chunks(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit)).collect();
        Self {
            amount: msat(amount),
            payment_hash: PaymentHash::from_bytes(bytes.try_into().unwrap()),
            expires_at: UnixTime::from_secs(u64::try_from(number(timestamp) + expiry).unwrap()),
            network,
        }
    }
}

/// The part before the last `1`, and the five-bit words after it.
fn split(text: &str) -> Option<(&str, Vec<u8>)> {
    let (prefix, data) = text.rsplit_once('1')?;
    let words = data.chars().map(|word| CHARSET.find(word).map(|at| at as u8)).collect::<Option<_>>()?;
    Some((prefix, words))
}

/// An amount of bitcoin, in msat.
fn msat(amount: &str) -> Option<Msat> {
    let (number, picobitcoin) = match amount.as_bytes().last()? {
        b'm' => (&amount[..amount.len() - 1], 1_000_000_000),
        b'u' => (&amount[..amount.len() - 1], 1_000_000),
        b'n' => (&amount[..amount.len() - 1], 1_000),
        b'p' => (&amount[..amount.len() - 1], 1),
        _ => (amount, 1_000_000_000_000),
    };
    let picobitcoin = number.parse::<u128>().unwrap() * picobitcoin;
    assert_eq!(picobitcoin % 10, 0, "a part of a millisatoshi was accepted");
    Some(Msat::from_msat(u64::try_from(picobitcoin / 10).unwrap()))
}

/// The first field with this tag that is of the right length.
fn find(mut fields: &[u8], tag: u8) -> Option<&[u8]> {
    let tag = CHARSET.bytes().position(|it| it == tag)? as u8;
    while fields.len() > 104 {
        let len = usize::from(fields[1]) * 32 + usize::from(fields[2]);
        let (field, rest) = fields[3..].split_at(len);
        if fields[0] == tag && (tag != 1 || len == 52) {
            return Some(field);
        }
        fields = rest;
    }
    None
}

fn number(words: &[u8]) -> u128 {
    words.iter().fold(0, |number, word| number << 5 | u128::from(*word))
}

/// The text with the last six characters computed anew, so that changes elsewhere get past the checksum. Any
/// signature is that of some key, so that about half of them get further still.
pub fn with_checksum(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (prefix, words) = split(&text)?;
    let words = &words[..words.len().checked_sub(CHECKSUM)?];
    prefix.is_ascii().then(|| invoices::with_checksum(prefix, words))
}
