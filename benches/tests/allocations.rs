//! What is promised to need no memory needs none: counted, not timed.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::time::Duration;

use l402_core::bolt11::InvoiceTerms;
use l402_core::header::{Challenge, ChallengeRef, CredentialRef, Scheme, credential_header_value};
use l402_core::ports::{InvoiceProvider, NewInvoice};
use l402_core::{
    Identifier, Limits, Macaroon, MacaroonRef, MasterKey, MintRequest, Msat, Preimage, RequestContext,
    TokenId, UnixTime, UnknownCaveats, Uses, mint,
};
use l402_dev::DevNode;

const REQUEST: RequestContext<'_> = RequestContext::new("GET", "/report", UnixTime::from_secs(1_900_000_000));

fn master() -> MasterKey {
    MasterKey::from_bytes([7; 32])
}

fn identifier() -> Identifier {
    let payment_hash = Preimage::from_bytes([9; 32]).payment_hash();
    Identifier { payment_hash, token_id: TokenId::sealing(master().id(), [3; 32]) }
}

fn terms(identifier: Identifier) -> MintRequest<'static> {
    MintRequest::new(identifier, &REQUEST, Msat::from_sat(10))
        .with_uses(Uses::ONCE)
        .with_expiry(UnixTime::from_secs(1_999_999_999))
}

fn minted() -> Macaroon {
    mint(&terms(identifier()), &master().root_key(&identifier().token_id)).unwrap()
}

fn header(preimage: &Preimage) -> String {
    credential_header_value(Scheme::L402, &minted().to_base64(), preimage)
}

/// Parses and verifies once to warm up and once to count. Returns the verdict and the allocations.
fn verify(header: &str) -> (bool, u64) {
    let (master, limits) = (master(), Limits::default());
    let mut buffer = Vec::with_capacity(header.len());
    let mut attempt = || {
        let credential = CredentialRef::parse_all(header.as_bytes(), &limits).next()?.ok()?;
        let unverified = credential.decode_into(&mut buffer, &limits).ok()?;
        let key = master.root_key(&unverified.token_id());
        let paid = unverified.authenticate(std::slice::from_ref(&key)).ok()?.prove_payment().ok()?;
        paid.permit(&REQUEST, UnknownCaveats::Skip).ok()
    };
    let warm = attempt().is_some();
    let mut verdict = false;
    let counted = allocation_counter::measure(|| verdict = attempt().is_some());
    assert_eq!(warm, verdict);
    (verdict, counted.count_total)
}

#[test]
fn a_valid_credential_is_verified_without_an_allocation() {
    assert_eq!(verify(&header(&Preimage::from_bytes([9; 32]))), (true, 0));
}

#[test]
fn a_bad_credential_is_refused_without_an_allocation() {
    let valid = header(&Preimage::from_bytes([9; 32]));
    let tampered = format!("{}AAAA{}", &valid[..valid.len() - 80], &valid[valid.len() - 76..]);
    for (case, header) in [
        ("wrong preimage", header(&Preimage::from_bytes([8; 32]))),
        ("tampered", tampered),
        ("truncated", valid[..valid.len() - 70].to_owned()),
        ("not base64", format!("L402 ****:{}", "00".repeat(32))),
        ("not a macaroon", format!("L402 {}:{}", "A".repeat(400), "00".repeat(32))),
        ("no colon", format!("L402 {}", "A".repeat(400))),
        ("parameters", format!("L402 macaroon=\"{}\", preimage=\"00\"", "A".repeat(400))),
        ("a list", format!("L402 {}:{}", ["A"; 40].join(","), "00".repeat(32))),
        ("too long", format!("L402 {}:{}", "A".repeat(10_000), "00".repeat(32))),
        ("other scheme", "Bearer abc".to_owned()),
        ("no scheme", "\u{1}".to_owned()),
    ] {
        assert_eq!(verify(&header), (false, 0), "{case}");
    }
}

/// Bytes of a field in, scheme, token and invoice out: a client looks at them where they are.
#[test]
fn a_challenge_is_parsed_without_an_allocation() {
    let challenge = Challenge::new(minted(), format!("lnbcrt100n1{}", "q".repeat(280))).unwrap();
    let aperture = challenge.to_aperture_header_values().join(", ");
    let tokens = challenge.to_header_value().replace("macaroon=", "version=0, x=");
    for (value, expected) in
        [(challenge.to_header_value(), 1), (aperture, 2), (tokens, 1), ("L402 x".repeat(300), 0)]
    {
        let mut found = 0;
        let counted = allocation_counter::measure(|| {
            found = ChallengeRef::parse_all(value.as_bytes(), &Limits::default()).flatten().count();
        });
        assert_eq!((found, counted.count_total), (expected, 0), "{value}");
    }
}

#[test]
fn a_macaroon_and_its_conditions_are_read_without_an_allocation() {
    let (macaroon, limits) = (minted(), Limits::default());
    let mut conditions = 0;
    let counted = allocation_counter::measure(|| {
        let read = MacaroonRef::decode(macaroon.as_bytes(), &limits);
        conditions = read.unwrap().caveats().filter_map(|caveat| caveat.condition()).count();
    });
    assert_eq!((conditions, counted.count_total), (5, 0));
}

/// The caveats, and the token around them.
#[test]
fn minting_takes_two_allocations() {
    let key = master().root_key(&identifier().token_id);
    let terms = terms(identifier());
    let counted = allocation_counter::measure(|| drop(mint(&terms, &key)));
    assert_eq!(counted.count_total, 2);
}

#[test]
fn an_invoice_is_read_without_an_allocation_or_refused() {
    let node = DevNode::new().unwrap();
    let wanted = NewInvoice::new(Msat::from_sat(10), "one report".repeat(20), Duration::from_secs(600));
    let invoice = node.provider().create_invoice(wanted).into_ready().unwrap().unwrap().bolt11;
    let too_long = "l".repeat(100_000);
    for (text, is_valid) in [
        (&*invoice, true),
        (&invoice[1..], false),
        (&invoice[..invoice.len() - 1], false),
        (&too_long, false),
    ] {
        let mut read = None;
        let counted = allocation_counter::measure(|| read = text.parse::<InvoiceTerms>().ok());
        assert_eq!((read.is_some(), counted.count_total), (is_valid, 0), "{}", &text[..20]);
    }
}

#[test]
fn the_counter_counts() {
    let counted = allocation_counter::measure(|| drop(std::hint::black_box(vec![1])));
    assert_eq!(counted.count_total, 1);
}
