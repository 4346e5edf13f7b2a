//! What a verification costs in SHA-256 blocks, for honest and for hostile credentials.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::bolt11::InvoiceTerms;
use crate::header::{
    Challenge, ChallengeRef, CredentialError, CredentialRef, Scheme, credential_header_value,
};
use crate::sha256::cost;
use crate::{
    Grant, Identifier, Limits, Macaroon, MacaroonDecodeError, MacaroonRef, MasterKey, MintRequest, Msat,
    Preimage, Rejection, RequestContext, RootKey, TokenId, UnixTime, UnknownCaveats, Uses, mint,
};

const NOW: UnixTime = UnixTime::from_secs(1_900_000_000);
/// An example of BOLT 11.
const INVOICE: &str = "lnbc2500u1pvjluezpp5qqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqqqsyqcyq5rqwzqfqypqdq5xysxxatsyp3k7enxv4jsxqzpu\
    aztrnwngzn3kdzw5hydlzf03qdgm2hdq27cqv3agm2awhz5se903vruatfhq77w3ls4evs3ch9zw97j25emudupq63nyw24cg27h2rspfj9srp";
const REQUEST: RequestContext<'_> = RequestContext::new("GET", "/report", NOW);

/// One block for the preimage, two each for deriving root key and chain key, five for the identifier.
const WITHOUT_CAVEATS: usize = 1 + 2 + 2 + 5;
/// Two key blocks, one for the caveat, one for the outer hash.
const SHORT_CAVEAT: usize = 4;

fn master() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}

fn preimage() -> Preimage {
    Preimage::from_bytes([9; 32])
}

fn identifier() -> Identifier {
    let token_id = TokenId::sealing(master().id(), [3; 32]);
    Identifier { payment_hash: preimage().payment_hash(), token_id }
}

fn bare() -> Macaroon {
    let key = master().root_key(&identifier().token_id);
    Macaroon::new(&key, &identifier().to_bytes(), b"lsat").unwrap()
}

/// Everything a server does with a credential, and the blocks that it took.
fn verify(header: &str) -> (usize, Result<Result<Grant, Rejection>, CredentialError>) {
    let (limits, master) = (Limits::default(), master());
    cost::of(|| {
        let credential = CredentialRef::parse_all(header.as_bytes(), &limits).next().unwrap()?;
        let mut buffer = Vec::new();
        let unverified = credential.decode_into(&mut buffer, &limits)?;
        if let Err(rejection) = unverified.screen() {
            return Ok(Err(rejection));
        }
        let keys: Vec<_> = unverified.token_ids().map(|token| master.root_key(&token)).collect();
        let paid = unverified.authenticate(&keys).and_then(crate::verify::Authentic::prove_payment);
        Ok(paid.and_then(|paid| paid.permit(&REQUEST, UnknownCaveats::Skip)))
    })
}

fn with_caveats(count: usize, caveat: &[u8]) -> Macaroon {
    (0..count).fold(bare(), |macaroon, _| macaroon.attenuate(caveat).unwrap())
}

fn honest() -> (usize, String) {
    let terms = MintRequest::new(identifier(), &REQUEST, Msat::from_sat(10))
        .with_uses(Uses::ONCE)
        .with_expiry(UnixTime::from_secs(1_999_999_999));
    let macaroon = mint(&terms, &master().root_key(&identifier().token_id)).unwrap();
    let header = credential_header_value(Scheme::L402, &macaroon.to_base64(), &preimage());
    let (blocks, verdict) = verify(&header);
    assert!(matches!(verdict, Ok(Ok(_))));
    (blocks, header)
}

#[test]
fn an_honest_token_costs_what_the_chain_needs_and_nothing_else() {
    let (blocks, _) = honest();
    assert_eq!(blocks, WITHOUT_CAVEATS + 5 * SHORT_CAVEAT);
}

/// The same, less the preimage, which the seller does not have.
#[test]
fn minting_costs_what_the_chain_needs_and_nothing_else() {
    let terms = MintRequest::new(identifier(), &REQUEST, Msat::from_sat(10))
        .with_uses(Uses::ONCE)
        .with_expiry(UnixTime::from_secs(1_999_999_999));
    let (master, token) = (master(), identifier().token_id);
    let (blocks, minted) = cost::of(|| mint(&terms, &master.root_key(&token)));
    assert_eq!(minted.unwrap().as_macaroon_ref().caveats().count(), 5);
    assert_eq!(blocks, WITHOUT_CAVEATS - 1 + 5 * SHORT_CAVEAT);
}

