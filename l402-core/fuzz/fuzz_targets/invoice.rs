//! Invoices, as they are and with their checksum put right: what is accepted says what a plain reader of the same
//! characters finds, in either case.

#![no_main]

use l402_core::bolt11::{InvoiceError, InvoiceFacts};
use l402_core::{Msat, Network};
use libfuzzer_sys::fuzz_target;

const CHARSET: &str = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const CHECKSUM: usize = 6;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else { return };
    check(text);
    if let Some(repaired) = with_checksum(text) {
        check(&repaired);
    }
});

fn check(text: &str) {
    let read: Result<InvoiceFacts, InvoiceError> = text.parse();
    assert_eq!(read == Err(InvoiceError::TooLong), text.len() > 4096);
    let Ok(facts) = read else { return };
    assert_eq!(text.to_ascii_lowercase().parse(), Ok(facts));
    assert_eq!(text.to_ascii_uppercase().parse(), Ok(facts));

    let text = text.to_ascii_lowercase();
    let (prefix, words) = split(&text).unwrap();
    let (network, amount) =
        prefix.split_at(prefix.find(|it: char| it.is_ascii_digit()).unwrap_or(prefix.len()));
    let expected = match network {
        "lnbc" => Network::Bitcoin,
        "lntb" => Network::Testnet,
        "lntbs" => Network::Signet,
        "lnbcrt" => Network::Regtest,
        _ => panic!("{network} was accepted"),
    };
    assert_eq!(facts.network, expected);
    assert_eq!(facts.amount, msat(amount));
    let words = &words[..words.len() - CHECKSUM];
    let (timestamp, fields) = words.split_at(7);
    let expiry = find(fields, b'x').map_or(3600, number);
    assert_eq!(u128::from(facts.expires_at.as_secs()), number(timestamp) + expiry);
    let payment_hash = find(fields, b'p').unwrap();
    let bits = payment_hash.iter().flat_map(|word| (0..5).rev().map(move |bit| word >> bit & 1));
    let bits: Vec<u8> = bits.take(256).collect();
    let bytes: Vec<u8> =
        bits.chunks(8).map(|byte| byte.iter().fold(0, |byte, bit| byte << 1 | bit)).collect();
    assert_eq!(facts.payment_hash.as_bytes()[..], bytes);
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
fn with_checksum(text: &str) -> Option<String> {
    let text = text.to_ascii_lowercase();
    let (prefix, mut words) = split(&text)?;
    if !prefix.is_ascii() {
        return None;
    }
    words.truncate(words.len().checked_sub(CHECKSUM)?);
    let high = prefix.bytes().map(|byte| byte >> 5);
    let low = prefix.bytes().map(|byte| byte & 31);
    let all = high.chain([0]).chain(low).chain(words.iter().copied()).chain([0; CHECKSUM]);
    let checksum = all.fold(1_u32, |checksum, word| {
        let top = checksum >> 25;
        let generators = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
        let shifted = (checksum & 0x1ff_ffff) << 5 ^ u32::from(word);
        (0..5).filter(|bit| top >> bit & 1 == 1).fold(shifted, |sum, bit| sum ^ generators[bit])
    }) ^ 1;
    words.extend((0..CHECKSUM).rev().map(|at| (checksum >> (5 * at) & 31) as u8));
    let data = words.iter().map(|word| char::from(CHARSET.as_bytes()[usize::from(*word)]));
    Some(format!("{prefix}1{}", data.collect::<String>()))
}
