//! The implementations: each takes the value of an `Authorization` field and says whether it lets the request in.
//!
//! Around a library stands the least that a server needs: the header is split, the hex is decoded and the preimage is
//! compared before the chain is signed, each with the fastest crate for it. Root key and time are given; what is expected of
//! caveats is set up for each token, because it depends on the request.

mod by_hand;
mod l402kit;
mod macaroon;
mod macaroons;
mod ours;

use hex_simd::AsOut;
use sha2::{Digest, Sha256};

use crate::fixture::{Fixture, NOW};
use crate::work::{SECRET, floor};

/// Which tokens an implementation can read.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    V2,
    V1,
    L402kit,
}

/// One implementation.
#[allow(missing_debug_implementations, reason = "a function has nothing to show")]
pub struct Peer<'a> {
    pub name: &'static str,
    pub language: &'static str,
    pub version: String,
    /// What it checks, and what it does not.
    pub verifies: &'static [&'static str],
    pub form: Form,
    pub verify: Box<dyn FnMut(&str) -> bool + 'a>,
}

/// A token in the form that an implementation reads.
#[derive(Debug, Clone, Copy)]
pub struct Token<'a> {
    pub case: &'a str,
    pub caveats: usize,
    pub is_valid: bool,
    pub header: &'a str,
}

impl<'a> Peer<'a> {
    /// All of them, ours first.
    ///
    /// # Panics
    /// If the fixture is of another secret or time than ours is built for.
    #[must_use]
    pub fn all(fixture: &'a Fixture) -> Vec<Self> {
        let key = secret(fixture);
        let now = fixture.now;
        assert_eq!((key, now), (SECRET, NOW), "a fixture of another program");
        vec![
            ours::peer(),
            macaroon::peer(key),
            macaroons::peer(key, now),
            by_hand::rustcrypto(key, now),
            by_hand::ring(key, now),
            l402kit::peer(),
        ]
    }

    /// The tokens of the fixture in the form that it reads.
    #[must_use]
    pub fn tokens<'f>(&self, fixture: &'f Fixture) -> Vec<Token<'f>> {
        let macaroons = |is_v1: bool| {
            let tokens = fixture.tokens.iter().map(|token| Token {
                case: &token.case,
                caveats: token.caveats,
                is_valid: token.is_valid,
                header: if is_v1 { &token.header_v1 } else { &token.header },
            });
            tokens.collect()
        };
        match self.form {
            Form::V2 => macaroons(false),
            Form::V1 => macaroons(true),
            Form::L402kit => {
                let tokens = fixture.l402kit.iter();
                let token = tokens.map(|token| Token {
                    case: &token.case,
                    caveats: 0,
                    is_valid: token.is_valid,
                    header: &token.header,
                });
                token.collect()
            }
        }
    }
}

/// The hashing that nobody can avoid.
#[derive(Debug, Clone, Copy)]
pub struct Floor;

impl Floor {
    #[must_use]
    pub fn hash(self, caveats: usize) -> bool {
        floor::compressions(floor::blocks(caveats))[0] != 0
    }
}

/// The root key that all are given.
#[must_use]
pub fn secret(fixture: &Fixture) -> [u8; 32] {
    hex(&fixture.root_key).expect("a root key of 32 bytes")
}

fn locked(package: &str) -> String {
    version_in(include_str!("../../Cargo.lock"), package)
}

/// The version of a package in a lock file; of several the last one, as only l402kit asks for earlier ones.
#[must_use]
pub fn version_in(lock: &str, package: &str) -> String {
    let named = format!("name = \"{package}\"\nversion = \"");
    let (_, rest) = lock.rsplit_once(&named).expect("a dependency");
    rest.split('"').next().unwrap_or_default().to_owned()
}

/// The text of the macaroon, and the preimage.
fn split(header: &str) -> Option<(&str, [u8; 32])> {
    let (macaroon, preimage) = header.strip_prefix("L402 ")?.split_once(':')?;
    Some((macaroon, hex(preimage)?))
}

fn hex(digits: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let decoded = hex_simd::decode(digits.as_bytes(), bytes.as_mut_slice().as_out()).ok()?;
    (decoded.len() == 32).then_some(bytes)
}

fn is_paid(identifier: &[u8], preimage: &[u8; 32]) -> bool {
    identifier.get(2..34).is_some_and(|hash| hash == Sha256::digest(preimage).as_slice())
}

/// The first two caveats are compared whole; the others are an end that has not come.
fn is_satisfied(caveat: &[u8], now: u64) -> bool {
    caveat == b"services=api:0" || caveat == b"api_capabilities=read" || is_in_time(caveat, now)
}

fn is_in_time(caveat: &[u8], now: u64) -> bool {
    let end = caveat.strip_prefix(b"api_valid_until=").and_then(|end| str::from_utf8(end).ok());
    end.and_then(|end| end.parse::<u64>().ok()).is_some_and(|end| now < end)
}
