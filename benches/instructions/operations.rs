//! What is counted: parsing, and nothing that hashes, as Valgrind hides the SHA instructions.

use std::error::Error;
use std::hint::black_box;

use l402_core::bolt11::InvoiceTerms;
use l402_core::header::{Challenge, ChallengeRef, CredentialRef, Scheme, credential_header_value};
use l402_core::{Identifier, Limits, Macaroon, MacaroonRef, MasterKey, Preimage, TokenId};

/// The one operation that hashes: what is subtracted from others that hash a preimage on the way.
pub(crate) const HASH: &str = "hash of a preimage";

/// An example of BOLT 11: "Please send $3 for a cup of coffee".
const INVOICE: &str = "lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu\
    aztrnwngzn3kdzw5hydlzf03qdgm2hdq27cqv3agm2awhz5se903vruatfhq77w3ls4evs3ch9zw97j25emudupq63nyw24cg27h2rspfj9srp";

const CAVEATS: [&str; 3] = ["path=/report", "method=GET", "expires_at=1999999999"];

type Work = Box<dyn FnMut()>;
/// Makes what an operation works on.
type Prepare = fn() -> Result<Work, Box<dyn Error>>;

/// The operations, and how many hashes of preimages each of them has, which do not count.
const OPERATIONS: [(&str, i64, Prepare); 9] = [
    ("credential, split", 0, split_credential),
    ("credential, split and decoded, without the hash of its preimage", 1, decode_credential),
    ("credential of another scheme, refused", 0, || refuse("Bearer abc".to_owned())),
    ("credential with a preimage that is not hex, refused", 0, || {
        refuse(format!("L402 {}:{}", "A".repeat(256), "x".repeat(64)))
    }),
    ("macaroon V2, decoded", 0, decode_macaroon),
    ("macaroon V2, three conditions read", 0, read_conditions),
    ("challenge of ours, parsed", 0, || parse_challenge(&challenge()?.to_header_value())),
    ("challenge as LSAT and L402 in one field, parsed", 0, || {
        parse_challenge(&challenge()?.to_aperture_header_values().join(", "))
    }),
    ("terms of an invoice, read", 0, read_terms),
];

pub(crate) fn names() -> impl Iterator<Item = (&'static str, i64)> {
    OPERATIONS.iter().map(|(name, hashes, _)| (*name, *hashes))
}

/// Prepares an operation once and does it so often.
pub(crate) fn run(name: &str, times: u32) -> Result<(), Box<dyn Error>> {
    let mut work = match OPERATIONS.iter().find(|(known, _, _)| *known == name) {
        Some((_, _, prepare)) => prepare()?,
        None if name == HASH => hash_preimage(),
        None => return Err(format!("there is no operation {name:?}").into()),
    };
    (0..times).for_each(|_| work());
    Ok(())
}

fn hash_preimage() -> Work {
    let preimage = Preimage::from_bytes([9; 32]);
    Box::new(move || assert_ne!(*black_box(&preimage).payment_hash().as_bytes(), [0; 32]))
}

fn split_credential() -> Result<Work, Box<dyn Error>> {
    let (header, limits) = (credential()?, Limits::default());
    Ok(Box::new(move || {
        let mut found = CredentialRef::parse_all(black_box(header.as_bytes()), &limits);
        assert!(black_box(found.next()).is_some_and(|credential| credential.is_ok()));
    }))
}

fn decode_credential() -> Result<Work, Box<dyn Error>> {
    let (header, limits) = (credential()?, Limits::default());
    let mut buffer = Vec::with_capacity(header.len());
    Ok(Box::new(move || {
        let mut found = CredentialRef::parse_all(black_box(header.as_bytes()), &limits).flatten();
        assert!(found.next().is_some_and(|found| black_box(found.decode_into(&mut buffer, &limits)).is_ok()));
    }))
}

fn refuse(header: String) -> Result<Work, Box<dyn Error>> {
    let (limits, mut buffer) = (Limits::default(), Vec::with_capacity(header.len()));
    Ok(Box::new(move || {
        let mut found = CredentialRef::parse_all(black_box(header.as_bytes()), &limits).flatten();
        assert!(found.next().is_none_or(|found| black_box(found.decode_into(&mut buffer, &limits)).is_err()));
    }))
}

fn decode_macaroon() -> Result<Work, Box<dyn Error>> {
    let (macaroon, limits) = (macaroon()?, Limits::default());
    Ok(Box::new(move || {
        assert!(black_box(MacaroonRef::decode(black_box(macaroon.as_bytes()), &limits)).is_ok());
    }))
}

fn read_conditions() -> Result<Work, Box<dyn Error>> {
    let macaroon = macaroon()?;
    Ok(Box::new(move || {
        let caveats = black_box(macaroon.as_macaroon_ref()).caveats();
        assert_eq!(caveats.filter(|caveat| black_box(caveat.condition()).is_some()).count(), CAVEATS.len());
    }))
}

/// As a client does with a field `WWW-Authenticate`.
fn parse_challenge(value: &str) -> Result<Work, Box<dyn Error>> {
    let (value, limits) = (value.to_owned(), Limits::default());
    Ok(Box::new(move || {
        let found = ChallengeRef::parse_all(black_box(value.as_bytes()), &limits);
        assert!(found.filter(|challenge| black_box(challenge).is_ok()).count() > 0);
    }))
}

fn read_terms() -> Result<Work, Box<dyn Error>> {
    Ok(Box::new(|| assert!(black_box(black_box(INVOICE).parse::<InvoiceTerms>()).is_ok())))
}

fn macaroon() -> Result<Macaroon, Box<dyn Error>> {
    let master = MasterKey::from_bytes([7; 32]);
    let token_id = TokenId::sealing(master.id(), [3; 32]);
    let identifier = Identifier { payment_hash: Preimage::from_bytes([9; 32]).payment_hash(), token_id };
    let mut macaroon = Macaroon::new(&master.root_key(&token_id), &identifier.to_bytes(), b"l402")?;
    for caveat in CAVEATS {
        macaroon = macaroon.attenuate(caveat.as_bytes())?;
    }
    Ok(macaroon)
}

fn credential() -> Result<String, Box<dyn Error>> {
    let preimage = Preimage::from_bytes([9; 32]);
    Ok(credential_header_value(Scheme::L402, &macaroon()?.to_base64(), &preimage))
}

fn challenge() -> Result<Challenge, Box<dyn Error>> {
    Ok(Challenge::new(macaroon()?, INVOICE.to_owned())?)
}
