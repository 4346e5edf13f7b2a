//! What is read from invoices by those who pay them.
#![allow(clippy::unwrap_used, reason = "helpers of tests are tests, too")]

mod common;

use common::invoices::{
    AMOUNTLESS, BITCOIN, FAR_TOO_MUCH, FOR_EVER, HALF_A_MSAT, MOST, NAMED, NAMED_WRONGLY, ONE_BITCOIN,
    ONE_MSAT, REFERENCE, SIGNET, SIMNET, TOO_MUCH, ZERO,
};
use l402_core::bolt11::{InvoiceError, InvoiceFacts, NodeId};
use l402_core::{Msat, Network, PaymentHash, UnixTime};
use proptest::prelude::*;

const VALID: [(&str, Option<Msat>, Network); 7] = [
    (AMOUNTLESS, None, Network::Regtest),
    (ONE_BITCOIN, Some(Msat::from_sat(100_000_000)), Network::Regtest),
    (ONE_MSAT, Some(Msat::from_msat(1)), Network::Regtest),
    (ZERO, Some(Msat::ZERO), Network::Regtest),
    (MOST, Some(Msat::from_sat(1_844_674_400_000_000)), Network::Regtest),
    (SIGNET, Some(Msat::from_sat(1_000)), Network::Signet),
    (BITCOIN, Some(Msat::from_sat(1)), Network::Bitcoin),
];

fn read(text: &str) -> Result<InvoiceFacts, InvoiceError> {
    text.parse()
}

#[test]
fn the_facts_are_those_of_the_invoice() {
    for (text, amount, network) in VALID {
        let facts = read(text).unwrap();
        assert_eq!((facts.amount, facts.network), (amount, network), "{text}");
        assert_eq!(facts.payment_hash, PaymentHash::from_bytes([7; 32]));
        assert_eq!(facts.expires_at, UnixTime::from_secs(1_900_000_600));
        assert_eq!(read(&text.to_uppercase()), Ok(facts), "upper case is the same invoice");
    }
    let facts = read(REFERENCE).unwrap();
    assert_eq!((facts.amount, facts.network), (Some(Msat::from_sat(500)), Network::Testnet));
    assert_eq!(
        facts.payment_hash.to_string(),
        "909c5331bd82d48a7f745c1c0d4f555ab21cc535375958b48d544a019ef127fe"
    );
}

/// The public key of `42…42`.
#[test]
fn the_payee_is_who_signed_whether_named_or_not() {
    let expected = "0324653eac434488002cc06bbfb7f10fe18991e35f9fe4302dbea6d2353dc0ab1c";
    for text in [NAMED, ONE_MSAT, BITCOIN, AMOUNTLESS] {
        assert_eq!(read(text).unwrap().payee.to_string(), expected, "{text}");
    }
    let payee = read(NAMED).unwrap().payee;
    assert_eq!(payee, NodeId::from_bytes(*payee.as_bytes()));
    assert_eq!(format!("{payee:?}"), format!("NodeId({expected})"));
    assert_ne!(read(REFERENCE).unwrap().payee, payee);
    assert_eq!(read(NAMED_WRONGLY), Err(InvoiceError::Malformed));
}

/// To call it an amount that is left to the payer would be one number away from paying anything.
#[test]
fn an_amount_that_overflows_is_no_missing_amount() {
    for text in [TOO_MUCH, FAR_TOO_MUCH] {
        assert_eq!(read(text), Err(InvoiceError::Malformed), "{text}");
    }
}

#[test]
fn what_is_no_invoice_to_rely_on_has_exact_errors() {
    let signature_of_another =
        format!("{}{}", &ONE_MSAT[..ONE_MSAT.len() - 110], &BITCOIN[BITCOIN.len() - 110..]);
    let cases = [
        ("", InvoiceError::Malformed),
        ("lnbc1", InvoiceError::Malformed),
        ("DEV:61e6a404b2f1", InvoiceError::Malformed),
        (HALF_A_MSAT, InvoiceError::Malformed),
        (FOR_EVER, InvoiceError::Malformed),
        (SIMNET, InvoiceError::UnknownNetwork),
        (&signature_of_another, InvoiceError::Malformed),
        (&format!("lightning:{BITCOIN}"), InvoiceError::Malformed),
        (&format!(" {BITCOIN}"), InvoiceError::Malformed),
        (&format!("{BITCOIN}\n"), InvoiceError::Malformed),
        (&BITCOIN.replacen('l', "L", 1), InvoiceError::Malformed),
        (&"l".repeat(4096), InvoiceError::Malformed),
        (&"l".repeat(4097), InvoiceError::TooLong),
    ];
    for (text, error) in cases {
        assert_eq!(read(text), Err(error), "{}", &text[..text.len().min(80)]);
    }
}

/// The checksum finds a single wrong character wherever it stands, so that no typing error changes a price.
#[test]
fn no_character_can_be_changed() {
    for position in 0..BITCOIN.len() {
        for replacement in ["q", "p", "1", "n", "2", "-", "B", "\0"] {
            let mut text = BITCOIN.to_owned();
            text.replace_range(position..=position, replacement);
            if text != BITCOIN {
                assert!(read(&text).is_err(), "{replacement:?} at {position}");
            }
        }
        assert!(read(&BITCOIN[..position]).is_err(), "cut to {position}");
    }
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), prefix in "ln(bc|tb|tbs|bcrt|sb)?[0-9]{0,25}[munp]?1?", data in "[a-z0-9]{0,300}") {
        let _ = read(&text);
        let _ = read(&format!("{prefix}{data}"));
    }

    #[test]
    fn no_mutation_of_an_invoice_panics_or_is_believed(
        which in 0..VALID.len(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), "[ -~]"), 1..5),
    ) {
        let text = VALID[which].0;
        let mut mutated = text.to_owned();
        for (position, replacement) in edits {
            let position = position.index(mutated.len());
            mutated.replace_range(position..=position, &replacement);
        }
        if mutated != text {
            prop_assert!(read(&mutated).is_err(), "{}", mutated);
        }
    }
}