/// A challenge, a macaroon, its conditions and an invoice are read without a look at any signature.
#[test]
fn parsing_costs_nothing() {
    let macaroon = with_caveats(3, b"path=/report");
    let challenge = Challenge::new(macaroon.clone(), INVOICE.into()).unwrap().to_header_value();
    let limits = Limits::default();
    let (blocks, read) = cost::of(|| {
        let challenges = ChallengeRef::parse_all(challenge.as_bytes(), &limits).flatten().count();
        let read = MacaroonRef::decode(macaroon.as_bytes(), &limits).unwrap();
        let conditions = read.caveats().filter_map(|caveat| caveat.condition()).count();
        (challenges, conditions, INVOICE.parse::<InvoiceTerms>().is_ok())
    });
    assert_eq!((blocks, read), (0, (1, 3, true)));
}

#[test]
fn deriving_the_root_key_costs_two_blocks() {
    let (master, token) = (master(), identifier().token_id);
    let (given, _) = cost::of(|| RootKey::new(&[1; 32]));
    let (derived, _) = cost::of(|| master.root_key(&token));
    assert_eq!(derived - given, 2);
}

#[test]
fn a_wrong_preimage_costs_one_block() {
    let (_, header) = honest();
    let wrong = format!("{}{}", &header[..header.len() - 64], "ab".repeat(32));
    let (blocks, verdict) = verify(&wrong);
    assert_eq!((blocks, verdict), (1, Ok(Err(Rejection::WrongPreimage))));
}

#[test]
fn a_wrong_signature_costs_no_more_than_a_right_one() {
    let (honest_blocks, header) = honest();
    let at = header.find(':').unwrap() - 8;
    let other = if &header[at..=at] == "A" { "B" } else { "A" };
    let forged = format!("{}{other}{}", &header[..at], &header[at + 1..]);
    let (blocks, verdict) = verify(&forged);
    assert_eq!((blocks, verdict), (honest_blocks, Ok(Err(Rejection::BadSignature))));
}

#[test]
fn garbage_costs_nothing() {
    for header in ["L402", "L402 x:y", "L402 AgEE:00", "L402 ,,,,,,:", "Bearer x", "L402 \"", "LSAT a=b,c=d"]
    {
        let limits = Limits::default();
        let (blocks, _) = cost::of(|| {
            let mut buffer = Vec::new();
            for credential in CredentialRef::parse_all(header.as_bytes(), &limits).flatten() {
                credential.decode_into(&mut buffer, &limits).unwrap_err();
            }
        });
        assert_eq!(blocks, 0, "{header}");
    }
}

/// The hash is asked for before the macaroon is decoded, as the two then overlap.
#[test]
fn garbage_with_a_preimage_costs_its_hash() {
    let hex = "ab".repeat(32);
    for macaroon in ["****", "AAAA", "AgEE", &"A".repeat(4096)] {
        let (blocks, verdict) = verify(&format!("L402 {macaroon}:{hex}"));
        assert!(verdict.is_err());
        assert_eq!(blocks, 1, "{macaroon}");
    }
}

/// The dearest credentials that the limits let through: as many caveats as allowed, short, long, or over a list of
/// macaroons, all of them really signed, so that no check ends early.
#[test]
fn the_dearest_hostile_credential_costs_at_most_twenty_honest_ones() {
    let (honest_blocks, _) = honest();
    let most = Limits::default().caveats;
    let list =
        [with_caveats(most / 4, b"x"), with_caveats(most / 4, b"x"), with_caveats(most / 4, b"x"), bare()];
    let list: Vec<_> = list.iter().map(Macaroon::to_base64).collect();
    let hostile = [
        with_caveats(most, b"x").to_base64(),
        with_caveats(most, &[b'x'; 78]).to_base64(),
        with_caveats(5, &[b'x'; 1024]).to_base64(),
        list.join(","),
    ];
    for macaroons in hostile {
        let header = credential_header_value(Scheme::L402, &macaroons, &preimage());
        assert!(header.len() <= Limits::default().header_bytes, "{}", header.len());
        let (blocks, verdict) = verify(&header);
        assert!(matches!(verdict, Ok(Ok(_))), "{verdict:?}");
        assert!(blocks <= 20 * honest_blocks, "{blocks} blocks, an honest token has {honest_blocks}");
    }
}

#[test]
fn a_list_of_macaroons_has_one_allowance_of_caveats() {
    let most = Limits::default().caveats;
    let list = format!("{},{}", with_caveats(most, b"x").to_base64(), with_caveats(1, b"x").to_base64());
    let header = credential_header_value(Scheme::L402, &list, &preimage());
    let (blocks, verdict) = verify(&header);
    let expected = Err(CredentialError::Macaroon(MacaroonDecodeError::TooManyCaveats));
    assert_eq!((blocks, verdict), (0, expected));
}
